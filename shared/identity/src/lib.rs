//! Who somebody is: accounts, passwords, login sessions, access tokens, address books, and how a guest is reached.
//!
//! Invariants:
//! - An email belongs to one account: its row is written in the transaction that makes the account.
//! - What tells who a person is (email, name, addresses, a guest's contact) lies in items of its own, so that it can be
//!   erased and the books stay. No key of a table's row holds an email, and events carry ids alone. The keys of two indexes
//!   do, on the person's own row, by which admins find people: they are erased with it (docs/adr/0015).
//! - An account that is closed leaves one row without a personal value, by which its id in histories is explained. Whoever looks
//!   for the account finds none, at once; what else it had is erased page by page.
//! - What an account may do and whether it may be used changes with where it is found, and with a line of its history.
//! - Nothing in the table logs anybody in: passwords are Argon2id hashes, refresh tokens are digests, the signing key is a secret.
//! - A key is published for a whole rotation before it signs, and stays until its last token has expired.
//! - Every login, registration and reset is counted, for its network and for the email it names, whether or not that is an
//!   account's. Strangers brake strangers, and not the owner where they logged in before.
//! - A provider's link leads to one account, and an account has one link per provider. An address that the provider has not verified
//!   leads nowhere; one that was never verified here is reclaimed, and nobody who knew the account's password gets in any more.
//! - A one-time token is used once: it goes in the transaction that does what it is good for.
//! - An API key does what its scopes and its account's role both allow, and nothing with what opens the account. Its rows are made,
//!   changed and removed with the account's count of them, and every change of role or status is told to all of them at once.
//! - A session has one good refresh token. The spent one shown again is either a retry within ten seconds, which gets the
//!   same successor, or a theft, which ends the session.

mod account;
mod address;
mod addresses;
mod api_key;
mod api_keys;
mod attempt;
mod begin_sign_in;
mod brake;
mod change_role;
mod change_status;
mod close_account;
mod code;
mod common_password;
mod contacts;
mod country;
mod end_all_sessions;
mod erase;
mod errand;
mod export_job;
mod exports;
mod gate;
mod grant_role;
mod held_of;
mod key_ring;
mod links;
mod list_users;
mod login;
mod logout;
mod network;
mod one_time;
mod password;
mod phone;
mod postal_code;
mod preferences;
mod present;
mod profile;
mod provider;
mod redeem_code;
mod refresh;
mod register;
mod request_token;
mod rotate_keys;
mod session;
mod sessions;
mod sign_in_with;
mod spend_token;
mod standing;
mod store;
mod throttle;
mod throttles;
mod token;
mod vouched;

pub use account::{Accounts, Name, SignedIn, Status, Tokens, User};
pub use address::{Address, AddressEntry, MOST_ADDRESSES};
pub use addresses::{AddressIn, add_address, addresses, remove_address, replace_address};
pub use api_key::{ApiKeyIn, ApiKeyView, MOST_API_KEYS, NewApiKey};
pub use api_keys::{api_keys, create_api_key, revoke_api_key};
pub use attempt::{Attempt, Journey, Keys, SIGN_IN_SECONDS};
pub use begin_sign_in::{begin_sign_in, resume_sign_in};
pub use brake::Brake;
pub use change_role::change_role;
pub use change_status::change_status;
pub use close_account::close_account;
pub use contacts::{Contact, Contacts, contact_write};
pub use country::Country;
pub use erase::{erase_page, is_closed};
pub use errand::Errand;
pub use export_job::{Claim, ExportFailure, ExportJob, ExportStatus, folder_of};
pub use exports::{begin_export, claim_export, export, write_export};
pub use gate::Gate;
pub use grant_role::grant_role;
pub use held_of::{held_of, held_rows};
pub use links::{LinkView, links, unlink};
pub use list_users::{Wanted, list_users};
pub use login::{Login, login};
pub use logout::logout;
pub use network::Network;
pub use one_time::Purpose;
pub use password::Password;
pub use preferences::{Channel, Language, Preferences, choose, preferences};
pub use present::present;
pub use profile::{account, profile, rename};
pub use provider::Provider;
pub use redeem_code::redeem_code;
pub use refresh::refresh;
pub use register::{Registration, register};
pub use request_token::{request_reset, request_verification};
pub use rotate_keys::KeyRotation;
pub use session::Device;
pub use sessions::{SessionView, end_session, sessions};
pub use sign_in_with::sign_in_with;
pub use spend_token::{confirm_reset, verify_email};
pub use throttle::Standing;
pub use throttles::Counted;
pub use token::Signer;
pub use vouched::Vouched;
