//! The fake provider over HTTP: calls, refusals, faults and webhooks.

mod client;
mod intents;
mod listener;
mod refunds;
mod webhooks;
