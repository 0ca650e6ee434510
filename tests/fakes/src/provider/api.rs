//! The endpoints: what each call does to the books. Everything here happens at once, under one lock.

use std::time::Duration;

use super::answer::{Answer, Keep, broken, card_refused, missing, refused, too_much, unknown_url, wrong_state};
use super::books::Books;
use super::card::{Card, Trouble};
use super::faults::Kind;
use super::form::Form;
use super::ids::Ids;
use super::intent::{CaptureMethod, Confirmed, Draft, Intent, Refund, Refusal};
use super::wire::{self, LatestCharge};
use crate::now_ms;

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
const REASONS: &[&str] = &["duplicate", "fraudulent", "requested_by_customer"];

/// A call of the API, read from method and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    CreateIntent,
    ReadIntent(String),
    Confirm(String),
    Capture(String),
    Cancel(String),
    CreateRefund,
    ReadRefund(String),
}

impl Call {
    /// 404 for everything that is not listed.
    pub(crate) fn parse(method: &str, path: &str) -> Result<Self, Answer> {
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        match (method, parts.as_slice()) {
            ("POST", ["payment_intents"]) => Ok(Self::CreateIntent),
            ("GET", ["payment_intents", id]) => Ok(Self::ReadIntent((*id).to_owned())),
            ("POST", ["payment_intents", id, "confirm"]) => Ok(Self::Confirm((*id).to_owned())),
            ("POST", ["payment_intents", id, "capture"]) => Ok(Self::Capture((*id).to_owned())),
            ("POST", ["payment_intents", id, "cancel"]) => Ok(Self::Cancel((*id).to_owned())),
            ("POST", ["refunds"]) => Ok(Self::CreateRefund),
            ("GET", ["refunds", id]) => Ok(Self::ReadRefund((*id).to_owned())),
            _ => Err(unknown_url(method, path)),
        }
    }

    /// The intent that the call is about, if it exists already.
    pub(crate) fn intent<'a>(&self, form: &Form, books: &'a Books) -> Option<&'a Intent> {
        match self {
            Self::CreateIntent => None,
            Self::ReadIntent(id) | Self::Confirm(id) | Self::Capture(id) | Self::Cancel(id) => books.intents.get(id),
            Self::CreateRefund => books.intents.get(&form.text("payment_intent").ok()??),
            Self::ReadRefund(id) => books.intents.get(&books.refunds.get(id)?.intent),
        }
    }
}

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) answer: Answer,
    /// How long the card holds the answer back.
    pub(crate) wait: Duration,
    /// The trouble that the card made.
    pub(crate) trouble: Option<Kind>,
}

impl From<Answer> for Done {
    fn from(answer: Answer) -> Self {
        Self { answer, wait: Duration::ZERO, trouble: None }
    }
}

/// Does what the call says.
pub(crate) fn execute(books: &mut Books, ids: &mut Ids, call: &Call, form: &Form, base: &str) -> Done {
    let done = match call {
        Call::CreateIntent => create(books, ids, form, base),
        Call::ReadIntent(id) => read(books, form, id, base).map(Done::from),
        Call::Confirm(id) => confirm(books, ids, form, id, base),
        Call::Capture(id) => capture(books, form, id, base).map(Done::from),
        Call::Cancel(id) => cancel(books, form, id, base).map(Done::from),
        Call::CreateRefund => give_back(books, ids, form).map(Done::from),
        Call::ReadRefund(id) => match books.refunds.get(id) {
            Some(refund) => Ok(Answer::ok(wire::refund(refund)).into()),
            None => Err(missing(404, "refund", id, "refund")),
        },
    };
    done.unwrap_or_else(Done::from)
}

fn create(books: &mut Books, ids: &mut Ids, form: &Form, base: &str) -> Result<Done, Answer> {
    form.allow_only(CREATE)?;
    let amount = form
        .amount("amount")?
        .ok_or_else(|| refused("parameter_missing", Some("amount"), "Missing required param: amount."))?;
    let currency = form.required("currency")?;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Err(refused(
            "parameter_invalid",
            Some("currency"),
            format!("Invalid currency: {currency}. Use three lower-case letters."),
        ));
    }
    form.word("confirmation_method", &["automatic"])?;
    let capture_method = match form.word("capture_method", &["automatic", "manual"])?.as_deref() {
        Some("manual") => CaptureMethod::Manual,
        _ => CaptureMethod::Automatic,
    };
    let card = form.text("payment_method")?.map(|token| Card::parse(&token)).transpose()?;
    if !form.names("payment_method_types") {
        // Stripe would choose methods by the account's settings, and then refuse a confirmation without a page to return to.
        return Err(refused(
            "parameter_missing",
            Some("payment_method_types"),
            "Name the payment_method_types: which ones an account allows is not for the caller to guess.",
        ));
    }
    let draft = Draft {
        amount,
        currency,
        capture_method,
        card,
        metadata: form.metadata()?,
        description: form.text("description")?,
        return_url: form.text("return_url")?,
    };
    let (confirm, expand) = (form.flag("confirm")?, expansion(form)?);
    let mut intent = Intent::new(draft, ids);
    let done = if confirm {
        charge(&mut intent, None, ids, expand, base)
    } else {
        Answer::ok(wire::intent(&intent, expand, base)).into()
    };
    books.intents.insert(intent.id.clone(), intent);
    Ok(done)
}

fn read(books: &mut Books, form: &Form, id: &str, base: &str) -> Result<Answer, Answer> {
    form.allow_only(&["expand"])?;
    let expand = expansion(form)?;
    Ok(Answer::ok(wire::intent(find(books, id)?, expand, base)))
}

fn confirm(books: &mut Books, ids: &mut Ids, form: &Form, id: &str, base: &str) -> Result<Done, Answer> {
    form.allow_only(CONFIRM)?;
    let card = form.text("payment_method")?.map(|token| Card::parse(&token)).transpose()?;
    let (return_url, expand) = (form.text("return_url")?, expansion(form)?);
    let intent = find(books, id)?;
    if let Some(url) = return_url {
        intent.draft.return_url = Some(url);
    }
    Ok(charge(intent, card, ids, expand, base))
}

/// Confirms, with the trouble that the card brings.
fn charge(intent: &mut Intent, card: Option<Card>, ids: &mut Ids, expand: LatestCharge, base: &str) -> Done {
    let trouble = card.as_ref().or(intent.draft.card.as_ref()).map_or(Trouble::None, |card| card.trouble);
    if let Trouble::FailsBefore(times) = trouble
        && intent.troubles < times
    {
        intent.troubles += 1;
        return Done { answer: broken(Keep::No), wait: Duration::ZERO, trouble: Some(Kind::FailBefore) };
    }
    let confirmed = intent.confirm(card, ids);
    let shown = wire::intent(intent, expand, base);
    let answer = match confirmed {
        Ok(Confirmed::Accepted) => Answer::ok(shown),
        Ok(Confirmed::Declined(error)) => card_refused(error, shown),
        Err(refusal) => return refuse(refusal, intent, base).into(),
    };
    match trouble {
        Trouble::Slow(wait) => Done { answer, wait, trouble: Some(Kind::Delay) },
        Trouble::FailsAfter(times) if intent.troubles < times => {
            intent.troubles += 1;
            Done { answer: broken(Keep::Yes), wait: Duration::ZERO, trouble: Some(Kind::FailAfter) }
        }
        _ => answer.into(),
    }
}

fn capture(books: &mut Books, form: &Form, id: &str, base: &str) -> Result<Answer, Answer> {
    form.allow_only(&["amount_to_capture", "metadata", "expand"])?;
    let (amount, metadata, expand) = (form.amount("amount_to_capture")?, form.metadata()?, expansion(form)?);
    let intent = find(books, id)?;
    intent.capture(amount).map_err(|refusal| refuse(refusal, intent, base))?;
    intent.draft.metadata.extend(metadata);
    Ok(Answer::ok(wire::intent(intent, expand, base)))
}

fn cancel(books: &mut Books, form: &Form, id: &str, base: &str) -> Result<Answer, Answer> {
    form.allow_only(&["cancellation_reason", "expand"])?;
    let reason =
        form.word("cancellation_reason", &["duplicate", "fraudulent", "requested_by_customer", "abandoned"])?;
    let expand = expansion(form)?;
    let intent = find(books, id)?;
    intent.cancel(reason).map_err(|refusal| refuse(refusal, intent, base))?;
    Ok(Answer::ok(wire::intent(intent, expand, base)))
}

fn give_back(books: &mut Books, ids: &mut Ids, form: &Form) -> Result<Answer, Answer> {
    form.allow_only(&["payment_intent", "amount", "reason", "metadata", "expand"])?;
    let id = form.required("payment_intent")?;
    let (amount, reason, metadata) = (form.amount("amount")?, form.word("reason", REASONS)?, form.metadata()?);
    let intent = books.intents.get_mut(&id).ok_or_else(|| missing(400, "payment_intent", &id, "payment_intent"))?;
    let (charge, amount) = intent.refund(amount).map_err(|refusal| refuse(refusal, intent, ""))?;
    let currency = intent.draft.currency.clone();
    let refund =
        Refund { id: ids.next("re"), intent: id, charge, amount, currency, reason, metadata, created: now_ms() / 1000 };
    let answer = Answer::ok(wire::refund(&refund));
    books.refunds.insert(refund.id.clone(), refund);
    Ok(answer)
}

fn find<'a>(books: &'a mut Books, id: &str) -> Result<&'a mut Intent, Answer> {
    books.intents.get_mut(id).ok_or_else(|| missing(404, "payment_intent", id, "intent"))
}

fn expansion(form: &Form) -> Result<LatestCharge, Answer> {
    Ok(if form.expands("latest_charge")? { LatestCharge::Object } else { LatestCharge::Id })
}

fn refuse(refusal: Refusal, intent: &Intent, base: &str) -> Answer {
    match refusal {
        Refusal::State(message) => wrong_state(message, wire::intent(intent, LatestCharge::Id, base)),
        Refusal::Amount(code, param, message) => too_much(code, param, message),
    }
}
