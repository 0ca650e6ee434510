//! A body as its raw bytes, for signatures over them.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use values::{Error, Kind};

use crate::ApiError;

/// A provider's webhooks have a few kilobytes.
const MAX_BYTES: usize = 256 * 1024;

/// The bytes of a body, at most 256 KB.
#[derive(Debug, Clone)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = axum::body::to_bytes(request.into_body(), MAX_BYTES).await;
        Ok(Self(bytes.map_err(|_| Error::new(Kind::TooLarge, "body_too_large", "The body is larger than 256 KB."))?))
    }
}
