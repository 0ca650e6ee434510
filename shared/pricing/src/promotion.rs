//! Promotions as values. Who may use them how often is counted elsewhere: a promotion that is used up is not in the rules.

use values::{Money, Sku, Timestamp};

use crate::percentage::Percentage;
use crate::scope::Scope;

/// A promotion of a market. Its amounts are in the currency and in the net or gross mode of the market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    pub id: String,
    /// Smaller numbers come first; of equal ones, the lower id.
    pub priority: u32,
    pub effect: Effect,
    pub combine: Combine,
    /// The code that the buyer has to enter, in upper case. None: the promotion is automatic.
    pub code: Option<String>,
    pub scope: Scope,
    pub conditions: Conditions,
    /// None: since ever.
    pub starts_at: Option<Timestamp>,
    /// The promotion applies before this time. None: for ever.
    pub ends_at: Option<Timestamp>,
}

/// How a promotion combines with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// Order stage: at most one such promotion applies, before those that stack. Other stages: as `Stack`.
    Best,
    /// It combines with all that are not alone.
    Stack,
    /// It applies without any other promotion.
    Alone,
}

/// What a promotion does, and in which stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Set(SetEffect),
    Line(LineEffect),
    Order(OrderEffect),
    Shipping(ShippingEffect),
}

/// An effect that claims pieces. No other promotion of the set or line stage applies to a claimed piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetEffect {
    /// Of each `buy + get` pieces in scope, the `get` cheapest get the percentage.
    BuyXGetY { buy: u32, get: u32, percentage: Percentage, max_groups: Option<u32> },
    /// One piece or more of each part for a price. The most expensive pieces come first; if parts share lines, the part with the fewest
    /// lines chooses first. A bundle that costs no less than its pieces does not apply.
    Bundle { parts: Vec<BundlePart>, price: Money, max_groups: Option<u32> },
    /// An amount off all pieces in scope together.
    Amount(Money),
    /// Pieces of a SKU that is in the cart are free. They do not count for the promotion's own minimum.
    Gift { sku: Sku, quantity: u32 },
}

/// A part of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundlePart {
    pub scope: Scope,
    pub quantity: u32,
}

/// An effect on each line in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineEffect {
    Unit(UnitEffect),
    /// The tier with the largest `min_quantity` that the quantity of the line reaches.
    Tiers(Vec<Tier>),
}

/// An effect on each piece of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitEffect {
    Percentage(Percentage),
    /// Off each piece.
    Amount(Money),
    /// Each piece costs this, if that is less.
    Price(Money),
}

/// A quantity tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    pub min_quantity: u32,
    pub effect: UnitEffect,
}

/// An effect on what is left of all lines in scope together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderEffect {
    Percentage(Percentage),
    Amount(Money),
}

/// An effect on the price of the shipping method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShippingEffect {
    Percentage(Percentage),
    /// Free, up to an amount if there is one.
    Free {
        up_to: Option<Money>,
    },
}

/// When a promotion applies. The default: always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    pub minimum: Option<Minimum>,
    pub is_for_first_order: bool,
    /// Empty: all buyers.
    pub customer_groups: Vec<String>,
    /// Of the destination (ISO 3166-1 alpha-2). Empty: all countries.
    pub countries: Vec<String>,
}

/// The least value of the lines in scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minimum {
    pub amount: Money,
    pub of: MinimumOf,
}

/// Which value a minimum is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MinimumOf {
    /// Before discounts.
    #[default]
    Listed,
    /// After the discounts that apply before: in the order stage those of lines and earlier promotions, in the shipping stage all. The set
    /// and the line stage come before all discounts.
    Discounted,
}
