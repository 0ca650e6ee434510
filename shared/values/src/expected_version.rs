//! The versions of a resource that a caller accepts as the current one.

/// A version that a caller has read. The minor version counts changes that do not make a new version, such as sales of stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    version: u64,
    minor: Option<u64>,
}

/// One or more versions of which one must be the current version. A conditional request lists them in `If-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedVersion(Vec<Known>);

impl ExpectedVersion {
    /// Accepts any of these versions, each with its minor version if the caller insists on that one, too.
    pub fn any_of(versions: impl IntoIterator<Item = (u64, Option<u64>)>) -> Self {
        Self(versions.into_iter().map(|(version, minor)| Known { version, minor }).collect())
    }

    /// Is `current` one of the expected versions? Minor versions do not count.
    pub fn matches(&self, current: u64) -> bool {
        self.0.iter().any(|known| known.version == current)
    }

    /// Is `current` one of the expected versions, and `minor` the minor version that was read with it, if there was one?
    pub fn matches_minor(&self, current: u64, minor: u64) -> bool {
        self.0.iter().any(|known| known.version == current && known.minor.is_none_or(|known| known == minor))
    }
}

impl From<u64> for ExpectedVersion {
    fn from(version: u64) -> Self {
        Self::any_of([(version, None)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_listed_version_matches() {
        let expected = ExpectedVersion::any_of([(3, None), (5, Some(7))]);
        assert!(expected.matches(3) && expected.matches(5) && !expected.matches(4));
        assert!(ExpectedVersion::from(4).matches(4));
    }

    #[test]
    fn minor_version_counts_only_where_it_was_read() {
        let expected = ExpectedVersion::any_of([(3, None), (5, Some(7))]);
        assert!(expected.matches_minor(3, 1) && expected.matches_minor(5, 7));
        assert!(!expected.matches_minor(5, 1) && !expected.matches_minor(3 + 1, 7));
    }
}
