//! Carts: what customers and guests want to buy, at the prices that they saw last.
//!
//! Invariants:
//! - A cart has one line per SKU, at most 50 SKUs, at most 999 pieces of each, and at most five coupons.
//! - All prices of a cart are of one market and one customer group. If one of them changes, the cart is priced again before anything else, and
//!   its owner sees the changes.
//! - A version of a cart never comes back with other lines.
//! - No change is lost to a concurrent one.
//! - An expired cart is read as missing, whatever the table still holds.

mod add;
mod add_coupon;
mod cart;
mod change;
mod change_cart;
mod choose_market;
mod clear;
mod create;
mod erase;
mod export;
mod find_prices;
mod item_ref;
mod line;
mod merge;
mod merge_strategy;
mod open;
mod owner;
mod price;
mod price_basket;
mod priced_cart;
mod prices;
mod remove;
mod remove_coupon;
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
pub use price_basket::{Basket, price_basket};
pub use priced_cart::{Discount, Hint, PricedCart, hints};
pub use prices::Prices;
pub use store::{CartRow, Carts};
