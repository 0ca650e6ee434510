//! The terms of a sale: markets, taxes and shipping methods.
//!
//! Rooms: `markets`, `tax`, `shipping`. Each `mod.rs` says what its room is for and what must stay true in it. `service.rs` has the service
//! whose methods are the use cases of admins, `terms.rs` what a sale reads. `store.rs` has the table; each room's `store.rs` has the rows of
//! the room.

pub mod markets;
mod service;
pub mod shipping;
mod store;
pub mod tax;
mod terms;

pub use service::TermsService;
pub use terms::Terms;
