//! Second factors of an account: a code of an authenticator app (TOTP, RFC 6238), passkeys, and recovery codes for their loss.
//!
//! A right first factor (a password, a sign-in with a provider) begins no session of an account with a second factor: it gives a
//! login token, which is exchanged with a proof of the second factor. A token is used once, for five minutes and five proofs. A code
//! of an app and a recovery code are used once. The account's first factor makes its recovery codes and ends its other sessions, so
//! that no open session was proved without it; the last one's removal deletes them. The secret of an app is encrypted and recovery
//! codes are keyed digests, so nothing in the table is enough to log in (docs/adr/0023).

pub(crate) mod add_factor;
mod begin_proof;
mod confirm_totp;
mod enrol_totp;
pub(crate) mod factor_context;
pub(crate) mod factor_keys;
pub(crate) mod factors;
mod log_in_with_second_factor;
pub(crate) mod login_token;
pub(crate) mod prove;
pub(crate) mod recovery_codes;
mod remove_factor;
mod remove_totp;
pub(crate) mod replace_recovery_codes;
mod show_factors;
pub(crate) mod store;
pub(crate) mod totp;

pub use add_factor::FactorAdded;
pub use factor_context::FactorContext;
pub use factors::{FactorMethod, FactorsView, TotpView};
pub use log_in_with_second_factor::SecondFactorLogin;
pub use login_token::{Login, LoginChallenge};
pub use prove::SecondFactorProof;
pub use recovery_codes::NewRecoveryCodes;
pub use totp::NewTotp;
