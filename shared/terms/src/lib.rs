//! The terms of a sale: markets, taxes and shipping methods.
//!
//! Rooms: `markets`, `tax`, `shipping`. Each `mod.rs` says what its room is for and what must stay true in it. `service.rs` has the service
//! whose methods are the use cases of admins, `terms.rs` what a sale reads. `store.rs` has the table; each room's `store.rs` has the rows of
//! the room.
//!
//! Invariants: a sale reads rules that are at most 30 seconds old, and a warm execution environment reads none. A shop that has stored no
//! terms has one market in its currency, without taxes and without shipping methods. No row names a person. An amount always has its
//! currency, so a rule of another currency is not used instead of converted.

mod cached;
mod country;
mod day;
#[cfg(test)]
mod demo_terms;
mod destination;
mod expected;
pub mod markets;
#[cfg(feature = "openapi")]
mod schema;
mod service;
pub mod shipping;
mod slug;
mod store;
pub mod tax;
mod terms;

pub use day::Day;
pub use destination::Destination;
pub use service::TermsService;
pub use slug::{MarketKey, MethodKey, PriceListKey, Slug, ZoneKey};
pub use terms::Terms;
