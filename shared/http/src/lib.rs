//! The HTTP half of the kit, on axum: problem+json, bodies and parameters, who calls, pages with authenticated cursors,
//! entity tags, idempotency keys, and the layers every HTTP function wears. It knows no context.

mod app;
mod body;
mod conditional;
mod keyed;
mod list;
#[cfg(feature = "openapi")]
pub mod openapi;
mod params;
mod problem;
mod raw;
mod source;
mod trusted;
mod visitor;

pub use app::{RequestId, run, with_layers};
pub use body::Json;
pub use conditional::{IfMatch, IfNoneMatch, etag, with_etag};
pub use list::{Cursors, PageQuery, list, single_page};
pub use params::{IdempotencyKey, ORDER_TOKEN, Path, Query, idempotent_response, order_token};
pub use problem::ApiError;
pub use raw::RawBody;
pub use source::SourceIp;
pub use visitor::{AccountHolder, AccountOwner, Authorized, CallContext, SessionOnly, Verifier};

/// What every handler returns.
pub type ApiResult<T = axum::response::Response> = Result<T, ApiError>;
