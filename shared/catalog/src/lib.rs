//! The catalog: products, their prices, stock, categories, images and reviews.
//!
//! Rooms: `product`, `stock`, `flash`, `categories`, `images`, `reviews`, `bulk`, `normalize`. Each `mod.rs` says what its room is for and
//! what must stay true in it. `service.rs` has the service whose methods are the use cases. `store.rs` has the table
//! and its access patterns; each room's `store.rs` has the rows of the room.
//!
//! Invariants: a SKU names one offer for ever, and no new SKU differs from another one in letter case only. Stock is never
//! below 0. A changed price has a new `priceVersion`, a changed stock a new `stockVersion`. Product, offers, history and
//! event are written in one transaction. A product with variants is sold by its variants only. No category is below
//! itself, and two categories differ in more than letter case and Unicode form. Once the stream is read and the events of
//! all orders are processed, the movements of a SKU add up to its stock. A customer has at most one review of a product, and only of a
//! product that they received. A rating is the sum of the visible reviews.

mod bulk;
mod categories;
mod flash;
mod images;
mod normalize;
mod product;
mod reviews;
#[cfg(feature = "openapi")]
pub mod schema;
mod service;
mod stock;
mod store;

pub use bulk::import::MAX_IMPORT_BYTES;
pub use bulk::job::{Counts, Job};
pub use bulk::service::JobService;
pub use categories::category::{Category, CategoryContent};
pub use categories::node::CategoryNode;
pub use categories::tree::CategoryBranch;
pub use flash::buckets::{Bucket, FlashSale, MAX_BUCKETS};
pub use flash::choose_rows::MAX_PARTS;
pub use flash::find_rows::FoundRows;
pub use flash::store::{is_bucket_key, parse_bucket_key};
pub use images::image::{Alt, Image, ImageOut, ImageSize, MAX_IMAGES, Media, ProcessedImage, media_file};
pub use images::read::ImageStatus;
pub use images::upload::{
    ImageRefusal, ImageType, ImageUpload, MAX_IMAGE_BYTES, MAX_PIXELS, MAX_SIDE, NewImage, UploadState,
};
pub use normalize::progress::{FormerKeys, NormalizationReport, Undecided};
pub use product::attributes::{Attribute, AttributeName, Attributes};
pub use product::content::ProductContent;
pub use product::draft::{Draft, StockLevels};
pub use product::listing::Listing;
pub use product::merge_patch::{Change, Patch, PricePatch};
pub use product::offer::{BuyerKind, Offer, SaleRefusal, variant_required};
pub use product::offer_store::is_offer_key;
pub use product::product_row::Product;
pub use product::revision::{Revision, RevisionKind};
pub use product::status::Status;
pub use product::tax_class::TaxClass;
pub use product::terms::OfferTerms;
pub use product::texts::{Brand, Description, Name, Tags};
pub use product::variants::{MAX_VARIANTS, OptionValue, ProductKind, ProductOption, Variant, VariantSet};
pub use product::wire::{ProductIn, ProductOut, StockIn, VariantIn};
pub use reviews::moderate::ModerationDecision;
pub use reviews::rating::Rating;
pub use reviews::review::{Moderation, Review, ReviewContent, ReviewText, Stars, Visibility};
pub use service::CatalogService;
pub use stock::adjustment::StockAdjustment;
pub use stock::change::{MAX_PIECES, StockChange};
pub use stock::events::stock_events;
pub use stock::movement::{MovementKind, OrderMovement, StockMovement, sum_movements};
pub use stock::offer_change::NamedMovement;
pub use stock::reservation::{Part, ReservationFailure, StockRow, Wanted, read_reservation_failure};
pub use stock::shown::{ShownStock, pieces_in_cart};
pub use store::Catalog;
pub use tabular::{Delimiter, Dialect, Format};
