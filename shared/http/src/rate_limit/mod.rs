//! The rate limiter of every route: who is counted, by which limit, and what the answer tells.
//!
//! A request without a valid credential counts for its network, one with a session for its account, one with an API key for the key.
//! The class of a route selects the limit; each class has its own counters. aws-kit counts.

mod limiter;
mod request_limits;
mod route_class;
mod status_headers;

pub use limiter::RateLimiter;
#[cfg(feature = "openapi")]
pub(crate) use route_class::RouteClass;
pub use status_headers::add_rate_limit;
