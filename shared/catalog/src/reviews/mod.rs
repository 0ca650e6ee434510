//! Room of reviews: what customers write about products that they received, moderation, and ratings.
//!
//! Invariants: a customer has at most one review of a product, and only of a product that they received. The rating of a
//! product is the sum of its visible reviews: each change of a review updates it in the same transaction.

pub(crate) mod change;
pub(crate) mod delivery;
pub(crate) mod erase;
pub(crate) mod export;
pub(crate) mod moderate;
pub(crate) mod post;
pub(crate) mod rating;
pub(crate) mod read;
pub(crate) mod record_delivery;
pub(crate) mod review;
pub(crate) mod store;
pub(crate) mod update;
