//! The endpoints: what each call does to the books. Everything here happens at once, under one lock.

use std::time::Duration;

use super::answer::{Answer, Keep, broken, card_refused, missing, refused, too_much, unknown_url, wrong_state};
use super::books::Books;
use super::card::{Card, Trouble};
use super::faults::Kind;
use super::form::Form;
use super::ids::Ids;
use super::intent::{CaptureMethod, Confirmed, Draft, Intent, Refusal};
use super::news::{self, News};
use super::refunds;
use super::wire::{self, LatestCharge};

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
    ListRefunds,
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
            ("GET", ["refunds"]) => Ok(Self::ListRefunds),
            ("GET", ["refunds", id]) => Ok(Self::ReadRefund((*id).to_owned())),
            _ => Err(unknown_url(method, path)),
        }
    }

    /// The intent that the call is about, if it exists already.
    pub(crate) fn intent<'a>(&self, form: &Form, books: &'a Books) -> Option<&'a Intent> {
        match self {
            Self::CreateIntent => None,
            Self::ReadIntent(id) | Self::Confirm(id) | Self::Capture(id) | Self::Cancel(id) => books.intents.get(id),
            Self::CreateRefund | Self::ListRefunds => books.intents.get(&form.text("payment_intent").ok()??),
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
    /// The answer gets lost.
    pub(crate) lost: bool,
    /// What listeners are told.
    pub(crate) news: Vec<News>,
}

impl From<Answer> for Done {
    fn from(answer: Answer) -> Self {
        Self { answer, wait: Duration::ZERO, trouble: None, lost: false, news: Vec::new() }
    }
}

/// Does what the call says.
pub(crate) fn execute(books: &mut Books, ids: &mut Ids, call: &Call, form: &Form, base: &str) -> Done {
    let done = match call {
        Call::CreateIntent => create(books, ids, form, base),
        Call::ReadIntent(id) => read(books, form, id, base),
        Call::Confirm(id) => confirm(books, ids, form, id, base),
        Call::Capture(id) => capture(books, form, id, base),
        Call::Cancel(id) => cancel(books, form, id, base),
        Call::CreateRefund => refunds::create(books, ids, form, base),
        Call::ReadRefund(id) => refunds::read(books, form, id),
        Call::ListRefunds => refunds::list(books, form),
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
    let (return_url, confirm, expand) = (return_url(form)?, form.flag("confirm")?, expansion(form)?);
    if return_url.is_some() && !confirm {
        return Err(refused(
            "payment_intent_invalid_parameter",
            Some("return_url"),
            "A return_url belongs to a confirmation: it is taken here with confirm=true only.",
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
    let mut news = news::created(&intent, base);
    let mut done = if confirm {
        charge(&mut intent, None, ids, expand, base)
    } else {
        Answer::ok(wire::intent(&intent, expand, base)).into()
    };
    news.append(&mut done.news);
    books.open(intent);
    Ok(Done { news, ..done })
}

fn read(books: &mut Books, form: &Form, id: &str, base: &str) -> Result<Done, Answer> {
    form.allow_only(&["expand"])?;
    let expand = expansion(form)?;
    Ok(Answer::ok(wire::intent(find(books, id)?, expand, base)).into())
}

fn confirm(books: &mut Books, ids: &mut Ids, form: &Form, id: &str, base: &str) -> Result<Done, Answer> {
    form.allow_only(CONFIRM)?;
    let card = form.text("payment_method")?.map(|token| Card::parse(&token)).transpose()?;
    let (return_url, expand) = (return_url(form)?, expansion(form)?);
    let intent = find(books, id)?;
    if return_url.is_some() {
        intent.draft.return_url = return_url;
    }
    Ok(charge(intent, card, ids, expand, base))
}

/// Confirms, with the trouble that the card brings.
fn charge(intent: &mut Intent, card: Option<Card>, ids: &mut Ids, expand: LatestCharge, base: &str) -> Done {
    let trouble = card.as_ref().or(intent.draft.card.as_ref()).map_or(Trouble::None, |card| card.trouble.clone());
    if let Trouble::FailsBefore(times) = trouble
        && intent.troubles < times
    {
        intent.troubles += 1;
        return Done { trouble: Some(Kind::FailBefore), ..broken(Keep::No).into() };
    }
    let confirmed = intent.confirm(card, ids);
    let shown = wire::intent(intent, expand, base);
    let answer = match confirmed {
        Ok(Confirmed::Accepted) => Answer::ok(shown),
        Ok(Confirmed::Declined(error)) => card_refused(error, shown),
        Err(refusal) => return refuse(refusal, intent, base).into(),
    };
    let done = Done { news: news::moved(intent, base), ..answer.into() };
    match trouble {
        Trouble::Slow(wait) => Done { wait, trouble: Some(Kind::Delay), ..done },
        Trouble::FailsAfter(times) if intent.troubles < times => {
            intent.troubles += 1;
            Done { answer: broken(Keep::Yes), trouble: Some(Kind::FailAfter), ..done }
        }
        _ => done,
    }
}

fn capture(books: &mut Books, form: &Form, id: &str, base: &str) -> Result<Done, Answer> {
    form.allow_only(&["amount_to_capture", "metadata", "expand"])?;
    let (amount, metadata, expand) = (form.amount("amount_to_capture")?, form.metadata()?, expansion(form)?);
    let intent = find(books, id)?;
    intent.capture(amount).map_err(|refusal| refuse(refusal, intent, base))?;
    intent.draft.metadata.extend(metadata);
    Ok(Done { news: news::moved(intent, base), ..Answer::ok(wire::intent(intent, expand, base)).into() })
}

fn cancel(books: &mut Books, form: &Form, id: &str, base: &str) -> Result<Done, Answer> {
    form.allow_only(&["cancellation_reason", "expand"])?;
    let reason =
        form.word("cancellation_reason", &["duplicate", "fraudulent", "requested_by_customer", "abandoned"])?;
    let expand = expansion(form)?;
    let intent = find(books, id)?;
    intent.cancel(reason).map_err(|refusal| refuse(refusal, intent, base))?;
    Ok(Done { news: news::cancelled(intent, base), ..Answer::ok(wire::intent(intent, expand, base)).into() })
}

/// Where the customer comes back to: an absolute address, of a page or of an app.
fn return_url(form: &Form) -> Result<Option<String>, Answer> {
    let url = form.text("return_url")?;
    match url.as_deref().map(|url| url.split_once("://")) {
        Some(parts) if parts.is_none_or(|(scheme, rest)| scheme.is_empty() || rest.is_empty()) => {
            Err(refused("url_invalid", Some("return_url"), "Not a valid URL"))
        }
        _ => Ok(url),
    }
}

fn find<'a>(books: &'a mut Books, id: &str) -> Result<&'a mut Intent, Answer> {
    books.intents.get_mut(id).ok_or_else(|| missing(404, "payment_intent", id, "intent"))
}

fn expansion(form: &Form) -> Result<LatestCharge, Answer> {
    Ok(if form.expands("latest_charge")? { LatestCharge::Object } else { LatestCharge::Id })
}

/// The answer to a move that is not allowed.
pub(crate) fn refuse(refusal: Refusal, intent: &Intent, base: &str) -> Answer {
    match refusal {
        Refusal::State(message) => wrong_state(message, wire::intent(intent, LatestCharge::Id, base)),
        Refusal::Amount(code, param, message) => too_much(code, param, message),
    }
}
