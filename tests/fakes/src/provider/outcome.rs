//! What a call of the API results in.

use std::time::Duration;

use super::faults::Kind;
use super::intent::{Intent, Refusal};
use super::response::{ApiResponse, invalid_amount, unexpected_state};
use super::webhook_events::WebhookEvent;
use super::wire::{self, Expansion};

/// The result of a call.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) response: ApiResponse,
    /// How long the card's fault delays the response.
    pub(crate) delay: Duration,
    /// The fault that the card caused.
    pub(crate) card_fault: Option<Kind>,
    /// Is the connection closed without a response?
    pub(crate) is_lost: bool,
    /// The webhook events of the call.
    pub(crate) events: Vec<WebhookEvent>,
}

impl From<ApiResponse> for Outcome {
    fn from(response: ApiResponse) -> Self {
        Self { response, delay: Duration::ZERO, card_fault: None, is_lost: false, events: Vec::new() }
    }
}

/// The error response for a refused change of an intent.
pub(crate) fn refuse(refusal: Refusal, intent: &Intent, base: &str) -> ApiResponse {
    match refusal {
        Refusal::State(message) => unexpected_state(message, wire::intent(intent, Expansion::default(), base)),
        Refusal::Amount(code, param, message) => invalid_amount(code, param, message),
    }
}
