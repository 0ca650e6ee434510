//! The webhook events that souk listens to. Each event contains the object as it was at that time.

use serde_json::Value;

use super::delivery::CardDelivery;
use super::intent::{ChargeState, Intent, Refund, Status};
use super::wire::{self, Expansion};

/// An event without an id.
#[derive(Debug)]
pub(crate) struct WebhookEvent {
    pub(crate) kind: &'static str,
    pub(crate) object: Value,
    pub(crate) intent_id: String,
    pub(crate) order_id: Option<String>,
    /// How the card's token wants the event delivered.
    pub(crate) card_delivery: Option<CardDelivery>,
}

impl WebhookEvent {
    fn new(kind: &'static str, intent: &Intent, object: Value) -> Self {
        let order_id = intent.order_id().map(str::to_owned);
        Self { kind, object, intent_id: intent.id.clone(), order_id, card_delivery: intent.card_delivery }
    }

    fn of_intent(kind: &'static str, intent: &Intent, base: &str) -> Self {
        Self::new(kind, intent, wire::intent(intent, Expansion::default(), base))
    }
}

/// The event of a new intent.
pub(crate) fn intent_created(intent: &Intent, base: &str) -> Vec<WebhookEvent> {
    vec![WebhookEvent::of_intent("payment_intent.created", intent, base)]
}

/// The event of an intent's new status after a confirmation, an authentication or a capture. A payment that is captured
/// automatically causes no event about a capturable amount.
pub(crate) fn status_changed(intent: &Intent, base: &str) -> Vec<WebhookEvent> {
    let kind = match intent.status {
        Status::RequiresAction => "payment_intent.requires_action",
        Status::RequiresCapture => "payment_intent.amount_capturable_updated",
        Status::Succeeded => "payment_intent.succeeded",
        Status::RequiresPaymentMethod => "payment_intent.payment_failed",
        Status::RequiresConfirmation | Status::Canceled => return Vec::new(),
    };
    vec![WebhookEvent::of_intent(kind, intent, base)]
}

/// The events of a cancelled intent. Stripe reports voided money as refunded, also in its events; a listener must not mistake it
/// for a refund.
pub(crate) fn intent_cancelled(intent: &Intent, base: &str) -> Vec<WebhookEvent> {
    let voided = intent.charges.iter().filter(|charge| charge.state == ChargeState::Voided);
    voided
        .map(|charge| WebhookEvent::new("charge.refunded", intent, wire::charge(charge, intent)))
        .chain([WebhookEvent::of_intent("payment_intent.canceled", intent, base)])
        .collect()
}

/// The events of a refund.
pub(crate) fn payment_refunded(intent: &Intent, refund: &Refund) -> Vec<WebhookEvent> {
    let charge = intent.charges.iter().find(|charge| charge.id == refund.charge);
    charge
        .map(|charge| WebhookEvent::new("charge.refunded", intent, wire::charge(charge, intent)))
        .into_iter()
        .chain([WebhookEvent::new("refund.created", intent, wire::refund(refund))])
        .collect()
}
