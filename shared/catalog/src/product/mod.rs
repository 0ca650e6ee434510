//! Room of products: their texts, variants, prices, history, and the use cases that change them.
//!
//! Invariants: a SKU names one offer for ever. A changed price has a new `priceVersion`. Product, offers, history and event are
//! written in one transaction. A product with variants is sold by its variants only.

pub(crate) mod archive;
pub(crate) mod attributes;
pub(crate) mod cache;
pub(crate) mod content;
pub(crate) mod create;
pub(crate) mod draft;
pub(crate) mod history;
pub(crate) mod listing;
pub(crate) mod merge_patch;
pub(crate) mod offer;
pub(crate) mod offer_store;
pub(crate) mod patch;
pub(crate) mod product_row;
pub(crate) mod read;
pub(crate) mod replace;
pub(crate) mod revision;
pub(crate) mod save;
pub(crate) mod sku_claims;
pub(crate) mod spelling;
pub(crate) mod status;
pub(crate) mod store;
pub(crate) mod tax_class;
pub(crate) mod terms;
pub(crate) mod texts;
pub(crate) mod variants;
pub(crate) mod wire;
pub(crate) mod wire_out;
