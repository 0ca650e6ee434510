//! An attempt to charge one method, and its outcome. Pure.

use serde::{Deserialize, Serialize};
use values::Timestamp;

use crate::payment_method::PaymentMethod;

/// Why the provider declined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PaymentFailure"))]
pub struct Failure {
    /// A stable code for programs.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "card_declined")))]
    pub code: String,
    /// A message for the customer.
    pub message: String,
}

impl Failure {
    /// What guests see of any failure. The finer words of the provider would show a person who tests stolen cards which of them
    /// work.
    pub fn for_guests() -> Self {
        Self { code: "declined".into(), message: "The payment was declined. Try another method.".into() }
    }
}

/// What the customer has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NextAction {
    /// Always `redirect`.
    #[cfg_attr(feature = "openapi", schemars(extend("const" = "redirect")))]
    pub r#type: String,
    /// The provider's page.
    #[cfg_attr(feature = "openapi", schemars(url))]
    pub url: String,
}

/// One attempt to charge one method. It is stored before money can move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    pub method: PaymentMethod,
    /// The id of the provider's object, once it is known.
    pub intent: Option<String>,
    /// A keyed digest of the provider's fingerprint of the card, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// None while the attempt is under way.
    pub outcome: Option<AttemptOutcome>,
    /// Was it the bank that declined it? Only its declines count: a token that names no card tells nothing about cards.
    #[serde(default, skip_serializing_if = "std::ops::Not::not", rename = "byBank")]
    pub is_bank_decline: bool,
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
        Self { method, intent: None, card: None, outcome: None, is_bank_decline: false, requested_at: now }
    }
}
