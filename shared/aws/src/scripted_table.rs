//! A table for unit tests: a server on the loopback interface that speaks DynamoDB's wire and gives prepared answers.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region, retry::RetryConfig};
use serde_json::Value;

use crate::Table;
use crate::http_client::{TrustedRoots, https_client};

/// A table that gives those answers, one for each call, and writes down which operations were called.
pub(crate) fn scripted_table(answers: Vec<(u16, Value)>) -> (Table, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = calls.clone();
    std::thread::spawn(move || {
        for (status, answer) in answers {
            let (mut caller, _) = listener.accept().unwrap();
            let mut head = [0; 8192];
            let length = caller.read(&mut head).unwrap();
            let head = String::from_utf8_lossy(&head[..length]).to_ascii_lowercase();
            let target = head.split("dynamodb_20120810.").nth(1).and_then(|rest| rest.split('\r').next());
            log.lock().unwrap().push(target.unwrap_or_default().to_owned());
            let body = answer.to_string();
            let head = "content-type: application/x-amz-json-1.0\r\nconnection: close";
            write!(caller, "HTTP/1.1 {status} X\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .http_client(https_client(TrustedRoots::Amazon))
        .endpoint_url(endpoint);
    (Table::new(aws_sdk_dynamodb::Client::from_conf(config.build()), "souk".to_owned()), calls)
}
