//! An endpoint for webhooks that records the received events and gives predefined responses.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use fakes::serve;
use serde_json::Value;
use tokio::net::TcpListener;

pub(crate) const SECRET: &str = "whsec_of_the_listener";

/// A received event.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedEvent {
    pub(crate) at: Instant,
    /// The time in the signature, in seconds since 1970.
    pub(crate) signed_at: u64,
    pub(crate) event: Value,
}

#[derive(Debug, Default)]
struct ListenerState {
    received: Vec<ReceivedEvent>,
    /// The statuses of the next responses, the last first. 0 drops the connection; after the last status, 200 follows.
    answers: Vec<u16>,
    pause: Duration,
    errors: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Listener {
    pub(crate) url: String,
    state: Arc<Mutex<ListenerState>>,
}

impl Listener {
    /// Answers the first deliveries with these statuses, and all others with 200.
    pub(crate) async fn open(answers: &[u16]) -> Result<Self> {
        Self::slow(answers, Duration::ZERO).await
    }

    /// The same, with a pause before each response.
    pub(crate) async fn slow(answers: &[u16], pause: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}/hooks", listener.local_addr()?);
        let state =
            ListenerState { answers: answers.iter().rev().copied().collect(), pause, ..ListenerState::default() };
        let state = Arc::new(Mutex::new(state));
        let router = Router::new().fallback(receive).with_state(state.clone());
        tokio::spawn(serve::serve(listener, router));
        Ok(Self { url, state })
    }

    /// The events received so far. Panics if one of them had an invalid signature.
    #[track_caller]
    pub(crate) fn received(&self) -> Vec<ReceivedEvent> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(state.errors, [""; 0]);
        state.received.clone()
    }

    /// The types of the received events, in their order.
    #[track_caller]
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.received().iter().map(|received| received.event["type"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

async fn receive(State(state): State<Arc<Mutex<ListenerState>>>, headers: HeaderMap, body: Bytes) -> Response {
    let (answer, pause) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        match read(&headers, &body) {
            Ok(received) => state.received.push(received),
            Err(error) => state.errors.push(format!("{error:#}")),
        }
        (state.answers.pop().unwrap_or(200), state.pause)
    };
    tokio::time::sleep(pause).await;
    match StatusCode::from_u16(answer) {
        Ok(status) => status.into_response(),
        Err(_) => serve::DroppedConnection::response(),
    }
}

/// Checks the signature. Written from Stripe's documentation, independently of the fake's code that signs.
fn read(headers: &HeaderMap, body: &[u8]) -> Result<ReceivedEvent> {
    let header = headers.get("stripe-signature").context("the signature is missing")?.to_str()?;
    let (time, tag) = header.split_once(",v1=").context("the signature has no v1")?;
    let time = time.strip_prefix("t=").context("the signature has no t")?;
    let tag: Vec<u8> =
        (0..tag.len()).step_by(2).map(|at| u8::from_str_radix(&tag[at..at + 2], 16)).collect::<Result<_, _>>()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signed = [time.as_bytes(), b".", body].concat();
    ensure!(hmac::verify(&key, &signed, &tag).is_ok(), "the signature is invalid: {header}");
    ensure!(
        headers.get("content-type").is_some_and(|media| media.as_bytes().starts_with(b"application/json")),
        "the content type is not JSON"
    );
    Ok(ReceivedEvent { at: Instant::now(), signed_at: time.parse()?, event: serde_json::from_slice(body)? })
}
