//! The caller's rate limit status in the headers of an answer (RateLimit fields of the IETF draft's version 03, which most clients
//! know).

use http::{HeaderMap, HeaderName, HeaderValue};
use values::RateLimitStatus;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Adds the status, unless a more special limit's status is there already.
pub fn add_rate_limit(headers: &mut HeaderMap, status: RateLimitStatus) {
    if headers.contains_key(LIMIT) {
        return;
    }
    for (name, number) in [(LIMIT, status.limit()), (REMAINING, status.remaining()), (RESET, status.reset_seconds())] {
        headers.insert(name, HeaderValue::from(number));
    }
}
