//! What Stripe tells its listeners, as far as souk listens: each event with the object as it was at that moment.

use serde_json::Value;

use super::intent::{ChargeState, Intent, Refund, Status};
use super::webhooks::Hook;
use super::wire::{self, LatestCharge};

/// An event that is not numbered yet.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) kind: &'static str,
    pub(crate) object: Value,
    pub(crate) intent_id: String,
    pub(crate) order_id: Option<String>,
    /// How the card wants it delivered.
    pub(crate) hook: Option<Hook>,
}

impl News {
    fn new(kind: &'static str, intent: &Intent, object: Value) -> Self {
        let order_id = intent.order_id().map(str::to_owned);
        Self { kind, object, intent_id: intent.id.clone(), order_id, hook: intent.hook }
    }

    fn of_intent(kind: &'static str, intent: &Intent, base: &str) -> Self {
        Self::new(kind, intent, wire::intent(intent, LatestCharge::Id, base))
    }
}

/// An intent was made.
pub(crate) fn created(intent: &Intent, base: &str) -> Vec<News> {
    vec![News::of_intent("payment_intent.created", intent, base)]
}

/// Money was asked for, authenticated or taken: where the intent stands now. A payment that is captured at once was never
/// capturable to anyone who listens.
pub(crate) fn moved(intent: &Intent, base: &str) -> Vec<News> {
    let kind = match intent.status {
        Status::RequiresAction => "payment_intent.requires_action",
        Status::RequiresCapture => "payment_intent.amount_capturable_updated",
        Status::Succeeded => "payment_intent.succeeded",
        Status::RequiresPaymentMethod => "payment_intent.payment_failed",
        Status::RequiresConfirmation | Status::Canceled => return Vec::new(),
    };
    vec![News::of_intent(kind, intent, base)]
}

/// An intent was given up. Stripe shows money that was let go as refunded, in its events too: a listener must not take
/// that for money that was given back.
pub(crate) fn cancelled(intent: &Intent, base: &str) -> Vec<News> {
    let let_go = intent.charges.iter().filter(|charge| charge.state == ChargeState::Voided);
    let_go
        .map(|charge| News::new("charge.refunded", intent, wire::charge(charge, intent)))
        .chain([News::of_intent("payment_intent.canceled", intent, base)])
        .collect()
}

/// Money was given back.
pub(crate) fn refunded(intent: &Intent, refund: &Refund) -> Vec<News> {
    let charge = intent.charges.iter().find(|charge| charge.id == refund.charge);
    charge
        .map(|charge| News::new("charge.refunded", intent, wire::charge(charge, intent)))
        .into_iter()
        .chain([News::new("refund.created", intent, wire::refund(refund))])
        .collect()
}
