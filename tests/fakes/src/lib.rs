//! Doubles of what souk talks to, stricter than the real thing and able to fail on request: a payment provider that
//! speaks Stripe's PaymentIntents wire and judges "exactly one charge", GitHub's sign-in, and a proxy in front of DynamoDB that counts
//! and breaks requests. Everything is in memory. Control planes lie under `/_fake`.

pub mod dynamodb_proxy;
pub mod github;
pub mod issuer;
pub mod provider;
pub mod serve;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Locks what several requests share. A handler that panicked leaves plain data behind, so its lock is taken over.
pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
