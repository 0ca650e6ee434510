//! Accounts and the people behind them: profile, password, preferences, role and status, customer group and tax status, and the lists
//! that admins search.
//!
//! The account (what it may do) and the person (who it is) are two rows, so that the person can be erased alone. An account's
//! version rises by one with every change that its owner or an admin can see. A change of role or status keeps the index keys,
//! the API keys and the history in step, in one transaction. A change of customer group or tax status is
//! one with a line of the history.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod buyer;
mod buyer_store;
mod change_access;
mod change_buyer;
mod change_group;
mod change_role;
mod change_status;
mod change_tax_status;
pub(crate) mod common_password;
pub(crate) mod contact;
mod contact_write;
pub(crate) mod contacts;
mod current_user;
pub(crate) mod customer_group;
mod find_by_email;
mod get_preferences;
mod grant_role;
pub(crate) mod language;
mod list_users;
mod name_store;
pub(crate) mod new_name;
mod normalize_names;
pub(crate) mod password;
pub(crate) mod person;
pub(crate) mod preferences;
mod profile;
mod rename;
mod security_event;
mod set_preferences;
pub(crate) mod status;
mod store;
pub(crate) mod tax_status;
pub(crate) mod user;
pub(crate) mod user_filter;
pub(crate) mod user_lists;
pub(crate) mod vat_id;

pub use buyer::Buyer;
pub use contact::Contact;
pub use contacts::Contacts;
pub use customer_group::CustomerGroup;
pub use language::Language;
pub use new_name::NewName;
pub use normalize_names::NameNormalization;
pub use password::Password;
pub use person::Name;
pub use preferences::{Channel, Preferences};
pub use status::AccountStatus;
pub use tax_status::{TaxLiability, TaxStatus};
pub use user::User;
pub use user_filter::UserFilter;
pub use vat_id::VatId;
