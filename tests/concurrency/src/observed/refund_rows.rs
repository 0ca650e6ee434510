//! Rows of refunds, with the fields that the checks read.

use serde::Deserialize;

use super::rows::Money;

/// The status of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the API's")]
pub enum RefundStatus {
    Pending,
    Succeeded,
    Failed,
}

/// A refund's row.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    pub id: String,
    pub payment_id: String,
    /// In minor units.
    #[serde(deserialize_with = "minor_units")]
    pub amount: i64,
    /// The pieces that it pays back. Empty if it was requested as an amount.
    #[serde(default)]
    pub lines: Vec<RefundLine>,
    /// The shipping that it pays back.
    #[serde(default)]
    pub shipping: Option<RefundSum>,
    pub status: RefundStatus,
    /// The provider's id of the refund. None until it is known.
    #[serde(default)]
    pub provider_id: Option<String>,
}

/// Pieces that a refund pays back.
#[derive(Debug, Clone, Deserialize)]
pub struct RefundLine {
    pub sku: String,
    pub quantity: i64,
    #[serde(flatten)]
    pub sum: RefundSum,
}

/// What is paid back, in minor units: without tax, each tax, and together.
#[derive(Debug, Clone, Deserialize)]
pub struct RefundSum {
    #[serde(deserialize_with = "minor_units")]
    pub amount: i64,
    #[serde(deserialize_with = "minor_units")]
    pub net: i64,
    pub taxes: Vec<Money>,
}

impl RefundSum {
    /// The part without tax, and each tax.
    pub fn parts(&self) -> Vec<i64> {
        std::iter::once(self.net).chain(self.taxes.iter().map(|tax| tax.amount)).collect()
    }
}

/// Reads minor units, written as a number or as money.
fn minor_units<'de, D: serde::Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Amount {
        MinorUnits(i64),
        Money(Money),
    }
    Amount::deserialize(from).map(|amount| match amount {
        Amount::MinorUnits(amount) => amount,
        Amount::Money(money) => money.amount,
    })
}
