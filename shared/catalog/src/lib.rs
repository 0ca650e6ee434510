//! The catalog: products, what they cost, how many there are.
//!
//! Invariants: a SKU names one offer for ever; no offer ever has fewer than 0 pieces; a changed price has a new
//! `priceVersion`, a changed stock a new `stockVersion`; product, offers, history and the event that tells of a change are
//! written together or not at all; what has variants is sold by them alone; no category lies below itself; the
//! movements of a SKU add up to its stock as soon as the events of all orders are through; a customer has one review of a
//! product at most, and only of one that they received; a rating is what the visible reviews come to.

mod bulk;
mod categories;
mod images;
mod product;
mod reviews;
mod service;
mod stock;
mod store;

pub use bulk::job::{Counts, Job, JobFailure, JobStatus};
pub use bulk::service::Jobs;
pub use categories::category::{Category, Shelf};
pub use categories::tree::{Branch, Node};
pub use images::image::{Alt, Image, ImageOut, ImageSize, MOST_IMAGES, Made, Media, media_file};
pub use images::read::ImageFound;
pub use images::upload::{
    ImageType, ImageUpload, MOST_IMAGE_BYTES, MOST_PIXELS, MOST_SIDE, NewImage, Refusal, UploadState,
};
pub use product::attributes::{Attribute, Attributes};
pub use product::content::Sheet;
pub use product::draft::{Draft, Stock};
pub use product::listing::Listing;
pub use product::merge_patch::{Change, Patch, PricePatch};
pub use product::offer::{Offer, Unsold, variant_required, why_unsold};
pub use product::offer_store::is_offer;
pub use product::product_row::Product;
pub use product::revision::{Revision, RevisionKind};
pub use product::status::Status;
pub use product::tax_class::TaxClass;
pub use product::terms::Terms;
pub use product::texts::{Brand, Description, Name, Tags};
pub use product::variants::{Choice, Goods, MOST_VARIANTS, Range, Variant, Word};
pub use product::wire::{ProductIn, ProductOut, StockIn, VariantIn};
pub use reviews::moderate::Verdict;
pub use reviews::rating::Rating;
pub use reviews::review::{Hidden, Opinion, Prose, Review, Stars, Visibility};
pub use service::Products;
pub use stock::adjustment::Recount;
pub use stock::change::Movement;
pub use stock::events::crossings;
pub use stock::movement::{Cause, Moved, tally};
pub use store::Catalog;
pub use tabular::Format;
