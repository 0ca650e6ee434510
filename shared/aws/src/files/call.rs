//! One request to S3 and its answer, by what the SDK's own clients are made of: its orchestrator signs, retries, measures the
//! time and reads the body to its end. What is written here is what S3 does as no other service: how a request looks, and when an
//! answer is none.

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

/// What is encoded in a query: all but what RFC 3986 reserves for nothing.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// In a key, slashes stay.
const KEY: &AsciiSet = &VALUE.remove(b'/');

/// What S3 is asked.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) method: &'static str,
    /// Path and query, encoded.
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Ask {
    /// About the file of that key.
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

    fn written(self) -> Result<HttpRequest, BoxError> {
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

/// What S3 says after doing as it was asked.
#[derive(Debug)]
pub(super) struct Answer {
    /// Empty where it names none.
    pub(super) etag: String,
    /// What `Content-Length` says: of a `HEAD`, the body that is not sent.
    pub(super) length: u64,
    pub(super) body: Vec<u8>,
}

/// Why S3 did not do as it was asked.
#[derive(Debug)]
pub(super) struct Fault {
    /// None when no answer came.
    pub(super) status: Option<u16>,
    /// S3's name for it, if it told one.
    pub(super) code: Option<String>,
    cause: Box<SdkError<ErrorMetadata, HttpResponse>>,
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::unavailable("file store", fault.cause)
    }
}

/// Requests to one bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Calls {
    files: Operation<Ask, Answer, ErrorMetadata>,
    uploads: Operation<Ask, Answer, ErrorMetadata>,
}

impl Calls {
    pub(super) fn new(
        config: &SdkConfig,
        address: &str,
        region: &Region,
        credentials: &SharedCredentialsProvider,
    ) -> Self {
        let signing = signing(region, credentials);
        let operation = |read| operation(config, address, signing.clone(), read);
        Self { files: operation(file), uploads: operation(upload) }
    }

    pub(super) async fn send(&self, ask: Ask) -> Result<Answer, Fault> {
        // What is posted begins and ends uploads; everything else is about files.
        let operation = if ask.method == "POST" { &self.uploads } else { &self.files };
        operation.invoke(ask).await.map_err(|error| Fault {
            status: error.raw_response().map(|answer| answer.status().as_u16()),
            code: error.as_service_error().and_then(|refusal| refusal.code().map(str::to_owned)),
            cause: Box::new(error),
        })
    }
}

type Read = Result<Answer, OrchestratorError<ErrorMetadata>>;

fn operation(
    config: &SdkConfig,
    address: &str,
    signing: SharedRuntimePlugin,
    read: fn(&HttpResponse) -> Read,
) -> Operation<Ask, Answer, ErrorMetadata> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(25));
    // Also what `aws-sdk-s3` takes for passing: an upload cannot be ended at the moment.
    let passing = [TRANSIENT_ERRORS, &["InternalError"]].concat();
    let mut operation = Operation::builder()
        .service_name("s3")
        .operation_name("s3")
        .endpoint_url(address)
        .timeout_config(timeouts.build())
        .standard_retry(&config.retry_config().cloned().unwrap_or_else(RetryConfig::standard))
        .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
        .retry_classifier(HttpStatusCodeClassifier::default())
        .retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::builder().transient_errors(passing).build())
        .with_connection_poisoning()
        // A function that a new file starts writes files: AWS ends a circle only if it is told what led to a request.
        .interceptor(RecursionDetectionInterceptor::new())
        .runtime_plugin(signing);
    if let Some(client) = config.http_client() {
        operation = operation.http_client(client);
    }
    if let Some(clock) = config.time_source() {
        operation = operation.time_source(clock);
    }
    operation.serializer(Ask::written).deserializer(read).build()
}

/// AWS Signature Version 4 with the digest of the body: S3 refuses what arrives otherwise than it was sent.
fn signing(region: &Region, credentials: &SharedCredentialsProvider) -> SharedRuntimePlugin {
    let mut options = SigningOptions::default();
    options.content_sha256_header = true;
    // S3 takes a path as it was sent, as no other service does.
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

fn file(answer: &HttpResponse) -> Read {
    let body = answer.body().bytes().unwrap_or_default();
    if !answer.status().is_success() {
        return Err(refusal(answer.status().as_u16(), body));
    }
    let length = answer.headers().get("content-length").and_then(|length| length.parse().ok());
    let etag = answer.headers().get("etag").unwrap_or_default().to_owned();
    Ok(Answer { etag, length: length.unwrap_or(0), body: body.to_vec() })
}

/// S3 says 200 as soon as it begins to put parts together, and what came of it afterwards: that may be an error.
fn upload(answer: &HttpResponse) -> Read {
    match answer.body().bytes() {
        Some(body) if element(body, "Error").is_some() => Err(refusal(answer.status().as_u16(), body)),
        _ => file(answer),
    }
}

fn refusal(status: u16, body: &[u8]) -> OrchestratorError<ErrorMetadata> {
    let told = element(body, "Message").map_or_else(|| format!("HTTP status {status}"), str::to_owned);
    let mut refusal = ErrorMetadata::builder().message(told);
    if let Some(code) = element(body, "Code") {
        refusal = refusal.code(code);
    }
    OrchestratorError::operation(refusal.build())
}

/// What stands in the first element of that name.
pub(super) fn element<'a>(xml: &'a [u8], name: &str) -> Option<&'a str> {
    elements(xml, name).into_iter().next()
}

/// What stands in each element of that name. Enough for what S3 answers: the elements that are read here have no attributes,
/// and nothing in them (codes, ids, numbers, keys that are encoded) is escaped.
pub(super) fn elements<'a>(xml: &'a [u8], name: &str) -> Vec<&'a str> {
    let (begin, end) = (format!("<{name}>"), format!("</{name}>"));
    let after = std::str::from_utf8(xml).unwrap_or_default().split(&begin).skip(1);
    after.filter_map(|after| after.split_once(&end)).map(|(inside, _)| inside).collect()
}
