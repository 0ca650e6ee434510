//! The functions, and the house budgets (house.md, "Budgets"): what the figures are held against. A miss is shown, it fails
//! nothing.

/// Every function, in the order of the tables.
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

/// 7 MB, stripped.
pub(crate) const BINARY_BYTES: f64 = 7e6;
/// Start, warm-up calls apart, in starts of the bare hello world.
pub(crate) const START_RATIO: f64 = 2.0;
/// 10 MiB at the first `next`.
pub(crate) const MEMORY_KIB: f64 = 10.0 * 1024.0;
/// Round trips of a GET of one thing, beyond cached keys and revocations.
pub(crate) const READ_TRIPS: usize = 1;
/// Round trips of adding to a cart.
pub(crate) const ADD_TRIPS: usize = 2;
/// Round trips of placing an order: read the cart, one transaction.
pub(crate) const PLACE_TRIPS: usize = 2;

/// CPU of checking an access token.
pub(crate) const TOKEN_CPU_MS: f64 = 0.2;

/// Search with facets, p99: of the small catalog, of the large one.
pub(crate) const SEARCH_MS: [f64; 2] = [5.0, 25.0];

/// 256 MB: what a worker needs at most for a file of any size.
pub(crate) const IMPORT_MEMORY_KIB: f64 = 256.0 * 1024.0;

/// AWS calls of adding to a cart, in the life of an order.
pub(crate) const ADD_CALLS: usize = 2;
/// AWS calls of placing an order.
pub(crate) const PLACE_CALLS: usize = 2;

/// How a figure stands to its budget.
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
