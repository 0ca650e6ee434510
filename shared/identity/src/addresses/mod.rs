//! Address books: the postal addresses of an account, at most 20, checked by the rules of their country.
//!
//! The rules are data that Google publishes ([`country`], [`area`]). They hold for requests; stored addresses are read as they are.
//!
//! At most one address is the default for shipping and at most one for billing. The account's row says which, so that there is
//! never a second one. The account's count of addresses changes in the transaction that adds or removes one.

mod add_address;
pub(crate) mod address;
pub(crate) mod address_entry;
pub(crate) mod address_in;
pub(crate) mod area;
pub(crate) mod country;
pub(crate) mod default_addresses;
mod find_address;
pub(crate) mod label;
mod list_addresses;
pub(crate) mod optional_text;
pub(crate) mod phone;
pub(crate) mod postal_code;
pub(crate) mod postal_pattern;
mod remove_address;
mod replace_address;
mod store;

pub use address::Address;
pub use address_entry::{AddressEntry, MAX_ADDRESSES};
pub use address_in::AddressIn;
pub use country::Country;
