//! Accounts, and everything by which a caller shows who they are: passwords, sessions, access tokens, API keys and providers.
//! It also keeps address books and guests' contacts, and exports and erases personal data.
//!
//! Rooms: `accounts` (accounts and the people behind them), `sign_in` (registration, login, providers), `second_factors`, `sessions`,
//! `tokens` (one-time tokens, access tokens, signing keys), `api_keys`, `addresses`, `privacy` (export, erase, close)
//! and `rate_limits`. Every use case is a method of `AccountService`, in the file that is named after it.
//!
//! Invariants:
//! - An email address belongs to one account. Its row is written in the transaction that creates the account.
//! - Personal data (email address, name, postal addresses, a guest's contact) is in rows of its own, so that it can be erased
//!   and the books stay. No key of the table holds an email address, and events carry ids only. The keys of two indexes hold
//!   the email address and the name, on the person's own row, and are erased with it (docs/adr/0015).
//! - A closed account leaves one row without personal data, which explains its id in histories. From then on no lookup finds
//!   the account. Its other rows are erased page by page.
//! - A change of role or status is one transaction with the account's index keys, its API keys and a line of its history.
//! - Nothing in the table is enough to log in: passwords are Argon2id hashes, tokens and codes are digests, and the signing key
//!   is in Secrets Manager.
//! - A signing key is published for a whole rotation before it signs, and stays published until its last token has expired.
//! - Every login, registration and reset is counted for its network and for the email address it names, whether or not an
//!   account has that address. Attempts from unknown networks never rate limit the owner on a known network or a known device.
//! - A session keeps the time at which the person last proved a credential; a refresh does not change it. What a thief of a session
//!   must not do needs a recent time (docs/adr/0022).
//! - An account with a second factor has no open session that was not proved with it: its first factor ends all sessions, and a
//!   first factor of a login begins none (docs/adr/0023). A code, a recovery code and a login's token are used once.
//! - A change that matters to the security of an account has an event in its transaction, which mails the owner. A reset revokes
//!   the account's API keys in its own transaction.
//! - A provider's link leads to one account, and an account has one link per provider. An email address that the provider has
//!   not verified leads to no account. An account whose address was never verified here is reclaimed: its password, sessions
//!   and default addresses go.
//! - A one-time token is used once: the transaction of its effect deletes it.
//! - An API key may do what its scopes and its account's role both allow, and never manages credentials. Its rows are written
//!   in one transaction with the account's count of keys.
//! - A passkey logs in by a signature over a challenge of the shop, which is used once. Its count of signatures never goes back, and
//!   its rows are written in one transaction with the account's count of passkeys.
//! - A session has one valid refresh token. The spent token, sent again, is either a retry within ten seconds, which gets the
//!   same successor, or a theft, which ends the session.

mod service;
mod store;

mod accounts;
mod addresses;
mod api_keys;
mod passkeys;
mod privacy;
mod rate_limits;
mod second_factors;
mod sessions;
mod sign_in;
mod tokens;

pub use accounts::{
    AccountStatus, Channel, Contact, Contacts, Language, Name, NameNormalization, NewName, Password, Preferences, User,
    UserFilter,
};
pub use addresses::{Address, AddressEntry, AddressIn, Country, MAX_ADDRESSES};
pub use api_keys::{ApiKeyIn, ApiKeyView, MAX_API_KEYS, NewApiKey};
#[cfg(feature = "openapi")]
pub use events::CUSTOMER_EVENTS;
pub use passkeys::{
    MAX_PASSKEYS, NewPasskey, PasskeyCreation, PasskeyIn, PasskeyLogin, PasskeyRequest, PasskeyResponse, PasskeyView,
};
pub use privacy::{ExportJob, export_folder};
pub use rate_limits::{RateLimited, SignInRateLimit};
pub use second_factors::{
    FactorAdded, FactorContext, FactorMethod, FactorsView, Login, LoginChallenge, NewRecoveryCodes, NewTotp,
    SecondFactorLogin, SecondFactorProof, TotpView,
};
pub use service::AccountService;
pub use sessions::{AccessToken, Device, SessionView, TokenPair, UserWithTokens};
pub use sign_in::{
    AuthPolicy, ExternalIdentity, LinkView, LoginRequest, PasswordChange, PendingSignIn, Proof, Provider, Registration,
    SIGN_IN_SECONDS, SignInRequest, SignInSecrets,
};
pub use tokens::{KeyRotation, PasswordReset, Signer, TokenMail, TokenPurpose};
