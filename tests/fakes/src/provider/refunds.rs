//! Refunds: money given back, one object each, listed newest first.

use std::time::Duration;

use super::answer::{Answer, Keep, broken, disputed, missing, refused};
use super::api::{Done, refuse};
use super::books::Books;
use super::card::Trouble;
use super::faults::Kind;
use super::form::Form;
use super::ids::Ids;
use super::intent::Refund;
use super::news;
use super::wire;
use crate::now_ms;

const REASONS: &[&str] = &["duplicate", "fraudulent", "requested_by_customer"];

/// Gives money back, with the trouble that the card brings.
pub(crate) fn create(books: &mut Books, ids: &mut Ids, form: &Form, base: &str) -> Result<Done, Answer> {
    form.allow_only(&["payment_intent", "amount", "reason", "metadata", "expand"])?;
    let id = form.required("payment_intent")?;
    let (amount, reason, metadata) = (form.amount("amount")?, form.word("reason", REASONS)?, form.metadata()?);
    let intent = books.intents.get_mut(&id).ok_or_else(|| missing(400, "payment_intent", &id, "payment_intent"))?;
    let trouble = intent.draft.card.as_ref().map_or(Trouble::None, |card| card.trouble.clone());
    if matches!(trouble, Trouble::RefundFails(times) if intent.refund_troubles < times) {
        intent.refund_troubles += 1;
        return Ok(Done { trouble: Some(Kind::FailBefore), ..broken(Keep::No).into() });
    }
    if trouble == Trouble::RefundRefused {
        return Err(disputed(intent.charges.last().map_or(id.as_str(), |charge| charge.id.as_str())));
    }
    let (charge, amount) = intent.refund(amount).map_err(|refusal| refuse(refusal, intent, base))?;
    let currency = intent.currency.clone();
    let refund =
        Refund { id: ids.next("re"), intent: id, charge, amount, currency, reason, metadata, created: now_ms() / 1000 };
    intent.refunds.push(refund.id.clone());
    let lost = matches!(trouble, Trouble::RefundLost(times) if intent.refund_troubles < times);
    intent.refund_troubles += u32::from(lost);
    let done = Done {
        answer: Answer::ok(wire::refund(&refund)),
        wait: Duration::ZERO,
        trouble: lost.then_some(Kind::DropConnectionAfter),
        lost,
        news: news::refunded(intent, &refund),
    };
    books.refunds.insert(refund.id.clone(), refund);
    Ok(done)
}

/// One refund.
pub(crate) fn read(books: &Books, form: &Form, id: &str) -> Result<Done, Answer> {
    form.allow_only(&["expand"])?;
    let refund = books.refunds.get(id).ok_or_else(|| missing(404, "refund", id, "refund"))?;
    Ok(Answer::ok(wire::refund(refund)).into())
}

/// The refunds of one payment, newest first. Stripe would list those of all payments too; nobody here wants that.
pub(crate) fn list(books: &Books, form: &Form) -> Result<Done, Answer> {
    form.allow_only(&["payment_intent", "limit", "starting_after"])?;
    let id = form.required("payment_intent")?;
    let limit = match form.text("limit")? {
        None => 10,
        Some(text) => text.parse().ok().filter(|limit| (1..=100).contains(limit)).ok_or_else(|| {
            refused("parameter_invalid_integer", Some("limit"), format!("Invalid limit: {text}. It is 1 to 100."))
        })?,
    };
    let after = form.text("starting_after")?;
    let intent = books.intents.get(&id).ok_or_else(|| missing(400, "payment_intent", &id, "payment_intent"))?;
    let newest_first = intent.refunds.iter().rev();
    let mut rest: Vec<&str> = newest_first.map(String::as_str).collect();
    if let Some(after) = after {
        let place = rest.iter().position(|id| *id == after);
        let place = place.ok_or_else(|| missing(400, "refund", &after, "starting_after"))?;
        rest.drain(..=place);
    }
    let page: Vec<&Refund> = rest.iter().take(limit).filter_map(|id| books.refunds.get(*id)).collect();
    Ok(Answer::ok(wire::refunds(&page, rest.len() > limit)).into())
}
