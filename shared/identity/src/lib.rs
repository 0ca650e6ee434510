//! Who somebody is: accounts, passwords, login sessions, access tokens, address books, and how a guest is reached.
//!
//! Invariants:
//! - An email belongs to one account: its row is written in the transaction that makes the account.
//! - What tells who a person is (email, name, addresses, a guest's contact) lies in items of its own, so that it can be
//!   erased and the books stay. No key holds an email, and events carry ids alone.
//! - Nothing in the table logs anybody in: passwords are Argon2id hashes, refresh tokens are digests, the signing key is a secret.
//! - Every login, registration and reset is counted, for its network and for the email it names, whether or not that is an
//!   account's. Strangers brake strangers, and not the owner where they logged in before.
//! - A one-time token is used once: it goes in the transaction that does what it is good for.
//! - A session has one good refresh token. The spent one shown again is either a retry within ten seconds, which gets the
//!   same successor, or a theft, which ends the session.

mod account;
mod address;
mod addresses;
mod common_password;
mod contacts;
mod country;
mod end_all_sessions;
mod errand;
mod gate;
mod grant_role;
mod list_users;
mod login;
mod logout;
mod network;
mod one_time;
mod password;
mod profile;
mod refresh;
mod register;
mod request_token;
mod session;
mod sessions;
mod spend_token;
mod store;
mod throttle;
mod throttles;
mod token;

pub use account::{Accounts, Name, SignedIn, Tokens, User};
pub use address::{Address, AddressEntry, MOST_ADDRESSES};
pub use addresses::{add_address, addresses, remove_address, replace_address};
pub use contacts::{Contacts, contact_write};
pub use country::Country;
pub use errand::Errand;
pub use gate::Gate;
pub use grant_role::grant_role;
pub use list_users::list_users;
pub use login::{Login, login};
pub use logout::logout;
pub use network::Network;
pub use one_time::Purpose;
pub use password::Password;
pub use profile::{profile, rename};
pub use refresh::refresh;
pub use register::{Registration, register};
pub use request_token::{request_reset, request_verification};
pub use session::Device;
pub use sessions::{SessionView, end_session, sessions};
pub use spend_token::{confirm_reset, verify_email};
pub use throttle::Standing;
pub use throttles::Counted;
pub use token::Signer;
