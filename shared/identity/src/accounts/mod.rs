//! Accounts and the people behind them: profile, password, preferences, role and status, and the lists that admins search.
//!
//! The account (what it may do) and the person (who it is) are two rows, so that the person can be erased alone. An account's
//! version rises by one with every change that its owner or an admin can see. A change of role or status keeps the index keys,
//! the API keys and the history in step, in one transaction.

pub(crate) mod access;
pub(crate) mod account;
mod change_access;
mod change_role;
mod change_status;
pub(crate) mod common_password;
pub(crate) mod contact;
mod contact_write;
pub(crate) mod contacts;
mod current_user;
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
pub(crate) mod user;
pub(crate) mod user_filter;
pub(crate) mod user_lists;

pub use contact::Contact;
pub use contacts::Contacts;
pub use language::Language;
pub use new_name::NewName;
pub use normalize_names::NameNormalization;
pub use password::Password;
pub use person::Name;
pub use preferences::{Channel, Preferences};
pub use status::AccountStatus;
pub use user::User;
pub use user_filter::UserFilter;
