//! Room of markets: in which currency, at which prices and to which countries the shop sells.
//!
//! Invariants: the shop has at most 20 markets, and exactly one default market, which is active and in the shop's currency. Without a
//! stored market that is an implied one, with net prices and without taxes. The key `default` always means the default market. The
//! currency of a market never changes, and its step only becomes finer, because carts, price lists and shipping methods hold amounts in
//! them.

mod delete_market;
pub(crate) mod market;
pub(crate) mod market_set;
mod put_market;
mod read_markets;
mod store;

pub use market::{Market, MarketContent, MarketStatus};
pub use market_set::MAX_MARKETS;
