//! The HTTP half of the kit, on axum: problem+json, bodies and parameters, callers, pages with authenticated cursors,
//! entity tags, idempotency keys, and the layers of every HTTP function. It knows no context.

mod api_key;
mod app;
mod body;
mod call_context;
mod conditional;
mod credential;
mod entity_tag;
mod list;
#[cfg(feature = "openapi")]
pub mod openapi;
mod params;
mod problem;
mod rate_limit;
mod raw_body;
mod replacement;
mod request_actor;
mod source_ip;
mod token;
mod trusted_edge;
mod trusted_issuer;
mod verifier;

pub use app::{RequestId, run};
pub use body::Json;
pub use call_context::{
    AccountHolder, AccountOwner, Authorized, CallContext, GuestTrace, RecentLogin, RecentLoginToEnrol, SessionOnly,
};
pub use conditional::{IfMatch, IfNoneMatch, etag, with_etag};
pub use list::{Cursors, PageQuery, list, single_page};
pub use params::{IdempotencyKey, ORDER_TOKEN, Path, Query, idempotent_response, order_token};
pub use problem::ApiError;
pub use rate_limit::{RateLimiter, add_rate_limit};
pub use raw_body::RawBody;
pub use replacement::{Replaceable, Replacement};
pub use source_ip::SourceIp;
pub use verifier::Verifier;

/// The return type of every handler.
pub type ApiResult<T = axum::response::Response> = Result<T, ApiError>;
