//! Conditional requests (RFC 9110, 13). The entity tag of a resource is its version. A minor version may follow after a dot: it counts
//! changes that do not make a new version, such as sales of stock. Caches compare both; `If-Match` compares the version.

use std::fmt::Display;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use values::{Error, ExpectedVersion, Kind, Result};

use crate::body::Json;
use crate::entity_tag::{EntityTag, TagList};
use crate::problem::ApiError;

/// The entity tag of a version.
pub fn etag(version: impl Display) -> String {
    format!("\"{version}\"")
}

/// A resource with its entity tag, or 304 if the caller has this version already.
pub fn with_etag(version: impl Display, known: &IfNoneMatch, body: impl Serialize) -> Response {
    let version = version.to_string();
    let tag = HeaderValue::from_str(&etag(&version)).unwrap_or(HeaderValue::from_static("\"\""));
    if known.matches(&version) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    ([(header::ETAG, tag)], Json(body)).into_response()
}

/// The header `If-None-Match` of a `GET` (RFC 9110, 13.1.2): tags are compared weakly, and `*` matches every version. A malformed
/// header is ignored, so the caller receives the resource. Without the header, no version matches.
#[derive(Debug, Default)]
pub struct IfNoneMatch(Option<TagList>);

impl IfNoneMatch {
    fn of(headers: &HeaderMap) -> Self {
        Self(TagList::of(headers, &header::IF_NONE_MATCH))
    }

    fn matches(&self, version: &str) -> bool {
        match &self.0 {
            Some(TagList::Any) => true,
            Some(TagList::Tags(tags)) => tags.iter().any(|tag| tag.opaque == version.as_bytes()),
            None | Some(TagList::Malformed) => false,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::of(&parts.headers))
    }
}

/// The header `If-Match` of a change (RFC 9110, 13.1.1): tags are compared strongly, so a weak tag never matches. A list matches if one
/// of its tags does. A malformed header matches nothing, because a caller that sends one does not want an unconditional change.
#[derive(Debug, Default)]
pub struct IfMatch(Precondition);

#[derive(Debug, Default)]
enum Precondition {
    #[default]
    Missing,
    /// `*`: the resource has to exist, in any version.
    Any,
    /// And the listed tags as they were sent.
    Versions(ExpectedVersion, Vec<String>),
    /// No listed tag can be a version of a resource.
    Never,
}

impl IfMatch {
    fn of(headers: &HeaderMap) -> Self {
        Self(match TagList::of(headers, &header::IF_MATCH) {
            None => Precondition::Missing,
            Some(TagList::Any) => Precondition::Any,
            Some(TagList::Malformed) => Precondition::Never,
            Some(TagList::Tags(tags)) => {
                let strong: Vec<&str> = tags.iter().filter(|tag| !tag.is_weak).filter_map(EntityTag::as_str).collect();
                let versions: Vec<_> = strong.iter().copied().filter_map(version).collect();
                match versions.is_empty() {
                    true => Precondition::Never,
                    false => {
                        let strong = strong.into_iter().map(str::to_owned).collect();
                        Precondition::Versions(ExpectedVersion::any_of(versions), strong)
                    }
                }
            }
        })
    }

    /// The versions of which one must be the current version, for a change that must not overwrite another. Fails with 428
    /// `if_match_required` if the header is missing, and also for `*`: `*` names no version, so it would overwrite any change.
    pub fn required(&self) -> Result<&ExpectedVersion> {
        self.version()?.ok_or_else(|| {
            let detail = "Send `If-Match` with the `ETag` that you read, so that you do not overwrite another change.";
            Error::new(Kind::PreconditionRequired, "if_match_required", detail)
        })
    }

    /// The versions of which one must be the current version; none if the header is missing or `*`. Fails with 412
    /// `version_mismatch` if no listed tag can be a version.
    pub fn version(&self) -> Result<Option<&ExpectedVersion>> {
        match &self.0 {
            Precondition::Missing | Precondition::Any => Ok(None),
            Precondition::Versions(expected, _) => Ok(Some(expected)),
            Precondition::Never => {
                let detail =
                    "No version has the entity tag in `If-Match`. Read the resource again and send its `ETag`.";
                Err(Error::new(Kind::PreconditionFailed, "version_mismatch", detail))
            }
        }
    }

    /// Was something counted since the caller has read the current version? True if the header names this version with other minor
    /// versions than the `current` tag has, and neither that tag nor the version alone.
    pub fn is_behind(&self, current: &str) -> bool {
        let Precondition::Versions(_, tags) = &self.0 else { return false };
        let version = current.split('.').next();
        let mut of_version = tags.iter().filter(|tag| tag.split('.').next() == version).peekable();
        of_version.peek().is_some() && of_version.all(|tag| tag != current && tag.contains('.'))
    }

    /// Fails with 412 `version_mismatch` if the header names versions of `what`, but not the current one.
    pub fn check(&self, what: &str, current: u64) -> Result<()> {
        match self.version()? {
            Some(expected) if !expected.matches(current) => Err(Error::version_mismatch(what)),
            _ => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::of(&parts.headers))
    }
}

/// The version and the minor version in a tag such as `4` or `4.7`.
fn version(tag: &str) -> Option<(u64, Option<u64>)> {
    let mut numbers = tag.split('.');
    let version = numbers.next()?.parse().ok()?;
    Some((version, numbers.next().and_then(|minor| minor.parse().ok())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    fn headers(name: HeaderName, lines: &[&str]) -> HeaderMap {
        let lines = lines.iter().map(|line| HeaderValue::from_bytes(line.as_bytes()).unwrap());
        lines.map(|line| (name.clone(), line)).collect()
    }

    fn if_match(lines: &[&str]) -> IfMatch {
        IfMatch::of(&headers(header::IF_MATCH, lines))
    }

    #[test]
    fn if_match_expects_the_version_of_a_strong_tag() {
        for line in ["\"4\"", "\"4.0badcafe\"", "\"foreign\", \"4\"", "W/\"4\", \"4\"", "\"a,b\",\"4\""] {
            let if_match = if_match(&[line]);
            let expected = if_match.required().unwrap();
            assert!(expected.matches(4) && !expected.matches(3), "{line}");
        }
    }

    #[test]
    fn if_match_expects_any_listed_version() {
        for lines in [&["\"999\", \"4\""][..], &["\"4\", \"999\""][..], &["\"999\"", "\"4\""][..]] {
            let if_match = if_match(lines);
            let expected = if_match.version().unwrap().unwrap();
            assert!(expected.matches(4) && expected.matches(999) && !expected.matches(5), "{lines:?}");
        }
    }

    #[test]
    fn if_match_expects_the_minor_version_of_the_same_tag() {
        let if_match = if_match(&["\"foreign\", \"4.7.1\", \"5\""]);
        let expected = if_match.required().unwrap();
        assert!(expected.matches_minor(4, 7) && !expected.matches_minor(4, 8) && expected.matches_minor(5, 8));
    }

    #[test]
    fn tag_with_other_counters_is_behind() {
        for (line, is_behind) in [
            ("\"5.12.3\"", false),
            ("\"5\"", false),
            ("\"5.11.3\"", true),
            ("\"5.12.2\"", true),
            ("\"5.12\"", true),
            ("\"5.11.3\", \"5.12.3\"", false),
            ("\"5.11.3\", \"5\"", false),
            ("\"4.12.3\", \"5.11.3\"", true),
            ("\"4.12.3\"", false),
            ("*", false),
            ("W/\"5.11.3\"", false),
        ] {
            assert_eq!(if_match(&[line]).is_behind("5.12.3"), is_behind, "{line}");
        }
    }

    #[test]
    fn if_match_of_another_version_fails_the_check() {
        let check = |if_match: &IfMatch| if_match.check("cart", 4).map_err(|error| error.code);
        for matching in [if_match(&["\"4\""]), if_match(&["\"3\", \"4.7\""]), if_match(&["*"]), IfMatch::default()] {
            assert_eq!(check(&matching), Ok(()), "{matching:?}");
        }
        for other in [if_match(&["\"3\""]), if_match(&["W/\"4\""])] {
            assert_eq!(check(&other), Err("version_mismatch"), "{other:?}");
        }
    }

    #[test]
    fn if_match_without_a_possible_version_fails() {
        for never in ["W/\"4\"", "4", "\"foreign\"", "\"-1\"", "", " , ", "\"\u{e9}\"", "\"4\", 5", "*, \"4\"", "\"4"] {
            for error in [if_match(&[never]).version().unwrap_err(), if_match(&[never]).required().unwrap_err()] {
                assert_eq!((error.kind, error.code), (Kind::PreconditionFailed, "version_mismatch"), "{never}");
            }
        }
    }

    #[test]
    fn star_matches_any_version_and_does_not_replace_a_required_one() {
        assert_eq!(if_match(&["*"]).version().unwrap(), None);
        assert_eq!(if_match(&["*"]).required().unwrap_err().code, "if_match_required");
        assert_eq!(IfMatch::default().version().unwrap(), None);
        assert_eq!(IfMatch::default().required().unwrap_err().code, "if_match_required");
    }

    #[test]
    fn if_none_match_compares_weakly() {
        for (lines, status) in [
            (&["\"4\""][..], 304),
            (&["W/\"4\""][..], 304),
            (&["\"3\", W/\"4\""][..], 304),
            (&["\"3\"", "\"4\""][..], 304),
            (&["*"][..], 304),
            (&["\"3\""][..], 200),
            (&["\"3,\\\"4\\\"\""][..], 200),
            (&[""][..], 200),
            (&[][..], 200),
        ] {
            let known = IfNoneMatch::of(&headers(header::IF_NONE_MATCH, lines));
            assert_eq!(with_etag(4, &known, ()).status(), status, "{lines:?}");
        }
    }

    #[test]
    fn malformed_if_none_match_is_ignored() {
        for line in ["4", "\"4", "\"4\", 5", "*, \"4\"", "w/\"4\""] {
            let known = IfNoneMatch::of(&headers(header::IF_NONE_MATCH, &[line]));
            assert_eq!(with_etag(4, &known, ()).status(), 200, "{line}");
        }
    }
}
