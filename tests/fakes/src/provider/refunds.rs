//! Refunds: created, read, and listed newest first.

use std::time::Duration;

use super::card::CardFault;
use super::faults::Kind;
use super::form::Form;
use super::ids::Ids;
use super::intent::Refund;
use super::ledger::Ledger;
use super::outcome::{Outcome, refuse};
use super::response::{ApiResponse, Retention, charge_disputed, invalid_request, not_found, server_error};
use super::webhook_events;
use super::wire;
use crate::now_ms;

const REASONS: &[&str] = &["duplicate", "fraudulent", "requested_by_customer"];

/// Creates a refund, with the card's fault.
pub(crate) fn create(ledger: &mut Ledger, ids: &mut Ids, form: &Form, base: &str) -> Result<Outcome, ApiResponse> {
    form.allow_only(&["payment_intent", "amount", "reason", "metadata", "expand"])?;
    let id = form.required("payment_intent")?;
    let (amount, reason, metadata) = (form.amount("amount")?, form.one_of("reason", REASONS)?, form.metadata()?);
    let intent = ledger.intents.get_mut(&id).ok_or_else(|| not_found(400, "payment_intent", &id, "payment_intent"))?;
    let card_fault = intent.draft.card.as_ref().map_or(CardFault::None, |card| card.card_fault.clone());
    if matches!(card_fault, CardFault::RefundFails(times) if intent.faulted_refunds < times) {
        intent.faulted_refunds += 1;
        return Ok(Outcome { card_fault: Some(Kind::FailBefore), ..server_error(Retention::NotStored).into() });
    }
    if card_fault == CardFault::RefundRefused {
        return Err(charge_disputed(intent.charges.last().map_or(id.as_str(), |charge| charge.id.as_str())));
    }
    let (charge, amount) = intent.refund(amount).map_err(|refusal| refuse(refusal, intent, base))?;
    let currency = intent.currency.clone();
    let refund =
        Refund { id: ids.next("re"), intent: id, charge, amount, currency, reason, metadata, created: now_ms() / 1000 };
    intent.refunds.push(refund.id.clone());
    let is_lost = matches!(card_fault, CardFault::RefundLost(times) if intent.faulted_refunds < times);
    intent.faulted_refunds += u32::from(is_lost);
    let outcome = Outcome {
        response: ApiResponse::ok(wire::refund(&refund)),
        delay: Duration::ZERO,
        card_fault: is_lost.then_some(Kind::DropConnectionAfter),
        is_lost,
        events: webhook_events::payment_refunded(intent, &refund),
    };
    ledger.refunds.insert(refund.id.clone(), refund);
    Ok(outcome)
}

/// Reads a refund.
pub(crate) fn read(ledger: &Ledger, form: &Form, id: &str) -> Result<Outcome, ApiResponse> {
    form.allow_only(&["expand"])?;
    let refund = ledger.refunds.get(id).ok_or_else(|| not_found(404, "refund", id, "refund"))?;
    Ok(ApiResponse::ok(wire::refund(refund)).into())
}

/// Lists the refunds of one payment, newest first. Stripe would also list those of all payments, which souk does not need.
pub(crate) fn list(ledger: &Ledger, form: &Form) -> Result<Outcome, ApiResponse> {
    form.allow_only(&["payment_intent", "limit", "starting_after"])?;
    let id = form.required("payment_intent")?;
    let limit = match form.text("limit")? {
        None => 10,
        Some(text) => text.parse().ok().filter(|limit| (1..=100).contains(limit)).ok_or_else(|| {
            invalid_request(
                "parameter_invalid_integer",
                Some("limit"),
                format!("Invalid limit: {text}. It must be between 1 and 100."),
            )
        })?,
    };
    let after = form.text("starting_after")?;
    let intent = ledger.intents.get(&id).ok_or_else(|| not_found(400, "payment_intent", &id, "payment_intent"))?;
    let newest_first = intent.refunds.iter().rev();
    let mut rest: Vec<&str> = newest_first.map(String::as_str).collect();
    if let Some(after) = after {
        let place = rest.iter().position(|id| *id == after);
        let place = place.ok_or_else(|| not_found(400, "refund", &after, "starting_after"))?;
        rest.drain(..=place);
    }
    let page: Vec<&Refund> = rest.iter().take(limit).filter_map(|id| ledger.refunds.get(*id)).collect();
    Ok(ApiResponse::ok(wire::refunds(&page, rest.len() > limit)).into())
}
