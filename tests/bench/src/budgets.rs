//! The functions and the budgets. The report compares the figures with the budgets. A missed budget is printed and is
//! no failure.

use std::fmt;

/// All functions, in the order of the tables.
pub(crate) const FUNCTIONS: [&str; 19] = [
    "auth",
    "oauth",
    "keys",
    "users",
    "products",
    "cart",
    "orders",
    "payments",
    "ops",
    "relay",
    "orders-worker",
    "payments-worker",
    "notifier",
    "housekeeping",
    "search",
    "indexer",
    "uploads",
    "catalog-worker",
    "privacy",
];

/// The size of a stripped binary.
pub(crate) const BINARY_BYTES: f64 = 7e6;
/// That of the functions with a search index or all of identity.
pub(crate) const LARGE_BINARY_BYTES: f64 = 9e6;

pub(crate) fn binary_bytes(function: &str) -> f64 {
    if ["auth", "search", "indexer"].contains(&function) { LARGE_BINARY_BYTES } else { BINARY_BYTES }
}
/// The start without warm-up calls, in starts of the bare hello world.
pub(crate) const START_RATIO: f64 = 2.0;
/// The peak memory at the first `next`.
pub(crate) const MEMORY_KIB: f64 = 10.0 * 1024.0;
/// Round trips of a GET of one thing, without cached keys and revocations.
pub(crate) const READ_TRIPS: usize = 1;
pub(crate) const ADD_TRIPS: usize = 2;
/// Read the cart, then one transaction.
pub(crate) const PLACE_TRIPS: usize = 2;

/// CPU time of an access token check.
pub(crate) const TOKEN_CPU_MS: f64 = 0.2;

/// The slowest operation of a function that a person waits for, with its deployed memory: above all Argon2id.
pub(crate) const PERSON_MS: f64 = 100.0;

/// p99 of a search with facets, in the small and in the large catalog.
pub(crate) const SEARCH_MS: [f64; 2] = [5.0, 25.0];

/// The peak memory of the worker, for a file of any size.
pub(crate) const IMPORT_MEMORY_KIB: f64 = 256.0 * 1024.0;

/// AWS calls of adding to a cart in a scenario.
pub(crate) const ADD_CALLS: usize = 2;
/// AWS calls of placing an order in a scenario.
pub(crate) const PLACE_CALLS: usize = 2;

/// The write units that each further line may add, up to four lines.
pub(crate) const LINE_UNITS: Limit = Limit::AtMost(3.0);
/// The dollars of a million lives "paid" without mail, with everything switched on that a shop can switch on.
pub(crate) const EVERYTHING_DOLLARS: Limit = Limit::AtMost(45.0);

/// A limit of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Limit {
    AtMost(f64),
    Under(f64),
}

impl Limit {
    pub(crate) fn verdict(self, figure: f64) -> Verdict {
        let is_kept = match self {
            Self::AtMost(limit) => figure <= limit,
            Self::Under(limit) => figure < limit,
        };
        if is_kept { Verdict::Pass } else { Verdict::Miss }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "<= {limit}"),
            Self::Under(limit) => write!(f, "< {limit}"),
        }
    }
}

/// Whether a figure is within its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    Miss,
}

impl Verdict {
    pub(crate) fn of(figure: f64, budget: f64) -> Self {
        if figure <= budget { Self::Pass } else { Self::Miss }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Miss => "MISS",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_is_kept_at_or_under_its_figure() {
        let verdicts = |limit: Limit| [35.9, 36.0, 36.1].map(|figure| limit.verdict(figure) == Verdict::Pass);
        assert_eq!(verdicts(Limit::AtMost(36.0)), [true, true, false]);
        assert_eq!(verdicts(Limit::Under(36.0)), [true, false, false]);
        assert_eq!([Limit::AtMost(36.0), Limit::Under(55.0)].map(|limit| limit.to_string()), ["<= 36", "< 55"]);
    }
}
