//! Entity tags (RFC 9110, 8.8 and 13): a resource's version, sent and compared. Where the answer also shows what moves without
//! making a version (stock, say), that follows after a dot: caches see it, `If-Match` looks at the version alone.

use std::fmt::Display;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use values::{Error, Kind, Result};

use crate::{ApiError, Json};

/// The tag of a version.
pub fn etag(version: impl Display) -> String {
    format!("\"{version}\"")
}

/// A resource with its tag, or 304 when the caller has that version already.
pub fn with_etag(version: impl Display, known: &IfNoneMatch, body: impl Serialize) -> Response {
    let tag = etag(version);
    let header = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""));
    if known.0.iter().any(|held| held.trim_start_matches("W/") == tag || held == "*") {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, header)]).into_response();
    }
    ([(header::ETAG, header)], Json(body)).into_response()
}

/// The tags of `If-None-Match`, compared weakly.
#[derive(Debug, Default)]
pub struct IfNoneMatch(Vec<String>);

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(tags(parts, &header::IF_NONE_MATCH)))
    }
}

/// The tags of `If-Match`.
#[derive(Debug, Default)]
pub struct IfMatch(Vec<String>);

impl IfMatch {
    /// A header without any tag that can be read insists on something, which is no version of ours.
    fn of(parts: &Parts) -> Self {
        let mut tags = tags(parts, &header::IF_MATCH);
        if tags.is_empty() && parts.headers.contains_key(header::IF_MATCH) {
            tags.push(String::new());
        }
        Self(tags)
    }

    /// The version that must still be the present one; an error when the header is missing, or names none (`*`).
    pub fn required(&self) -> Result<u64> {
        self.version()?.ok_or_else(|| {
            let detail = "Send `If-Match` with the ETag you read, so that nobody's change is lost.";
            Error::new(Kind::PreconditionRequired, "if_match_required", detail)
        })
    }

    /// The version that must still be the present one, if the caller named one. RFC 9110, 13.1.1: `*` is content with any, a
    /// weak tag never matches. Of several, the first that is a version counts.
    pub fn version(&self) -> Result<Option<u64>> {
        if self.0.is_empty() || self.0.iter().any(|tag| tag == "*") {
            return Ok(None);
        }
        let version = self.strong().filter_map(|tag| tag.split('.').next()?.parse().ok()).next();
        let mismatch = || Error::new(Kind::PreconditionFailed, "version_mismatch", "No version has this ETag.");
        version.map(Some).ok_or_else(mismatch)
    }

    /// What the same tag says after its first dot, for the few who care for what moves without a version.
    pub fn moves(&self) -> Option<u64> {
        let of = |tag: &str| {
            let mut parts = tag.split('.');
            parts.next()?.parse::<u64>().ok()?;
            Some(parts.next()?.parse().ok())
        };
        self.strong().filter_map(of).next().flatten()
    }

    fn strong(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|tag| tag.strip_prefix('"')?.strip_suffix('"'))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::of(parts))
    }
}

fn tags(parts: &Parts, name: &header::HeaderName) -> Vec<String> {
    let values = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let tags = values.flat_map(|value| value.split(',')).map(|tag| tag.trim().to_owned());
    tags.filter(|tag| !tag.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn parts(name: header::HeaderName, value: &str) -> Parts {
        Request::builder().header(name, value).body(()).unwrap().into_parts().0
    }

    fn if_match(value: &str) -> IfMatch {
        IfMatch::of(&parts(header::IF_MATCH, value))
    }

    #[test]
    fn if_match_names_a_version_by_its_strong_tag() {
        assert_eq!(
            if_match("\"4.0badcafe\"").version().unwrap(),
            Some(4),
            "what moves without a version does not count"
        );
        assert_eq!(if_match("\"foreign\", \"4\"").version().unwrap(), Some(4));
        assert_eq!(if_match("\"foreign\", \"4.7.1\"").moves(), Some(7));
        assert_eq!((if_match("\"4\"").moves(), if_match("*").moves()), (None, None));
        for never in ["W/\"4\"", "4", "\"foreign\"", "\"-1\"", "", " , ", "\"\u{e9}\""] {
            assert_eq!(if_match(never).version().unwrap_err().kind, Kind::PreconditionFailed, "{never}");
        }
    }

    #[test]
    fn a_star_is_content_with_any_version_but_is_none_where_one_is_wanted() {
        assert_eq!(if_match("*").version().unwrap(), None);
        assert_eq!(if_match("*").required().unwrap_err().code, "if_match_required");
        assert_eq!(IfMatch::default().version().unwrap(), None);
    }

    #[test]
    fn if_none_match_compares_weakly() {
        for (held, status) in [("\"4\"", 304), ("W/\"4\"", 304), ("\"3\", W/\"4\"", 304), ("*", 304), ("\"3\"", 200)] {
            let known = IfNoneMatch(tags(&parts(header::IF_NONE_MATCH, held), &header::IF_NONE_MATCH));
            assert_eq!(with_etag(4, &known, ()).status(), status, "{held}");
        }
    }
}
