//! The messages, read strictly.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::refusal::Refusal;

const MILLION: u32 = 1_000_000;

/// `POST /calculations`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Calculation {
    at: String,
    pub(super) destination: Destination,
    pub(super) classes: Vec<String>,
    pub(super) exemption: Option<String>,
    vat_id: Option<String>,
}

/// `POST /transactions`, and with a refund `POST /transactions/{orderId}/refunds`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Transaction {
    pub(super) order_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refund_id: Option<String>,
    at: String,
    destination: Destination,
    pub(super) taxes: Vec<TaxLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Destination {
    pub(super) country: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) postal_code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaxLine {
    pub(super) jurisdiction: String,
    pub(super) ppm: u32,
    pub(super) reason: String,
    base: Money,
    pub(super) amount: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Money {
    pub(super) amount: i64,
    pub(super) currency: String,
}

impl Calculation {
    /// A calculation whose message has that id.
    pub(super) fn parse(body: &[u8], id: &str) -> Result<Self, Refusal> {
        let message: Self = parse(body)?;
        require(id.starts_with("evt_"), "webhook-id must be a new id")?;
        require(is_time(&message.at), "at must be a time in UTC")?;
        message.destination.check()?;
        let is_sorted = message.classes.windows(2).all(|pair| pair[0] < pair[1]);
        require(!message.classes.is_empty() && is_sorted, "classes must be sorted, each once")?;
        require(message.classes.iter().all(|class| is_key(class)), "a class must be a key")?;
        require(message.exemption.as_deref().is_none_or(is_key), "exemption must be a key")?;
        let is_vat_id = |id: &str| (4..=16).contains(&id.len()) && id.chars().all(is_capital_or_digit);
        require(message.vat_id.as_deref().is_none_or(is_vat_id), "vatId must be a VAT id")?;
        Ok(message)
    }
}

impl Transaction {
    /// A transaction whose message has that id.
    pub(super) fn of_order(body: &[u8], id: &str) -> Result<Self, Refusal> {
        let message: Self = parse(body)?;
        require(message.refund_id.is_none(), "a transaction has no refundId")?;
        require(message.order_id == id, "webhook-id must be the orderId")?;
        message.check()?;
        Ok(message)
    }

    /// A refund of the order in the path, whose message has that id.
    pub(super) fn of_refund(body: &[u8], order: &str, id: &str) -> Result<Self, Refusal> {
        let message: Self = parse(body)?;
        require(message.order_id == order, "the path must have the orderId")?;
        require(message.refund_id.as_deref() == Some(id), "webhook-id must be the refundId")?;
        require(id.starts_with("rfd_"), "refundId must be the id of a refund")?;
        message.check()?;
        Ok(message)
    }

    fn check(&self) -> Result<(), Refusal> {
        require(self.order_id.starts_with("ord_"), "orderId must be the id of an order")?;
        require(is_time(&self.at), "at must be a time in UTC")?;
        self.destination.check()?;
        require(!self.taxes.is_empty(), "taxes must not be empty")?;
        for tax in &self.taxes {
            require((1..=32).contains(&tax.jurisdiction.len()), "a jurisdiction must have 1 to 32 characters")?;
            require(tax.ppm <= MILLION, "ppm must be at most 1,000,000")?;
            require(is_key(&tax.reason), "a reason must be a key")?;
            require(tax.base.amount >= 0 && tax.amount.amount >= 0, "amounts must not be negative")?;
            let is_currency = |money: &Money| {
                money.currency == self.currency()
                    && money.currency.len() == 3
                    && money.currency.chars().all(|c| c.is_ascii_uppercase())
            };
            require(is_currency(&tax.base) && is_currency(&tax.amount), "all amounts must have one currency")?;
        }
        Ok(())
    }

    /// That of the first tax.
    pub(super) fn currency(&self) -> &str {
        self.taxes.first().map(|tax| tax.amount.currency.as_str()).unwrap_or_default()
    }

    /// The answer: what was recorded.
    pub(super) fn answer(&self) -> Value {
        let amount: i64 = self.taxes.iter().map(|tax| tax.amount.amount).sum();
        json!({ "tax": { "amount": amount, "currency": self.currency() } })
    }
}

impl Destination {
    fn check(&self) -> Result<(), Refusal> {
        let is_country = self.country.len() == 2 && self.country.chars().all(|c| c.is_ascii_uppercase());
        require(is_country, "country must be two capital letters")?;
        let is_empty = |text: &Option<String>| text.as_deref().is_some_and(str::is_empty);
        require(!is_empty(&self.region) && !is_empty(&self.postal_code), "leave out what is not known")
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::malformed(error.to_string()))
}

fn require(holds: bool, message: &str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Refusal::malformed(message)) }
}

/// Such as `2026-11-21T12:00:00.000Z`.
fn is_time(text: &str) -> bool {
    let form = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c });
    form.eq("0000-00-00T00:00:00.000Z".chars())
}

fn is_key(text: &str) -> bool {
    let is_legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=32).contains(&text.len()) && text.chars().all(is_legal)
}

fn is_capital_or_digit(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit()
}
