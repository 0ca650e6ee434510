//! Carts: what customers and guests want to buy, at the prices that they saw last.
//!
//! Invariants:
//! - A cart has one line per SKU, at most 50 SKUs, and at most 999 pieces of each.
//! - A version of a cart never comes back with other lines.
//! - No change is lost to a concurrent one.
//! - An expired cart is read as missing, whatever the table still holds.

mod add;
mod cart;
mod change;
mod clear;
mod create;
mod erase;
mod export;
mod item_ref;
mod line;
mod merge;
mod merge_strategy;
mod owner;
mod remove;
#[cfg(feature = "openapi")]
mod schema;
mod set;
mod store;
mod view;

pub use cart::{Cart, CartView};
pub use change::{Change, ChangeKind};
pub use item_ref::ItemRef;
pub use line::Line;
pub use merge_strategy::MergeStrategy;
pub use owner::Owner;
pub use store::Carts;
