//! What the row of an order says of its price beside lines and sums: promotions, taxes, shipping, and the shares of the lines. Amounts are
//! minor units.

use serde::Deserialize;
use serde_json::Value;

/// The parts of a price. An order without promotions, taxes and shipping has none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PriceParts {
    pub promotions: Vec<AppliedPromotion>,
    pub taxes: Vec<TaxPart>,
    pub shipping: Option<ShippingPart>,
    /// In the order of the lines. Empty if no line has a share.
    pub lines: Vec<LineShares>,
    pub uses: CountedUses,
}

/// A promotion: its id, its version, its name, the code that the buyer has entered, and what it takes off.
#[derive(Debug, Clone, Deserialize)]
pub struct AppliedPromotion(pub String, pub u64, pub String, pub Option<String>, pub i64);

/// A tax: its jurisdiction, its parts per million, its reason, its base and its amount.
#[derive(Debug, Clone, Deserialize)]
pub struct TaxPart(pub String, pub i64, pub String, pub i64, pub i64);

/// The shipping method: its id, its name, its price, its discount, the earliest and the latest day, and its shares in taxes.
#[derive(Debug, Clone, Deserialize)]
pub struct ShippingPart(pub String, pub String, pub i64, pub i64, pub Value, pub Value, pub Vec<TaxShare>);

/// The shares of a line: in promotions, by their index and amount, and in taxes.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct LineShares(pub Vec<(usize, i64)>, pub Vec<TaxShare>);

/// A share in a tax: the index of the tax, the base and the amount.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct TaxShare(pub usize, pub i64, pub i64);

/// What an order has counted of promotions with limits.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CountedUses {
    /// Stands for the customer in the rows that count uses.
    pub customer: Option<String>,
    /// Has the order claimed to be the first of its customer?
    pub first_order: bool,
    pub promotions: Vec<CountedPromotion>,
}

/// What an order has counted of one promotion.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CountedPromotion {
    pub promotion: String,
    /// Was it counted for the customer?
    #[serde(default)]
    pub per_customer: bool,
    /// The code, if its uses are counted.
    #[serde(default)]
    pub code: Option<String>,
}
