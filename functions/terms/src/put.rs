//! What the routes of PUT share. Each creates or replaces: without `If-Match` it creates what must not exist yet, with it, it replaces the
//! version that the caller has read.

use http::StatusCode;
use terms::Slug;
use values::{Error, ExpectedVersion, Result};

/// The key in the path of something that may be new. A key that cannot exist is 422 `invalid_value`, because 404 would not say why.
pub(crate) fn key_of<const MAX: usize>(field: &str, key: String) -> Result<Slug<MAX>> {
    Slug::<MAX>::try_from(key).map_err(|message| Error::invalid(field, "invalid_value", message))
}

/// The status of a success.
pub(crate) fn status(expected: Option<&ExpectedVersion>) -> StatusCode {
    if expected.is_none() { StatusCode::CREATED } else { StatusCode::OK }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terms::MarketKey;

    #[test]
    fn key_that_cannot_exist_is_refused_with_its_field() {
        let key: MarketKey = key_of("key", "eu".to_owned()).unwrap();
        assert_eq!(key.as_str(), "eu");
        for bad in ["EU", "e u", "0123456789abcdefg"] {
            let error = key_of::<16>("key", bad.to_owned()).unwrap_err();
            assert_eq!((error.fields[0].field.as_str(), error.fields[0].code), ("key", "invalid_value"), "{bad}");
        }
    }

    #[test]
    fn put_without_a_version_creates() {
        assert_eq!(status(None), StatusCode::CREATED);
        assert_eq!(status(Some(&ExpectedVersion::from(3))), StatusCode::OK);
    }
}
