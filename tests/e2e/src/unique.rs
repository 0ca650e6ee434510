//! Unique names.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A name that no other test, and no earlier run, has used.
pub fn unique(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{what}-u{:x}-{}", since.as_micros(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// An email address that no other test, and no earlier run, has used.
pub fn unique_email(what: &str) -> String {
    format!("{}@example.com", unique(what))
}
