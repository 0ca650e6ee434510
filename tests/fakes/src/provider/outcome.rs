//! What a call of the API results in.

use std::time::Duration;

use super::faults::Kind;
use super::intent::{Intent, Refusal};
use super::response::{ApiResponse, invalid_amount, unexpected_state};
use super::webhook_events::WebhookEvent;
use super::wire::{self, LatestCharge};

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) response: ApiResponse,
    /// How long the card holds the answer back.
    pub(crate) delay: Duration,
    /// The trouble that the card made.
    pub(crate) card_fault: Option<Kind>,
    /// The answer gets lost.
    pub(crate) is_lost: bool,
    /// What listeners are told.
    pub(crate) events: Vec<WebhookEvent>,
}

impl From<ApiResponse> for Outcome {
    fn from(response: ApiResponse) -> Self {
        Self { response, delay: Duration::ZERO, card_fault: None, is_lost: false, events: Vec::new() }
    }
}

/// The answer to a move that is not allowed.
pub(crate) fn refuse(refusal: Refusal, intent: &Intent, base: &str) -> ApiResponse {
    match refusal {
        Refusal::State(message) => unexpected_state(message, wire::intent(intent, LatestCharge::Id, base)),
        Refusal::Amount(code, param, message) => invalid_amount(code, param, message),
    }
}
