//! The functions and the budgets. The report compares the figures with the budgets. A missed budget is printed and is
//! no failure.

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

/// p99 of a search with facets, in the small and in the large catalog.
pub(crate) const SEARCH_MS: [f64; 2] = [5.0, 25.0];

/// The peak memory of the worker, for a file of any size.
pub(crate) const IMPORT_MEMORY_KIB: f64 = 256.0 * 1024.0;

/// AWS calls of adding to a cart in a scenario.
pub(crate) const ADD_CALLS: usize = 2;
/// AWS calls of placing an order in a scenario.
pub(crate) const PLACE_CALLS: usize = 2;

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
