//! What an admin expects of the row that they put.

use values::{Error, ExpectedVersion, Result};

/// Checks that a `what` can be put. Without an expected version it must be new: 409 with the code `exists`. Otherwise it must be at that
/// version: 404, or 412 `version_mismatch`.
pub(crate) fn check_put(
    what: &str,
    exists: &'static str,
    current: Option<u64>,
    expected: Option<&ExpectedVersion>,
) -> Result<()> {
    match (current, expected) {
        (None, None) => Ok(()),
        (Some(_), None) => {
            Err(Error::conflict(exists, format!("This {what} exists already. Choose another key, or change this one.")))
        }
        (current, Some(expected)) => check_change(what, current, expected),
    }
}

/// Checks that a `what` exists and is at the expected version: 404, or 412 `version_mismatch`.
pub(crate) fn check_change(what: &str, current: Option<u64>, expected: &ExpectedVersion) -> Result<()> {
    match current {
        None => Err(Error::not_found(what)),
        Some(current) if expected.matches(current) => Ok(()),
        Some(_) => Err(Error::version_mismatch(what)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_row_is_put_without_a_version_and_a_stored_one_with_its_own() {
        let put = |current: Option<u64>, expected: Option<u64>| {
            let expected = expected.map(ExpectedVersion::from);
            check_put("zone", "zone_exists", current, expected.as_ref()).map_err(|error| error.code)
        };
        assert_eq!([put(None, None), put(Some(3), Some(3))], [Ok(()); 2]);
        assert_eq!(put(Some(3), None), Err("zone_exists"));
        assert_eq!(put(None, Some(3)), Err("not_found"));
        assert_eq!(put(Some(4), Some(3)), Err("version_mismatch"));
    }
}
