//! Room of codes: those that are stored one by one, and generated ones, which get a row when they are used.
//!
//! Invariants: a code belongs to one promotion for ever. Only a live promotion gets codes.

pub(crate) mod add_codes;
pub(crate) mod code;
pub(crate) mod coupon_code;
pub(crate) mod generate_codes;
pub(crate) mod generated_code;
pub(crate) mod store;
