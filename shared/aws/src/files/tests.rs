//! The bucket against answers that S3 gives: what is asked, what is made of an answer, and what is asked again.

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

/// An S3 that gives these answers, one after the other, and keeps what it was asked.
#[derive(Debug, Clone)]
struct S3 {
    answers: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
    asked: Arc<Mutex<Vec<HttpRequest>>>,
}

impl HttpConnector for S3 {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.asked.lock().unwrap().push(request);
        let (status, body) = self.answers.lock().unwrap().pop_front().expect("no more requests than answers");
        let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        answer.headers_mut().insert("etag", "\"e1\"");
        HttpConnectorFuture::ready(Ok(answer))
    }
}

impl S3 {
    fn answering(answers: &[(u16, &'static str)]) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.to_vec().into())), asked: Arc::default() }
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

    fn files(&self) -> Bucket {
        Bucket::new(&self.config(None), "souk").unwrap()
    }

    /// Everything that was asked: method, place, and those of the headers.
    fn asked(&self, headers: &[&str]) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let told = asked.iter().map(|request| {
            let headers = headers.iter().filter_map(|name| Some(format!(" {name}={}", request.headers().get(name)?)));
            format!("{} {}{}", request.method(), request.uri(), headers.collect::<String>())
        });
        told.map(|told| told.replace("https://souk.s3.us-east-1.amazonaws.com", "")).collect()
    }
}

const BUSY: (u16, &str) = (503, "<Error><Code>SlowDown</Code></Error>");
const LATE: (u16, &str) = (200, "<?xml version=\"1.0\"?>\n\n<Error><Code>InternalError</Code></Error>");
const ENDED: (u16, &str) = (200, "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>");
const NO_SUCH_UPLOAD: (u16, &str) = (404, "<Error><Code>NoSuchUpload</Code><Message>It is gone.</Message></Error>");

fn held() -> Etag {
    Etag("\"e1\"".to_owned())
}

#[tokio::test]
async fn amazons_own_example_is_signed_as_amazon_signs_it() {
    // "Authenticating Requests: Using the Authorization Header" in the S3 API reference, its GET of a range.
    let s3 = S3::answering(&[(206, "Welcome to")]);
    let Bucket { credentials, region, .. } = s3.files();
    let calls = Calls::new(&s3.config(None), "https://examplebucket.s3.amazonaws.com", &region, &credentials);
    calls.send(Ask::new("GET", "test.txt").header("range", "bytes=0-9")).await.unwrap();
    let expected = "GET https://examplebucket.s3.amazonaws.com/test.txt authorization=AWS4-HMAC-SHA256 \
        Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
        SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
        Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    assert_eq!(s3.asked(&["authorization"]), [expected]);
}

#[tokio::test]
async fn a_body_is_sent_with_its_digest_and_a_session_with_its_token() {
    let s3 = S3::answering(&[(200, "")]);
    let files = Bucket::new(&s3.config(Some("token")), "souk").unwrap();
    files.put("a b/ü.txt", b"Welcome to Amazon S3.".to_vec(), "text/plain", Some("no-store")).await.unwrap();
    let headers = ["content-type", "content-length", "cache-control", "x-amz-security-token", "x-amz-content-sha256"];
    let expected = "PUT /a%20b/%C3%BC.txt content-type=text/plain content-length=21 cache-control=no-store \
        x-amz-security-token=token \
        x-amz-content-sha256=44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
    assert_eq!(s3.asked(&headers), [expected]);
    let signed = "SignedHeaders=cache-control;content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token";
    assert!(s3.asked(&["authorization"])[0].contains(signed), "{:?}", s3.asked(&["authorization"]));
}

#[tokio::test]
async fn a_busy_store_is_asked_again_and_one_that_stays_busy_is_an_outage() {
    let s3 = S3::answering(&[BUSY, (500, ""), (200, "a mug")]);
    assert_eq!(s3.files().get("mug").await.unwrap().unwrap(), b"a mug");
    let s3 = S3::answering(&[BUSY, BUSY, BUSY]);
    assert_eq!(s3.files().get("mug").await.unwrap_err().code, "unavailable");
    // S3 closed a connection on which nothing came for a while.
    let s3 = S3::answering(&[(400, "<Error><Code>RequestTimeout</Code></Error>"), (200, "")]);
    s3.files().delete("mug").await.unwrap();
}

#[tokio::test]
async fn what_is_refused_for_good_is_asked_once() {
    let s3 = S3::answering(&[(403, "<Error><Code>AccessDenied</Code><Message>No.</Message></Error>")]);
    let error = s3.files().get("mug").await.unwrap_err();
    let cause = std::error::Error::source(error.cause.as_deref().unwrap()).unwrap().to_string();
    assert_eq!(cause, "Error { code: \"AccessDenied\", message: \"No.\" }");
}

#[tokio::test]
async fn a_file_that_is_as_it_was_gone_or_another_is_told_apart() {
    let s3 = S3::answering(&[(304, ""), (404, ""), (200, "a mug"), (412, ""), (416, ""), (206, "mu"), (404, "")]);
    let files = s3.files();
    assert!(matches!(files.get_changed("mug", Some(&held())).await.unwrap(), ObjectRead::Same));
    assert!(matches!(files.get_changed("mug", Some(&held())).await.unwrap(), ObjectRead::Missing));
    let ObjectRead::New(bytes, etag) = files.get_changed("mug", None).await.unwrap() else { panic!("it is new") };
    assert_eq!((bytes.as_slice(), etag), (b"a mug".as_slice(), held()));
    assert_eq!(files.get_range_of("mug", &held(), 2, 2).await.unwrap(), None);
    assert_eq!(files.get_range_of("mug", &held(), 9, 2).await.unwrap(), Some(Vec::new()));
    assert_eq!(files.get_range("mug", 2, 2).await.unwrap(), Some(b"mu".to_vec()));
    assert_eq!(files.get_range("mug", 2, 0).await.unwrap(), None);
    let asked = [
        "GET /mug if-none-match=\"e1\"",
        "GET /mug if-none-match=\"e1\"",
        "GET /mug",
        "GET /mug if-match=\"e1\" range=bytes=2-3",
        "GET /mug if-match=\"e1\" range=bytes=9-10",
        "GET /mug range=bytes=2-3",
        "GET /mug range=bytes=2-2",
    ];
    assert_eq!(s3.asked(&["if-match", "if-none-match", "range"]), asked);
}

#[tokio::test]
async fn whoever_writes_over_what_another_wrote_is_told() {
    let s3 = S3::answering(&[(200, ""), (200, ""), (412, ""), (409, ""), (404, "")]);
    let files = s3.files();
    let put = async |held: Option<Etag>| {
        let etag = files.put_if("mug", Vec::new(), "text/plain", held.as_ref()).await.unwrap();
        etag.is_some()
    };
    assert!(put(None).await && put(Some(held())).await);
    assert!(!put(None).await && !put(Some(held())).await && !put(Some(held())).await);
    let (anew, over) = ("PUT /mug content-length=0 if-none-match=*", "PUT /mug content-length=0 if-match=\"e1\"");
    assert_eq!(s3.asked(&["content-length", "if-match", "if-none-match"]), [anew, over, anew, over, over]);
}

#[tokio::test]
async fn a_file_in_parts_begins_grows_and_ends() {
    let begun = "<InitiateMultipartUploadResult xmlns=\"x\"><UploadId>u/1</UploadId></InitiateMultipartUploadResult>";
    let s3 = S3::answering(&[(200, begun), (200, ""), ENDED]);
    let files = s3.files();
    let upload = files.begin_parts("mugs", "text/csv").await.unwrap();
    let part = files.put_part("mugs", &upload, 1, vec![0; 3]).await.unwrap();
    files.end_parts("mugs", &upload, &[part]).await.unwrap();
    let asked = [
        "POST /mugs?uploads= content-type=text/csv",
        "PUT /mugs?partNumber=1&uploadId=u%2F1",
        "POST /mugs?uploadId=u%2F1 content-type=application/xml",
    ];
    assert_eq!(s3.asked(&["content-type"]), asked);
    let whole = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
        <Part><PartNumber>1</PartNumber><ETag>\"e1\"</ETag></Part></CompleteMultipartUpload>";
    assert_eq!(s3.asked.lock().unwrap()[2].body().bytes().unwrap(), whole.as_bytes());
}

#[tokio::test]
async fn an_error_that_comes_with_200_is_one_and_is_tried_again() {
    let s3 = S3::answering(&[LATE, ENDED]);
    s3.files().end_parts("mugs", "u1", &[]).await.unwrap();
    let s3 = S3::answering(&[LATE, LATE, LATE]);
    assert_eq!(s3.files().end_parts("mugs", "u1", &[]).await.unwrap_err().code, "unavailable");
    // A file may well look like one.
    let s3 = S3::answering(&[LATE]);
    assert_eq!(s3.files().get("log").await.unwrap().unwrap(), LATE.1.as_bytes());
}

#[tokio::test]
async fn an_upload_that_is_gone_is_done_if_its_file_is_there() {
    let s3 = S3::answering(&[NO_SUCH_UPLOAD, (200, "")]);
    s3.files().end_parts("mugs", "u1", &[]).await.unwrap();
    assert_eq!(s3.asked(&[])[1], "HEAD /mugs");
    let s3 = S3::answering(&[NO_SUCH_UPLOAD, (404, "")]);
    assert_eq!(s3.files().end_parts("mugs", "u1", &[]).await.unwrap_err().code, "unavailable");
}

#[tokio::test]
async fn files_are_listed_page_by_page_with_their_keys_as_they_are() {
    let page = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\"><Name>souk</Name><Prefix>a</Prefix><KeyCount>2</KeyCount>\
        <Contents><Key>a/b%2Bc%26+%C3%BC</Key><LastModified>2026-11-21T16:00:00.000Z</LastModified>\
        <ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>\
        <Contents><Key>a/d</Key><LastModified>2026-11-21T16:00:01.500Z</LastModified><Size>0</Size></Contents>\
        </ListBucketResult>";
    let s3 = S3::answering(&[(200, page), (200, "<ListBucketResult xmlns=\"x\"><Name>souk</Name></ListBucketResult>")]);
    let files = s3.files();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let first = ("a/b+c& ü".to_owned(), 7, at("2026-11-21T16:00:00.000Z"));
    let second = ("a/d".to_owned(), 0, at("2026-11-21T16:00:01.500Z"));
    assert_eq!(files.list("a/", None).await.unwrap(), [first, second]);
    assert_eq!(files.list("a/", Some("a/d")).await.unwrap(), []);
    let asked = [
        "GET /?list-type=2&encoding-type=url&prefix=a%2F",
        "GET /?list-type=2&encoding-type=url&prefix=a%2F&start-after=a%2Fd",
    ];
    assert_eq!(s3.asked(&[]), asked);
}
