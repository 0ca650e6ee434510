//! Objects in Stripe's JSON format, with the fields that a client of PaymentIntents reads. Absent values are `null`.

use serde_json::{Value, json};

use super::card::Card;
use super::intent::{CaptureMethod, Charge, ChargeState, Intent, Refund, Status};

/// Which members of an intent are objects, and not ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Expansion {
    pub(crate) latest_charge: bool,
    pub(crate) payment_method: bool,
}

/// A payment intent. `base` is the provider's URL, for the page where the customer authenticates.
pub(crate) fn intent(intent: &Intent, expansion: Expansion, base: &str) -> Value {
    let draft = &intent.draft;
    let charge = intent.charges.last();
    // Without a return URL, Stripe's own script runs in the customer's browser.
    let next_action = (intent.status == Status::RequiresAction).then(|| {
        let url = format!("{base}/_fake/intents/{}/authenticate", intent.id);
        match &draft.return_url {
            Some(back) => json!({ "type": "redirect_to_url", "redirect_to_url": { "url": url, "return_url": back } }),
            None => json!({
                "type": "use_stripe_sdk",
                "use_stripe_sdk": { "type": "three_d_secure_redirect", "stripe_js": url },
            }),
        }
    });
    json!({
        "id": intent.id,
        "object": "payment_intent",
        "amount": intent.amount,
        "amount_capturable": intent.capturable(),
        "amount_details": { "tip": {} },
        "amount_received": intent.received(),
        "application": null,
        "application_fee_amount": null,
        "automatic_payment_methods": null,
        "canceled_at": intent.canceled_at,
        "cancellation_reason": intent.cancellation_reason,
        "capture_method": match draft.capture_method { CaptureMethod::Automatic => "automatic", CaptureMethod::Manual => "manual" },
        "client_secret": format!("{}_secret_fake", intent.id),
        "confirmation_method": "automatic",
        "created": intent.created,
        "currency": intent.currency,
        "customer": null,
        "description": draft.description,
        "last_payment_error": intent.last_error,
        "latest_charge": charge.map(|charge| match expansion.latest_charge {
            true => self::charge(charge, intent),
            false => Value::from(charge.id.clone()),
        }),
        "livemode": false,
        "metadata": draft.metadata,
        "next_action": next_action,
        "on_behalf_of": null,
        "payment_method": draft.card.as_ref().map(|card| match expansion.payment_method {
            true => payment_method(card, intent),
            false => Value::from(card.token.clone()),
        }),
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": null,
        "receipt_email": null,
        "review": null,
        "setup_future_usage": null,
        "shipping": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": intent.status.as_str(),
        "transfer_data": null,
        "transfer_group": null,
    })
}

/// The card of an intent.
fn payment_method(card: &Card, intent: &Intent) -> Value {
    json!({
        "id": card.token,
        "object": "payment_method",
        "card": { "brand": "visa", "fingerprint": card.fingerprint(&intent.id), "last4": "4242" },
        "livemode": false,
        "type": "card",
    })
}

/// A charge of an intent.
pub(crate) fn charge(charge: &Charge, intent: &Intent) -> Value {
    let declined = charge.state == ChargeState::Declined;
    // Stripe reports voided money as refunded.
    let voided = if charge.state == ChargeState::Voided { charge.amount } else { 0 };
    json!({
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": charge.captured,
        "amount_refunded": charge.refunded + voided,
        "billing_details": {},
        "captured": charge.state == ChargeState::Captured,
        "created": charge.created,
        "currency": intent.currency,
        "disputed": false,
        "livemode": false,
        "metadata": intent.draft.metadata,
        "paid": !declined,
        "payment_intent": intent.id,
        "payment_method": charge.card,
        "refunded": charge.refunded + voided == charge.amount,
        "status": if declined { "failed" } else { "succeeded" },
    })
}

/// A refund.
pub(crate) fn refund(refund: &Refund) -> Value {
    json!({
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": null,
        "charge": refund.charge,
        "created": refund.created,
        "currency": refund.currency,
        "metadata": refund.metadata,
        "payment_intent": refund.intent,
        "reason": refund.reason,
        "receipt_number": null,
        "source_transfer_reversal": null,
        "status": "succeeded",
        "transfer_reversal": null,
    })
}

/// A page of refunds.
pub(crate) fn refunds(page: &[&Refund], has_more: bool) -> Value {
    let data: Vec<Value> = page.iter().map(|one| refund(one)).collect();
    json!({ "object": "list", "url": "/v1/refunds", "has_more": has_more, "data": data })
}
