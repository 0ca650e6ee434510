//! Carts: what customers and guests mean to buy, at the prices they last saw.
//!
//! Invariants: one line per SKU, 50 SKUs and 999 of each at most; a version never comes back with other lines; no change is
//! lost to another that ran beside it; an expired cart reads as none, whatever the table still holds.

mod add;
mod cart;
mod clear;
mod forget;
mod item;
mod line;
mod make;
mod merge;
mod owner;
mod remove;
mod set;
mod store;
mod strategy;
mod view;

pub use cart::{Cart, Change, Kind, View};
pub use item::Item;
pub use line::Line;
pub use owner::Owner;
pub use store::Carts;
pub use strategy::Strategy;
