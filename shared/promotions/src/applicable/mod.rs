//! Room of what applies: it finds the promotions for a price, and says why a coupon cannot be used.
//!
//! Invariant: what is found is at most 30 seconds old, and has at most five promotions with a limit.

pub(crate) mod coupon_refusal;
pub(crate) mod find;
pub(crate) mod found;
pub(crate) mod live_promotion;
pub(crate) mod memory;
