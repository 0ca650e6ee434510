//! API keys of an account: create, list and revoke. All three need a login; no API key creates another.
//!
//! The key itself is shown once and stored as its SHA-256. The owner's row, the row that is checked, and the count on the account
//! are written in one transaction. An account has at most 20 keys, because all of them change with its role in one transaction.

pub(crate) mod api_key;
mod create_api_key;
mod limit_admin_keys;
mod list_api_keys;
mod revoke_api_key;
pub(crate) mod store;

pub use api_key::{ApiKeyIn, ApiKeyView, MAX_API_KEYS, NewApiKey};
