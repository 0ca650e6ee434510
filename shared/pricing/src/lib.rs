//! What an order costs: `price(lines, context, rules) -> breakdown`. Pure: no I/O, no clock, no state.
//!
//! docs/pricing.md has the order of operations with worked examples. What must stay true:
//!
//! - The parts add up: `total = subtotal - discount + shipping + tax`, and each sum is the sum of its lines.
//! - Nothing is negative, and a discount is never larger than its line.
//! - Every result is a multiple of the smallest step of the market.
//! - The order of lines and rules makes no difference, and the same input gives the same result.
//! - Refunds of a line in any parts add up to what was paid.
//!
//! Inside, amounts are whole steps of the market, as `i64`; products are `i128`. A sum that does not fit is an error.

mod breakdown;
mod candidates;
mod check;
mod choose;
mod context;
mod goods;
mod line;
mod line_stage;
mod order_stage;
mod percentage;
mod price;
mod promotion;
mod refund;
mod rounding;
mod rules;
mod scope;
mod set_stage;
mod shipping_stage;
mod step;
pub mod sums;
mod tax;

pub use breakdown::{
    AppliedPromotion, Breakdown, DiscountShare, PricedLine, PricedShipping, Refusal, RefusedPromotion, Reward,
    TaxShare, TaxSum,
};
pub use candidates::{MAX_ALONE, MAX_BEST, MAX_SETS};
pub use check::{MAX_PROMOTIONS, check_competing};
pub use context::{Context, Market, PriceMode, ShippingMethod};
pub use line::{Line, ListPrice, find_price};
pub use percentage::Percentage;
pub use price::price;
pub use promotion::{
    BundlePart, Combine, Conditions, Effect, LineEffect, Minimum, MinimumOf, OrderEffect, Promotion, SetEffect,
    ShippingEffect, Tier, UnitEffect,
};
pub use refund::{PaidAmount, Pieces, Refund, refund_share};
pub use rules::{Rules, ShippingTax, TaxClass, TaxComponent};
pub use scope::{Scope, Selector};
pub use step::Step;
