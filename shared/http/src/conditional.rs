//! Entity tags (RFC 9110, 8.8 and 13): a resource's version, sent and compared. Where the answer also shows what moves without
//! making a version (stock, say), that follows after a dot: caches see it, `If-Match` looks at the version alone.

use std::fmt::Display;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use values::{Error, Kind, Result};

use crate::{Failure, Json};

/// The tag of a version.
pub fn etag(version: impl Display) -> String {
    format!("\"{version}\"")
}

/// A resource with its tag, or 304 when the caller has that version already.
pub fn tagged(version: impl Display, known: &IfNoneMatch, body: impl Serialize) -> Response {
    let tag = etag(version);
    let header = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
    if known.0.iter().any(|held| held == &tag || held == "*") {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, header)]).into_response();
    }
    ([(header::ETAG, header)], Json(body)).into_response()
}

/// The tags of `If-None-Match`, compared weakly.
#[derive(Debug, Default)]
pub struct IfNoneMatch(Vec<String>);

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self(tags(parts, &header::IF_NONE_MATCH)))
    }
}

/// The tags of `If-Match`.
#[derive(Debug, Default)]
pub struct IfMatch(Vec<String>);

impl IfMatch {
    /// The version that must still be the present one; an error when the header is missing.
    pub fn required(&self) -> Result<u64> {
        self.version()?.ok_or_else(|| {
            let detail = "Send `If-Match` with the ETag you read, so that nobody's change is lost.";
            Error::new(Kind::PreconditionRequired, "if_match_required", detail)
        })
    }

    /// The version that must still be the present one, if the caller named one.
    pub fn version(&self) -> Result<Option<u64>> {
        let Some(tag) = self.0.first() else { return Ok(None) };
        let version = tag.trim_matches('"').split('.').next().unwrap_or_default().parse();
        version
            .map(Some)
            .map_err(|_| Error::new(Kind::PreconditionFailed, "version_mismatch", "No version has this ETag."))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self(tags(parts, &header::IF_MATCH)))
    }
}

fn tags(parts: &Parts, name: &header::HeaderName) -> Vec<String> {
    let values = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let tags = values.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/").to_owned());
    tags.filter(|tag| !tag.is_empty()).collect()
}
