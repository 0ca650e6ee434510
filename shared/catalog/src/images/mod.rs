//! Room of images: announced by an admin, uploaded to the bucket, processed by the uploads function, and shown by the product.
//!
//! Invariants: an upload is settled once, however often it is processed. A product has at most 20 images. The name of a file is
//! a digest of its content, so a file never changes.

pub(crate) mod announce;
pub(crate) mod edit;
pub(crate) mod image;
pub(crate) mod read;
pub(crate) mod settle;
pub(crate) mod store;
pub(crate) mod upload;
