//! Calls of a server on the loopback interface, which gives prepared answers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::{Value, json};
use values::Kind;

use super::*;

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "ord_01h455vb4pex5vsknk084sn02q";

/// A server that gives those answers, one for each connection: its port, and the requests that it got.
fn server(answers: Vec<(u16, String)>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&requests);
    std::thread::spawn(move || {
        for (status, body) in answers {
            let (mut caller, _) = listener.accept().unwrap();
            log.lock().unwrap().push(read_request(&mut caller));
            let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}", body.len());
            // The caller may have read enough of a long body.
            let _ = write!(caller, "{head}\r\n\r\n{body}");
        }
    });
    (port, requests)
}

fn read_request(caller: &mut TcpStream) -> String {
    let (mut request, mut part) = (String::new(), [0; 4096]);
    loop {
        let length = caller.read(&mut part).unwrap();
        assert!(length > 0, "the caller has closed the connection");
        request.push_str(std::str::from_utf8(&part[..length]).unwrap());
        let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
        let header = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= header.unwrap().parse::<usize>().unwrap() {
            return request;
        }
    }
}

/// Finds every name at the loopback interface, after some failures. It counts the attempts.
struct Names {
    failures: u32,
    attempts: Arc<AtomicU32>,
}

impl Resolve for Names {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(std::iter::once(SocketAddr::from(([127, 0, 0, 1], 0))));
        let is_found = self.attempts.fetch_add(1, Ordering::SeqCst) >= self.failures;
        let found: Result<Addrs, Box<dyn std::error::Error + Send + Sync>> =
            if is_found { Ok(addresses) } else { Err("no such name".into()) };
        Box::pin(std::future::ready(found))
    }
}

/// Posts a message to a port, whose name is found after some failures. Returns the answer and how often the name was looked up.
async fn post_after(failures: u32, port: u16) -> (Result<Option<Value>>, u32) {
    let attempts = Arc::new(AtomicU32::new(0));
    let names = Names { failures, attempts: Arc::clone(&attempts) };
    let client = Client::builder().dns_resolver(names).no_proxy().build().unwrap();
    let endpoint = Endpoint::new(client, format!("http://tax.example:{port}/tax"));
    let message = Message { path: "/transactions", id: ID, at: at(), body: br#"{"a":1}"#.to_vec() };
    let answer = endpoint.post(&SigningKey::parse(KEY).unwrap(), message).await;
    (answer, attempts.load(Ordering::SeqCst))
}

async fn post(status: u16, body: impl Into<String>) -> Result<Option<Value>> {
    post_after(0, server(vec![(status, body.into())]).0).await.0
}

fn at() -> Timestamp {
    Timestamp::from_millis(1_764_000_000_000)
}

#[tokio::test]
async fn message_is_signed_json() {
    let (port, requests) = server(vec![(200, r#"{"tax":1}"#.to_owned())]);
    assert_eq!(post_after(0, port).await.0.unwrap(), Some(json!({ "tax": 1 })));
    let requests = requests.lock().unwrap();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert_eq!(body, r#"{"a":1}"#);
    let lines: Vec<_> = head.lines().collect();
    assert_eq!(lines[0], "POST /tax/transactions HTTP/1.1");
    let signature = SigningKey::parse(KEY).unwrap().headers(ID, at(), body.as_bytes());
    let expected = signature.map(|(name, value)| format!("{name}: {value}"));
    for line in expected.iter().map(String::as_str).chain(["content-type: application/json"]) {
        assert!(lines.contains(&line), "{line} is not in {head}");
    }
}

#[tokio::test]
async fn refusal_is_no_outage() {
    assert_eq!(post(422, "{}").await.unwrap(), None);
    assert_eq!(post(422, "not JSON").await.unwrap(), None);
}

#[tokio::test]
async fn other_answers_are_outages() {
    for status in [201, 204, 301, 400, 404, 409, 429, 500, 503] {
        assert_eq!(post(status, "{}").await.unwrap_err().kind, Kind::Unavailable(2), "{status}");
    }
    for body in ["", "not JSON", "{", &"[".repeat(100), &format!("\"{}\"", "x".repeat(MAX_ANSWER_BYTES))] {
        assert_eq!(post(200, body).await.unwrap_err().kind, Kind::Unavailable(2));
    }
    for status in [401, 403] {
        assert_eq!(post(status, "{}").await.unwrap_err().kind, Kind::Internal, "{status}");
    }
}

#[tokio::test]
async fn connection_is_tried_twice() {
    for (failures, is_answered, attempts) in [(0, true, 1), (1, true, 2), (2, false, 2)] {
        let (port, _) = server(vec![(200, "{}".to_owned())]);
        let (answer, made) = post_after(failures, port).await;
        assert_eq!((answer.is_ok(), made), (is_answered, attempts), "{failures} failures");
    }
}

#[tokio::test]
async fn message_that_may_have_arrived_is_not_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for caller in listener.incoming() {
            read_request(&mut caller.unwrap());
        }
    });
    let (answer, attempts) = post_after(0, port).await;
    assert_eq!((answer.unwrap_err().kind, attempts), (Kind::Unavailable(2), 1));
}
