//! The catalog: products, what they cost, how many there are.
//!
//! Invariants: a SKU names one offer for ever; no offer ever has fewer than 0 pieces; a changed price has a new
//! `priceVersion`, a changed stock a new `stockVersion`; product, offers, history and the event that tells of a change are
//! written together or not at all; what has variants is sold by them alone; no category lies below itself; the
//! movements of a SKU add up to its stock as soon as the events of all orders are through; a customer has one review of a
//! product at most, and only of one that they received; a rating is what the visible reviews come to.

mod archive;
mod attributes;
mod cache;
mod categories;
mod category;
mod change_review;
mod columns;
mod create;
mod crossing;
mod csv;
mod decimal;
mod export;
mod forget;
mod held_of;
mod hide_review;
mod history;
mod image;
mod image_upload;
mod images;
mod import;
mod job;
mod jobs;
mod listing;
mod log;
mod movements;
mod ndjson;
mod offer;
mod patch;
mod post_review;
mod product;
mod products;
mod rating;
mod read;
mod read_reviews;
mod received;
mod records;
mod replace;
mod review;
mod revise_review;
mod sheet;
mod stock;
mod store;
mod tree;
mod variants;
mod wire;

pub use attributes::{Attribute, Attributes};
pub use categories::Shelf;
pub use category::Category;
pub use crossing::crossings;
pub use hide_review::Verdict;
pub use history::{Kind as RevisionKind, Revision};
pub use image::{Alt, Image, ImageOut, Media, media_file};
pub use image_upload::{
    ImageSize, ImageType, ImageUpload, MOST_IMAGE_BYTES, MOST_PIXELS, MOST_SIDE, NewImage, Refusal, UploadState,
};
pub use images::{ImageFound, MOST_IMAGES, Made};
pub use job::{Counts, Format, Job, JobFailure, JobStatus};
pub use jobs::Jobs;
pub use listing::Listing;
pub use movements::{Cause, Moved, tally};
pub use offer::{Offer, Status, Unsold, variant_required, why_unsold};
pub use patch::{Change, Patch, PricePatch};
pub use product::{Brand, Description, Name, Product, Tags, TaxClass};
pub use products::Products;
pub use rating::Rating;
pub use review::{Hidden, Opinion, Prose, Review, Stars, Visibility};
pub use sheet::{Draft, Sheet, Stock, Terms};
pub use stock::{Movement, Recount};
pub use store::{Catalog, is_offer};
pub use tree::{Branch, Node};
pub use variants::{Choice, Goods, MOST_VARIANTS, Range, Variant, Word};
pub use wire::{ProductIn, ProductOut, StockIn, VariantIn};
