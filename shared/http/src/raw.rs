//! A body as it was sent, for what is signed byte by byte.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use values::{Error, Kind};

use crate::Failure;

/// A provider's webhooks have a few kilobytes.
const MOST_BYTES: usize = 256 * 1024;

/// The bytes of a body, 256 KB at most.
#[derive(Debug, Clone)]
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let bytes = axum::body::to_bytes(request.into_body(), MOST_BYTES).await;
        Ok(Self(bytes.map_err(|_| Error::new(Kind::TooLarge, "body_too_large", "The body is larger than 256 KB."))?))
    }
}
