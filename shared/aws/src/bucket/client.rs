//! A client for S3, built on the orchestrator of the SDK, which signs, retries, applies timeouts and reads the body.
//! This file adds what is specific to S3: how a request looks, and which responses are errors.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::recursion_detection::RecursionDetectionInterceptor;
use aws_runtime::retries::classifiers::{AwsErrorCodeClassifier, TRANSIENT_ERRORS};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{SharedRuntimePlugin, StaticRuntimePlugin};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use values::Error;

use crate::http_client::CONNECT_TIMEOUT;

/// The characters that are encoded in a query: all but the unreserved ones of RFC 3986.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The characters that are encoded in a key: as in a query, but slashes stay.
const KEY: &AsciiSet = &VALUE.remove(b'/');

/// A request to S3.
#[derive(Debug)]
pub(super) struct S3Request {
    pub(super) method: &'static str,
    /// The encoded path and query.
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl S3Request {
    /// A request about the object `key`.
    pub(super) fn new(method: &'static str, key: &str) -> Self {
        let target = format!("/{}", utf8_percent_encode(key, KEY));
        Self { method, target, headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn query(mut self, name: &str, value: &str) -> Self {
        let mark = if self.target.contains('?') { '&' } else { '?' };
        self.target += &format!("{mark}{name}={}", utf8_percent_encode(value, VALUE));
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(mut self, bytes: Vec<u8>) -> Self {
        self.body = bytes;
        self
    }

    fn into_http(self) -> Result<HttpRequest, BoxError> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_method(self.method)?;
        request.set_uri(self.target)?;
        for (name, value) in self.headers {
            request.headers_mut().try_insert(name, value)?;
        }
        if matches!(self.method, "PUT" | "POST") {
            request.headers_mut().try_insert("content-length", self.body.len().to_string())?;
            *request.body_mut() = SdkBody::from(self.body);
        }
        Ok(request)
    }
}

/// The response to a successful request.
#[derive(Debug)]
pub(super) struct S3Response {
    /// Empty if the response has none.
    pub(super) etag: String,
    /// The value of `Content-Length`. For a `HEAD` it is the size of the object.
    pub(super) length: u64,
    pub(super) body: Vec<u8>,
}

/// A failed request.
#[derive(Debug)]
pub(super) struct S3Error {
    /// None if no response arrived.
    pub(super) status: Option<u16>,
    /// The error code of S3, if the response has one.
    pub(super) code: Option<String>,
    cause: Box<SdkError<ErrorMetadata, HttpResponse>>,
}

impl From<S3Error> for Error {
    fn from(error: S3Error) -> Self {
        Self::unavailable("file store", error.cause)
    }
}

/// Sends requests to one bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct S3Client {
    objects: Operation<S3Request, S3Response, ErrorMetadata>,
    uploads: Operation<S3Request, S3Response, ErrorMetadata>,
}

impl S3Client {
    pub(super) fn new(config: &SdkConfig, url: &str, region: &Region, credentials: &SharedCredentialsProvider) -> Self {
        let signing = signing(region, credentials);
        let operation = |read| operation(config, url, signing.clone(), read);
        Self { objects: operation(read_object), uploads: operation(read_upload) }
    }

    pub(super) async fn send(&self, request: S3Request) -> Result<S3Response, S3Error> {
        // A POST creates or completes an upload. All other requests are about objects.
        let operation = if request.method == "POST" { &self.uploads } else { &self.objects };
        operation.invoke(request).await.map_err(|error| S3Error {
            status: error.raw_response().map(|response| response.status().as_u16()),
            code: error.as_service_error().and_then(|error| error.code().map(str::to_owned)),
            cause: Box::new(error),
        })
    }
}

type ReadResult = Result<S3Response, OrchestratorError<ErrorMetadata>>;

fn operation(
    config: &SdkConfig,
    url: &str,
    signing: SharedRuntimePlugin,
    read: fn(&HttpResponse) -> ReadResult,
) -> Operation<S3Request, S3Response, ErrorMetadata> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(25));
    // `aws-sdk-s3` also treats this one as transient: S3 cannot complete an upload at the moment.
    let transient = [TRANSIENT_ERRORS, &["InternalError"]].concat();
    let mut operation = Operation::builder()
        .service_name("s3")
        .operation_name("s3")
        .endpoint_url(url)
        .timeout_config(timeouts.build())
        .standard_retry(&config.retry_config().cloned().unwrap_or_else(RetryConfig::standard))
        .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
        .retry_classifier(HttpStatusCodeClassifier::default())
        .retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::builder().transient_errors(transient).build())
        .with_connection_poisoning()
        // A new object starts a function that writes objects. AWS stops such a loop only if every request names its cause.
        .interceptor(RecursionDetectionInterceptor::new())
        .runtime_plugin(signing);
    if let Some(client) = config.http_client() {
        operation = operation.http_client(client);
    }
    if let Some(clock) = config.time_source() {
        operation = operation.time_source(clock);
    }
    operation.serializer(S3Request::into_http).deserializer(read).build()
}

/// AWS Signature Version 4 with the digest of the body, so S3 refuses a body that was changed on the way.
fn signing(region: &Region, credentials: &SharedCredentialsProvider) -> SharedRuntimePlugin {
    let mut options = SigningOptions::default();
    options.content_sha256_header = true;
    // Unlike every other service, S3 does not normalise the path.
    options.double_uri_encode = false;
    options.normalize_uri_path = false;
    let mut layer = Layer::new("signing");
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig {
        region: Some(region.clone().into()),
        name: Some("s3".into()),
        signing_options: options,
        ..Default::default()
    });
    let components = RuntimeComponentsBuilder::new("signing")
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
        .with_identity_resolver(SCHEME_ID, credentials.clone());
    let plugin = StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components);
    SharedRuntimePlugin::new(plugin)
}

fn read_object(response: &HttpResponse) -> ReadResult {
    let body = response.body().bytes().unwrap_or_default();
    if !response.status().is_success() {
        return Err(service_error(response.status().as_u16(), body));
    }
    let length = response.headers().get("content-length").and_then(|length| length.parse().ok());
    let etag = response.headers().get("etag").unwrap_or_default().to_owned();
    Ok(S3Response { etag, length: length.unwrap_or(0), body: body.to_vec() })
}

/// S3 sends status 200 when it begins to assemble the parts. The body, which follows later, may be an error.
fn read_upload(response: &HttpResponse) -> ReadResult {
    match response.body().bytes() {
        Some(body) if element(body, "Error").is_some() => Err(service_error(response.status().as_u16(), body)),
        _ => read_object(response),
    }
}

fn service_error(status: u16, body: &[u8]) -> OrchestratorError<ErrorMetadata> {
    let message = element(body, "Message").map_or_else(|| format!("HTTP status {status}"), str::to_owned);
    let mut error = ErrorMetadata::builder().message(message);
    if let Some(code) = element(body, "Code") {
        error = error.code(code);
    }
    OrchestratorError::operation(error.build())
}

/// The content of the first element with that name.
pub(super) fn element<'a>(xml: &'a [u8], name: &str) -> Option<&'a str> {
    elements(xml, name).into_iter().next()
}

/// The content of every element with that name. This is enough for the responses of S3: the elements that are read here have no
/// attributes, and their content (codes, ids, numbers, encoded keys) has nothing that XML escapes.
pub(super) fn elements<'a>(xml: &'a [u8], name: &str) -> Vec<&'a str> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let after = std::str::from_utf8(xml).unwrap_or_default().split(&start).skip(1);
    after.filter_map(|after| after.split_once(&end)).map(|(inside, _)| inside).collect()
}
