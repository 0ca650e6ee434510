//! Room of stock: how many pieces of a SKU there are, and the log of what changed that number.
//!
//! Invariants: stock is never below 0. Each change of stock has a new `stockVersion`. Once the stream is read and the events of all orders
//! are processed, the movements of a SKU add up to its stock.

pub(crate) mod adjust;
pub(crate) mod adjustment;
pub(crate) mod change;
pub(crate) mod events;
pub(crate) mod log;
pub(crate) mod movement;
pub(crate) mod offer_change;
pub(crate) mod reservation;
pub(crate) mod shown;
pub(crate) mod store;
