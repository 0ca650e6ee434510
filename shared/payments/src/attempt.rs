//! An attempt to charge one method, and its outcome. Pure.

use serde::{Deserialize, Serialize};
use values::Timestamp;

use crate::payment_method::PaymentMethod;

/// Why the provider declined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable, such as `card_declined`.
    pub code: String,
    /// A sentence for the customer.
    pub message: String,
}

/// What the customer has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextAction {
    /// Always `redirect`.
    pub r#type: String,
    pub url: String,
}

/// One attempt to charge one method. It is stored before money can move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    pub method: PaymentMethod,
    /// The id of the provider's object, once it is known.
    pub intent: Option<String>,
    /// None while the attempt is under way.
    pub outcome: Option<AttemptOutcome>,
    /// When the attempt was requested.
    #[serde(rename = "askedAt")]
    pub requested_at: Timestamp,
}

/// The outcome of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    Authorized,
    Declined(Failure),
    /// The customer has to act.
    RequiresAction(NextAction),
    Voided,
}

impl Attempt {
    /// An attempt that has just been requested.
    pub(crate) fn new(method: PaymentMethod, now: Timestamp) -> Self {
        Self { method, intent: None, outcome: None, requested_at: now }
    }
}
