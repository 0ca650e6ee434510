//! The catalog: products, what they cost, how many there are.
//!
//! Invariants: a SKU names one offer for ever; no offer ever has fewer than 0 pieces; a changed price has a new
//! `priceVersion`; product, offer and the event that tells of a change are written together or not at all.

mod archive;
mod attributes;
mod categories;
mod create;
mod list;
mod offer;
mod patch;
mod product;
mod products;
mod read;
mod replace;
mod stock;
mod store;

pub use attributes::{Attribute, Attributes};
pub use categories::Branch;
pub use create::Draft;
pub use list::refuse_search;
pub use offer::{Offer, Status, Unsold, why_unsold};
pub use patch::{Change, Patch, PricePatch};
pub use product::{Category, Description, Listing, Name, Product, Sheet, Tags, TaxClass};
pub use products::Products;
pub use stock::{Movement, Recount};
pub use store::Catalog;
