//! A client of the API that records its calls and the responses. When a response is lost, it gives up or retries with the same key.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, header};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::history::{CallRecord, Effect, Recorder};

/// Longer than a function may run and the gateway waits.
const TIMEOUT: Duration = Duration::from_secs(35);
/// Between two attempts of one call.
const RETRY_PAUSE: Duration = Duration::from_millis(700);
const MERGE_PATCH: &str = "application/merge-patch+json";

/// Concurrent calls of all clients of a run. More would only wait for the two cores of a build machine.
const MAX_CONCURRENT_CALLS: usize = 16;

#[derive(Debug)]
struct SharedClient {
    http: reqwest::Client,
    base: String,
    recorder: Recorder,
    permits: Semaphore,
}

/// A caller at one device.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<SharedClient>,
    name: String,
    caller: Option<String>,
    token: Option<String>,
}

/// A call that has not been sent yet.
#[derive(Debug, Clone)]
#[must_use]
pub struct Call<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    body: Value,
    key: Option<String>,
    headers: Vec<(&'static str, String)>,
    timeout: Duration,
}

/// The result of a call.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// None if the response was lost.
    pub status: Option<u16>,
    /// Null if the response has no JSON body.
    pub body: Value,
}

impl Client {
    /// The first client of a run, without a session.
    pub fn new(http: reqwest::Client, api_url: &str, recorder: Recorder) -> Self {
        let base = api_url.trim_end_matches('/').to_owned();
        let shared = Arc::new(SharedClient { http, base, recorder, permits: Semaphore::new(MAX_CONCURRENT_CALLS) });
        Self { shared, name: "guest".to_owned(), caller: None, token: None }
    }

    /// A client without a session.
    #[must_use]
    pub fn guest(&self, name: &str) -> Self {
        Self { shared: Arc::clone(&self.shared), name: name.to_owned(), caller: None, token: None }
    }

    /// The same client with the session of a response to register or login. None if the response has no session.
    #[must_use]
    pub fn with_session(&self, session: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (caller, token) = (text(&session["user"]["id"])?, text(&session["accessToken"])?);
        Some(Self { caller: Some(caller), token: Some(token), ..self.clone() })
    }

    /// The same caller at another device.
    #[must_use]
    pub fn on_device(&self, device: &str) -> Self {
        Self { name: format!("{}, {device}", self.name), ..self.clone() }
    }

    /// The id of the account, if the client has a session.
    pub fn caller(&self) -> Option<&str> {
        self.caller.as_deref()
    }

    /// A GET request.
    pub fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path, Value::Null)
    }

    /// A POST request.
    pub fn post(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::POST, path, body)
    }

    /// A PUT request.
    pub fn put(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::PUT, path, body)
    }

    /// A PATCH request.
    pub fn patch(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::PATCH, path, body)
    }

    /// A DELETE request.
    pub fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path, Value::Null)
    }

    fn call(&self, method: Method, path: &str, body: Value) -> Call<'_> {
        let path = format!("/api/v1{path}");
        Call { client: self, method, path, body, key: None, headers: Vec::new(), timeout: TIMEOUT }
    }
}

impl Call<'_> {
    /// Sends this Idempotency-Key.
    pub fn key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    /// Sends `If-Match` with this version.
    pub fn if_match(self, version: &Value) -> Self {
        self.header("if-match", format!("\"{version}\""))
    }

    /// Sends a guest's order token, if there is one.
    pub fn order_token(self, token: Option<&str>) -> Self {
        match token {
            Some(token) => self.header("x-order-token", token.to_owned()),
            None => self,
        }
    }

    /// Closes the connection after this time. The shop goes on with the request.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sends the call once.
    pub async fn send_once(&self) -> Outcome {
        let client = self.client;
        let has_credentials = self.path.starts_with("/api/v1/auth/");
        let body = if has_credentials { Value::Null } else { self.body.clone() };
        let key = self.key.as_deref();
        let call = CallRecord::new(&client.name, client.caller(), self.method.as_str(), &self.path, body, key);
        let _permit = client.shared.permits.acquire().await;
        let recorder = &client.shared.recorder;
        let pending = recorder.record_call(call);
        match tokio::time::timeout(self.timeout, self.send()).await {
            Ok(Ok((status, body))) => {
                // The history's file must not contain credentials.
                let recorded = if has_credentials { json!({ "user": body["user"] }) } else { body.clone() };
                recorder.record_response(&pending, status, recorded);
                Outcome { status: Some(status), body }
            }
            Ok(Err(_)) | Err(_) => Outcome { status: None, body: Value::Null },
        }
    }

    /// Sends the call until the shop accepts or rejects it, at most `attempts` times. Only for calls with a key and calls that
    /// may be repeated.
    pub async fn retry_until_known(&self, attempts: u32) -> Outcome {
        let mut outcome = self.send_once().await;
        for _ in 1..attempts {
            if outcome.effect() != Effect::Unknown {
                break;
            }
            tokio::time::sleep(RETRY_PAUSE).await;
            // Retries wait for the full timeout.
            outcome = Call { timeout: TIMEOUT, ..self.clone() }.send_once().await;
        }
        outcome
    }

    async fn send(&self) -> reqwest::Result<(u16, Value)> {
        let client = self.client;
        let mut request =
            client.shared.http.request(self.method.clone(), format!("{}{}", client.shared.base, self.path));
        if let Some(token) = &client.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", key);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !self.body.is_null() {
            let patches =
                self.method == Method::PATCH && !self.path.ends_with("/stock") && !self.path.ends_with("/status");
            let media = if patches { MERGE_PATCH } else { "application/json" };
            request = request.header(header::CONTENT_TYPE, media).body(self.body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let text = answer.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or_default()))
    }
}

impl Outcome {
    /// What the response says about the effect.
    pub fn effect(&self) -> Effect {
        Effect::of(self.status)
    }

    /// Is the status 2xx?
    pub fn is_success(&self) -> bool {
        self.effect() == Effect::Applied
    }

    /// The error code of a rejection.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    /// A server that gives these responses one after another (none: no response), and a channel of the requests it receives.
    fn shop(answers: Vec<Option<&'static str>>) -> (String, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("a socket address"));
        let (sender, requests_received) = channel();
        std::thread::spawn(move || {
            for answer in answers {
                let (mut caller, _) = listener.accept().expect("a connection");
                let mut request = [0; 4096];
                let length = caller.read(&mut request).expect("a request");
                sender.send(String::from_utf8_lossy(&request[..length]).into_owned()).expect("an open channel");
                if let Some(answer) = answer {
                    caller.write_all(answer.as_bytes()).expect("the response is written");
                }
            }
        });
        (url, requests_received)
    }

    fn client_of(url: &str, recorder: &Recorder) -> Client {
        Client::new(reqwest::Client::builder().no_proxy().build().expect("a client"), url, recorder.clone())
    }

    const UNAVAILABLE: &str = "HTTP/1.1 503 Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    const CREATED: &str = "HTTP/1.1 201 Created\r\nconnection: close\r\ncontent-length: 14\r\n\r\n{\"id\":\"ord_1\"}";

    #[tokio::test]
    async fn lost_response_is_retried_with_the_same_key() {
        let recorder = Recorder::begin();
        let (url, requests_received) = shop(vec![None, Some(UNAVAILABLE), Some(CREATED)]);
        let client = client_of(&url, &recorder);
        let outcome = client.post("/orders", json!({ "cart": "me" })).key("key-1").retry_until_known(5).await;
        assert_eq!((outcome.status, outcome.body["id"].as_str()), (Some(201), Some("ord_1")));
        let requests: Vec<String> = requests_received.try_iter().collect();
        assert!(requests.len() == 3 && requests.iter().all(|request| request.contains("idempotency-key: key-1")));
        let history = recorder.history();
        let effects: Vec<Effect> = history.calls.iter().map(CallRecord::effect).collect();
        assert_eq!(effects, [Effect::Unknown, Effect::Unknown, Effect::Applied]);
        assert_eq!(history.calls[0].ended_us, None);
        assert_eq!(history.operations().len(), 1);
    }

    #[tokio::test]
    async fn disconnected_call_is_recorded() {
        let recorder = Recorder::begin();
        // It accepts connections and never responds.
        let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
        let client = client_of(&format!("http://{}", silent.local_addr().expect("a socket address")), &recorder);
        let call = client.post("/orders", json!({})).key("key-1").with_timeout(Duration::from_millis(50));
        assert_eq!(call.send_once().await.effect(), Effect::Unknown);
        assert_eq!(recorder.history().calls.len(), 1);
    }

    #[tokio::test]
    async fn credentials_are_not_recorded() {
        const SESSION: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 46\r\n\r\n\
                               {\"user\":{\"id\":\"usr_1\"},\"accessToken\":\"secret\"}";
        let recorder = Recorder::begin();
        let (url, _requests_received) = shop(vec![Some(SESSION)]);
        let client = client_of(&url, &recorder);
        let session = client.post("/auth/login", json!({ "password": "secret" })).send_once().await;
        assert_eq!(client.with_session(&session.body).as_ref().and_then(Client::caller), Some("usr_1"));
        let history = format!("{:?}", recorder.history());
        assert!(history.contains("usr_1") && !history.contains("secret"), "{history}");
    }
}
