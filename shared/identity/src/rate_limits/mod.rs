//! Rate limits of login, registration, reset and sign-in: which attempts are counted, by which key, and which are refused.
//!
//! Every attempt counts for its network and for the email address that it names, over a sliding minute and a sliding hour.
//! A device that an account was logged in from keeps a token, and attempts with it are counted on their own.
//! Nothing is locked: the windows slide on. The table sees keyed digests only, never an email address or an IP address.

pub(crate) mod attempt_history;
pub(crate) mod attempt_key;
mod count_attempt;
pub(crate) mod device_token;
pub(crate) mod limits;
pub(crate) mod rate_limited;
pub(crate) mod sign_in_limit;
pub(crate) mod sliding_window;
mod store;

pub use rate_limited::RateLimited;
pub use sign_in_limit::SignInRateLimit;
