//! The endpoints: how each call changes the ledger. A call takes effect as a whole, under one lock.

use super::card::{Card, CardFault};
use super::faults::Kind;
use super::form::Form;
use super::ids::Ids;
use super::intent::{CaptureMethod, Confirmation, Draft, Intent};
use super::ledger::Ledger;
use super::outcome::{Outcome, refuse};
use super::refunds;
use super::response::{ApiResponse, Retention, card_declined, invalid_request, not_found, server_error, unknown_url};
use super::webhook_events;
use super::wire::{self, Expansion};

const CREATE: &[&str] = &[
    "amount",
    "currency",
    "capture_method",
    "payment_method",
    "payment_method_types",
    "automatic_payment_methods",
    "confirm",
    "confirmation_method",
    "metadata",
    "description",
    "return_url",
    "statement_descriptor_suffix",
    "expand",
];
const CONFIRM: &[&str] =
    &["payment_method", "payment_method_types", "capture_method", "return_url", "off_session", "expand"];

/// A call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    CreateIntent,
    ReadIntent(String),
    Confirm(String),
    Capture(String),
    Cancel(String),
    CreateRefund,
    ReadRefund(String),
    ListRefunds,
}

impl Call {
    /// Reads method and path. 404 for all other endpoints.
    pub(crate) fn parse(method: &str, path: &str) -> Result<Self, ApiResponse> {
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        match (method, parts.as_slice()) {
            ("POST", ["payment_intents"]) => Ok(Self::CreateIntent),
            ("GET", ["payment_intents", id]) => Ok(Self::ReadIntent((*id).to_owned())),
            ("POST", ["payment_intents", id, "confirm"]) => Ok(Self::Confirm((*id).to_owned())),
            ("POST", ["payment_intents", id, "capture"]) => Ok(Self::Capture((*id).to_owned())),
            ("POST", ["payment_intents", id, "cancel"]) => Ok(Self::Cancel((*id).to_owned())),
            ("POST", ["refunds"]) => Ok(Self::CreateRefund),
            ("GET", ["refunds"]) => Ok(Self::ListRefunds),
            ("GET", ["refunds", id]) => Ok(Self::ReadRefund((*id).to_owned())),
            _ => Err(unknown_url(method, path)),
        }
    }

    /// The intent that the call is about, if it exists.
    pub(crate) fn intent<'a>(&self, form: &Form, ledger: &'a Ledger) -> Option<&'a Intent> {
        match self {
            Self::CreateIntent => None,
            Self::ReadIntent(id) | Self::Confirm(id) | Self::Capture(id) | Self::Cancel(id) => ledger.intents.get(id),
            Self::CreateRefund | Self::ListRefunds => ledger.intents.get(&form.text("payment_intent").ok()??),
            Self::ReadRefund(id) => ledger.intents.get(&ledger.refunds.get(id)?.intent),
        }
    }
}

/// Executes a call.
pub(crate) fn execute(ledger: &mut Ledger, ids: &mut Ids, call: &Call, form: &Form, base: &str) -> Outcome {
    let outcome = match call {
        Call::CreateIntent => create(ledger, ids, form, base),
        Call::ReadIntent(id) => read(ledger, form, id, base),
        Call::Confirm(id) => confirm(ledger, ids, form, id, base),
        Call::Capture(id) => capture(ledger, form, id, base),
        Call::Cancel(id) => cancel(ledger, form, id, base),
        Call::CreateRefund => refunds::create(ledger, ids, form, base),
        Call::ReadRefund(id) => refunds::read(ledger, form, id),
        Call::ListRefunds => refunds::list(ledger, form),
    };
    outcome.unwrap_or_else(Outcome::from)
}

fn create(ledger: &mut Ledger, ids: &mut Ids, form: &Form, base: &str) -> Result<Outcome, ApiResponse> {
    form.allow_only(CREATE)?;
    let amount = form
        .amount("amount")?
        .ok_or_else(|| invalid_request("parameter_missing", Some("amount"), "Missing required param: amount."))?;
    let currency = form.required("currency")?;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Err(invalid_request(
            "parameter_invalid",
            Some("currency"),
            format!("Invalid currency: {currency}. Use three lower-case letters."),
        ));
    }
    form.one_of("confirmation_method", &["automatic"])?;
    let capture_method = match form.one_of("capture_method", &["automatic", "manual"])?.as_deref() {
        Some("manual") => CaptureMethod::Manual,
        _ => CaptureMethod::Automatic,
    };
    let card = form.text("payment_method")?.map(|token| Card::parse(&token)).transpose()?;
    if !form.names("payment_method_types") {
        // Stripe would choose methods by the account's settings, and then refuse a confirmation without a return URL.
        return Err(invalid_request(
            "parameter_missing",
            Some("payment_method_types"),
            "Send payment_method_types: which types are allowed depends on the account.",
        ));
    }
    let (return_url, confirm, expand) = (return_url(form)?, form.flag("confirm")?, form.expansion()?);
    if return_url.is_some() && !confirm {
        return Err(invalid_request(
            "payment_intent_invalid_parameter",
            Some("return_url"),
            "return_url is allowed only with confirm=true.",
        ));
    }
    let draft = Draft {
        amount,
        currency,
        capture_method,
        card,
        metadata: form.metadata()?,
        description: form.text("description")?,
        return_url,
    };
    let mut intent = Intent::new(draft, ids);
    let mut events = webhook_events::intent_created(&intent, base);
    let mut outcome = if confirm {
        charge(&mut intent, None, ids, expand, base)
    } else {
        ApiResponse::ok(wire::intent(&intent, expand, base)).into()
    };
    events.append(&mut outcome.events);
    ledger.insert_intent(intent);
    Ok(Outcome { events, ..outcome })
}

fn read(ledger: &mut Ledger, form: &Form, id: &str, base: &str) -> Result<Outcome, ApiResponse> {
    form.allow_only(&["expand"])?;
    let expand = form.expansion()?;
    Ok(ApiResponse::ok(wire::intent(find(ledger, id)?, expand, base)).into())
}

fn confirm(ledger: &mut Ledger, ids: &mut Ids, form: &Form, id: &str, base: &str) -> Result<Outcome, ApiResponse> {
    form.allow_only(CONFIRM)?;
    let card = form.text("payment_method")?.map(|token| Card::parse(&token)).transpose()?;
    let (return_url, expand) = (return_url(form)?, form.expansion()?);
    let intent = find(ledger, id)?;
    if return_url.is_some() {
        intent.draft.return_url = return_url;
    }
    Ok(charge(intent, card, ids, expand, base))
}

/// Confirms an intent, with the card's fault.
fn charge(intent: &mut Intent, card: Option<Card>, ids: &mut Ids, expand: Expansion, base: &str) -> Outcome {
    let card_fault =
        card.as_ref().or(intent.draft.card.as_ref()).map_or(CardFault::None, |card| card.card_fault.clone());
    if let CardFault::FailsBefore(times) = card_fault
        && intent.faulted_confirmations < times
    {
        intent.faulted_confirmations += 1;
        return Outcome { card_fault: Some(Kind::FailBefore), ..server_error(Retention::NotStored).into() };
    }
    let confirmed = intent.confirm(card, ids);
    let body = wire::intent(intent, expand, base);
    let response = match confirmed {
        Ok(Confirmation::Accepted) => ApiResponse::ok(body),
        Ok(Confirmation::Declined(error)) => card_declined(error, body),
        Err(refusal) => return refuse(refusal, intent, base).into(),
    };
    let outcome = Outcome { events: webhook_events::status_changed(intent, base), ..response.into() };
    match card_fault {
        CardFault::Delay(delay) => Outcome { delay, card_fault: Some(Kind::Delay), ..outcome },
        CardFault::FailsAfter(times) if intent.faulted_confirmations < times => {
            intent.faulted_confirmations += 1;
            Outcome { response: server_error(Retention::Stored), card_fault: Some(Kind::FailAfter), ..outcome }
        }
        _ => outcome,
    }
}

fn capture(ledger: &mut Ledger, form: &Form, id: &str, base: &str) -> Result<Outcome, ApiResponse> {
    form.allow_only(&["amount_to_capture", "metadata", "expand"])?;
    let (amount, metadata, expand) = (form.amount("amount_to_capture")?, form.metadata()?, form.expansion()?);
    let intent = find(ledger, id)?;
    intent.capture(amount).map_err(|refusal| refuse(refusal, intent, base))?;
    intent.draft.metadata.extend(metadata);
    Ok(Outcome {
        events: webhook_events::status_changed(intent, base),
        ..ApiResponse::ok(wire::intent(intent, expand, base)).into()
    })
}

fn cancel(ledger: &mut Ledger, form: &Form, id: &str, base: &str) -> Result<Outcome, ApiResponse> {
    form.allow_only(&["cancellation_reason", "expand"])?;
    let reason =
        form.one_of("cancellation_reason", &["duplicate", "fraudulent", "requested_by_customer", "abandoned"])?;
    let expand = form.expansion()?;
    let intent = find(ledger, id)?;
    intent.cancel(reason).map_err(|refusal| refuse(refusal, intent, base))?;
    Ok(Outcome {
        events: webhook_events::intent_cancelled(intent, base),
        ..ApiResponse::ok(wire::intent(intent, expand, base)).into()
    })
}

/// The URL to which the customer returns: an absolute URL of a page or an app.
fn return_url(form: &Form) -> Result<Option<String>, ApiResponse> {
    let url = form.text("return_url")?;
    match url.as_deref().map(|url| url.split_once("://")) {
        Some(parts) if parts.is_none_or(|(scheme, rest)| scheme.is_empty() || rest.is_empty()) => {
            Err(invalid_request("url_invalid", Some("return_url"), "Not a valid URL"))
        }
        _ => Ok(url),
    }
}

fn find<'a>(ledger: &'a mut Ledger, id: &str) -> Result<&'a mut Intent, ApiResponse> {
    ledger.intents.get_mut(id).ok_or_else(|| not_found(404, "payment_intent", id, "intent"))
}
