//! The HTTP half of the kit, on axum: problem+json, bodies and parameters, who calls, pages with authenticated cursors,
//! entity tags, idempotency keys, and the layers every HTTP function wears. It knows no context.

mod app;
mod body;
mod conditional;
mod keyed;
mod list;
mod params;
mod problem;
mod raw;
mod source;
mod trusted;
mod visitor;

pub use app::{RequestId, run, with_layers};
pub use body::Json;
pub use conditional::{IfMatch, IfNoneMatch, etag, tagged};
pub use list::{Cursors, PageQuery, list, whole};
pub use params::{IdempotencyKey, ORDER_TOKEN, Path, Query, attempted, order_token};
pub use problem::Failure;
pub use raw::Raw;
pub use source::Source;
pub use visitor::{Allowed, ByLogin, LoggedIn, Member, Verifier, Visitor};

/// What every handler returns.
pub type Answer<T = axum::response::Response> = Result<T, Failure>;
