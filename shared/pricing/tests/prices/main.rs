//! Prices from outside the crate: the worked examples of docs/pricing.md, each stage, and the properties of all prices.

mod admin;
mod examples;
mod properties;
mod samples;
mod stages;
mod taxes;
