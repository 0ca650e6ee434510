//! The fake provider over HTTP: what it honours, what it refuses, how it fails, and what it tells its listeners.

mod client;
mod intents;
mod listener;
mod refunds;
mod webhooks;
