//! Stripe, the payment provider (API 2023-08-16).

mod client;
mod intents;
mod refunds;

pub use client::Stripe;
pub(crate) use intents::{Intent, IntentCreation, IntentState};
pub(crate) use refunds::{ProviderRefund, RefundCreation};
