//! The bucket against recorded responses of S3: the requests it sends, how it reads responses, and what it retries.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use aws_config::retry::RetryConfig;
use aws_credential_types::Credentials;
use aws_smithy_async::time::{SharedTimeSource, StaticTimeSource};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;

use super::*;

/// An S3 that returns these responses in order and records the requests.
#[derive(Debug, Clone)]
struct S3 {
    responses: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
    requests: Arc<Mutex<Vec<HttpRequest>>>,
}

impl HttpConnector for S3 {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.requests.lock().unwrap().push(request);
        let (status, body) = self.responses.lock().unwrap().pop_front().expect("a response for every request");
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        response.headers_mut().insert("etag", "\"e1\"");
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl S3 {
    fn with(responses: &[(u16, &'static str)]) -> Self {
        Self { responses: Arc::new(Mutex::new(responses.to_vec().into())), requests: Arc::default() }
    }

    fn config(&self, token: Option<&str>) -> SdkConfig {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret, token.map(str::to_owned), None, "test");
        let midnight = UNIX_EPOCH + Duration::from_secs(1_369_353_600);
        let s3 = self.clone();
        SdkConfig::builder()
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
            .time_source(SharedTimeSource::new(StaticTimeSource::new(midnight)))
            .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(s3.clone())))
            .build()
    }

    fn bucket(&self) -> Bucket {
        Bucket::new(&self.config(None), "souk").unwrap()
    }

    /// All requests: method, path and these headers.
    fn sent(&self, headers: &[&str]) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let lines = requests.iter().map(|request| {
            let headers = headers.iter().filter_map(|name| Some(format!(" {name}={}", request.headers().get(name)?)));
            format!("{} {}{}", request.method(), request.uri(), headers.collect::<String>())
        });
        lines.map(|line| line.replace("https://souk.s3.us-east-1.amazonaws.com", "")).collect()
    }
}

const BUSY: (u16, &str) = (503, "<Error><Code>SlowDown</Code></Error>");
const ERROR_IN_BODY: (u16, &str) = (200, "<?xml version=\"1.0\"?>\n\n<Error><Code>InternalError</Code></Error>");
const COMPLETED: (u16, &str) = (200, "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>");
const NO_SUCH_UPLOAD: (u16, &str) = (404, "<Error><Code>NoSuchUpload</Code><Message>It is gone.</Message></Error>");

fn etag() -> Etag {
    Etag("\"e1\"".to_owned())
}

#[tokio::test]
async fn example_of_the_s3_reference_has_its_signature() {
    // "Authenticating Requests: Using the Authorization Header" in the S3 API reference, its GET of a range.
    let s3 = S3::with(&[(206, "Welcome to")]);
    let Bucket { credentials, region, .. } = s3.bucket();
    let client = S3Client::new(&s3.config(None), "https://examplebucket.s3.amazonaws.com", &region, &credentials);
    client.send(S3Request::new("GET", "test.txt").header("range", "bytes=0-9")).await.unwrap();
    let expected = "GET https://examplebucket.s3.amazonaws.com/test.txt authorization=AWS4-HMAC-SHA256 \
        Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
        SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
        Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    assert_eq!(s3.sent(&["authorization"]), [expected]);
}

#[tokio::test]
async fn body_is_sent_with_its_digest_and_the_session_token() {
    let s3 = S3::with(&[(200, "")]);
    let bucket = Bucket::new(&s3.config(Some("token")), "souk").unwrap();
    bucket.put("a b/ü.txt", b"Welcome to Amazon S3.".to_vec(), "text/plain", Some("no-store")).await.unwrap();
    let headers = ["content-type", "content-length", "cache-control", "x-amz-security-token", "x-amz-content-sha256"];
    let expected = "PUT /a%20b/%C3%BC.txt content-type=text/plain content-length=21 cache-control=no-store \
        x-amz-security-token=token \
        x-amz-content-sha256=44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
    assert_eq!(s3.sent(&headers), [expected]);
    let signed = "SignedHeaders=cache-control;content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token";
    assert!(s3.sent(&["authorization"])[0].contains(signed), "{:?}", s3.sent(&["authorization"]));
}

#[tokio::test]
async fn busy_s3_is_retried_and_then_unavailable() {
    let s3 = S3::with(&[BUSY, (500, ""), (200, "a mug")]);
    assert_eq!(s3.bucket().get("mug").await.unwrap().unwrap(), b"a mug");
    let s3 = S3::with(&[BUSY, BUSY, BUSY]);
    assert_eq!(s3.bucket().get("mug").await.unwrap_err().code, "unavailable");
    // S3 has closed an idle connection.
    let s3 = S3::with(&[(400, "<Error><Code>RequestTimeout</Code></Error>"), (200, "")]);
    s3.bucket().delete("mug").await.unwrap();
}

#[tokio::test]
async fn permanent_error_is_not_retried() {
    let s3 = S3::with(&[(403, "<Error><Code>AccessDenied</Code><Message>No.</Message></Error>")]);
    let error = s3.bucket().get("mug").await.unwrap_err();
    let cause = std::error::Error::source(error.cause.as_deref().unwrap()).unwrap().to_string();
    assert_eq!(cause, "Error { code: \"AccessDenied\", message: \"No.\" }");
}

#[tokio::test]
async fn unchanged_missing_and_changed_objects_are_distinguished() {
    let s3 = S3::with(&[(304, ""), (404, ""), (200, "a mug"), (412, ""), (416, ""), (206, "mu"), (404, "")]);
    let bucket = s3.bucket();
    assert!(matches!(bucket.get_changed("mug", Some(&etag())).await.unwrap(), ObjectRead::Same));
    assert!(matches!(bucket.get_changed("mug", Some(&etag())).await.unwrap(), ObjectRead::Missing));
    let ObjectRead::New(bytes, new) = bucket.get_changed("mug", None).await.unwrap() else { panic!("a new object") };
    assert_eq!((bytes.as_slice(), new), (b"a mug".as_slice(), etag()));
    assert_eq!(bucket.get_range_of("mug", &etag(), 2, 2).await.unwrap(), None);
    assert_eq!(bucket.get_range_of("mug", &etag(), 9, 2).await.unwrap(), Some(Vec::new()));
    assert_eq!(bucket.get_range("mug", 2, 2).await.unwrap(), Some(b"mu".to_vec()));
    assert_eq!(bucket.get_range("mug", 2, 0).await.unwrap(), None);
    let requests = [
        "GET /mug if-none-match=\"e1\"",
        "GET /mug if-none-match=\"e1\"",
        "GET /mug",
        "GET /mug if-match=\"e1\" range=bytes=2-3",
        "GET /mug if-match=\"e1\" range=bytes=9-10",
        "GET /mug range=bytes=2-3",
        "GET /mug range=bytes=2-2",
    ];
    assert_eq!(s3.sent(&["if-match", "if-none-match", "range"]), requests);
}

#[tokio::test]
async fn conditional_put_fails_when_the_object_has_changed() {
    let s3 = S3::with(&[(200, ""), (200, ""), (412, ""), (409, ""), (404, "")]);
    let bucket = s3.bucket();
    let put = async |known: Option<Etag>| {
        let etag = bucket.put_if("mug", Vec::new(), "text/plain", known.as_ref()).await.unwrap();
        etag.is_some()
    };
    assert!(put(None).await && put(Some(etag())).await);
    assert!(!put(None).await && !put(Some(etag())).await && !put(Some(etag())).await);
    let (create, replace) = ("PUT /mug content-length=0 if-none-match=*", "PUT /mug content-length=0 if-match=\"e1\"");
    assert_eq!(s3.sent(&["content-length", "if-match", "if-none-match"]), [create, replace, create, replace, replace]);
}

#[tokio::test]
async fn multipart_upload_is_created_filled_and_completed() {
    let created = "<InitiateMultipartUploadResult xmlns=\"x\"><UploadId>u/1</UploadId></InitiateMultipartUploadResult>";
    let s3 = S3::with(&[(200, created), (200, ""), COMPLETED]);
    let bucket = s3.bucket();
    let upload = bucket.create_multipart_upload("mugs", "text/csv").await.unwrap();
    let part = bucket.upload_part("mugs", &upload, 1, vec![0; 3]).await.unwrap();
    bucket.complete_multipart_upload("mugs", &upload, &[part]).await.unwrap();
    let requests = [
        "POST /mugs?uploads= content-type=text/csv",
        "PUT /mugs?partNumber=1&uploadId=u%2F1",
        "POST /mugs?uploadId=u%2F1 content-type=application/xml",
    ];
    assert_eq!(s3.sent(&["content-type"]), requests);
    let body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
        <Part><PartNumber>1</PartNumber><ETag>\"e1\"</ETag></Part></CompleteMultipartUpload>";
    assert_eq!(s3.requests.lock().unwrap()[2].body().bytes().unwrap(), body.as_bytes());
}

#[tokio::test]
async fn error_in_a_200_response_is_retried() {
    let s3 = S3::with(&[ERROR_IN_BODY, COMPLETED]);
    s3.bucket().complete_multipart_upload("mugs", "u1", &[]).await.unwrap();
    let s3 = S3::with(&[ERROR_IN_BODY, ERROR_IN_BODY, ERROR_IN_BODY]);
    assert_eq!(s3.bucket().complete_multipart_upload("mugs", "u1", &[]).await.unwrap_err().code, "unavailable");
    // An object may look like an error.
    let s3 = S3::with(&[ERROR_IN_BODY]);
    assert_eq!(s3.bucket().get("log").await.unwrap().unwrap(), ERROR_IN_BODY.1.as_bytes());
}

#[tokio::test]
async fn missing_upload_is_completed_if_its_object_exists() {
    let s3 = S3::with(&[NO_SUCH_UPLOAD, (200, "")]);
    s3.bucket().complete_multipart_upload("mugs", "u1", &[]).await.unwrap();
    assert_eq!(s3.sent(&[])[1], "HEAD /mugs");
    let s3 = S3::with(&[NO_SUCH_UPLOAD, (404, "")]);
    assert_eq!(s3.bucket().complete_multipart_upload("mugs", "u1", &[]).await.unwrap_err().code, "unavailable");
}

#[tokio::test]
async fn objects_are_listed_in_pages_with_decoded_keys() {
    let page = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\"><Name>souk</Name><Prefix>a</Prefix><KeyCount>2</KeyCount>\
        <Contents><Key>a/b%2Bc%26+%C3%BC</Key><LastModified>2026-11-21T16:00:00.000Z</LastModified>\
        <ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>\
        <Contents><Key>a/d</Key><LastModified>2026-11-21T16:00:01.500Z</LastModified><Size>0</Size></Contents>\
        </ListBucketResult>";
    let s3 = S3::with(&[(200, page), (200, "<ListBucketResult xmlns=\"x\"><Name>souk</Name></ListBucketResult>")]);
    let bucket = s3.bucket();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let first = ("a/b+c& ü".to_owned(), 7, at("2026-11-21T16:00:00.000Z"));
    let second = ("a/d".to_owned(), 0, at("2026-11-21T16:00:01.500Z"));
    assert_eq!(bucket.list("a/", None).await.unwrap(), [first, second]);
    assert_eq!(bucket.list("a/", Some("a/d")).await.unwrap(), []);
    let requests = [
        "GET /?list-type=2&encoding-type=url&prefix=a%2F",
        "GET /?list-type=2&encoding-type=url&prefix=a%2F&start-after=a%2Fd",
    ];
    assert_eq!(s3.sent(&[]), requests);
}
