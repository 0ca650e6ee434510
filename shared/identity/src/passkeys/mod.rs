//! Passkeys (Web Authentication, level 2): a person shows a key of their device instead of a password or a code.
//!
//! The shop asks for discoverable credentials with user verification, so one passkey is two factors: the device, and its PIN or
//! biometrics. Attestation is not asked for, and no statement is trusted: the shop does not restrict who makes authenticators.
//!
//! A challenge is random, is used once and within five minutes, and is stored as a digest. A signature counts only with the type,
//! the origin, the relying party and the flags that the standard demands. A count of signatures that does not grow shows a copied
//! key: the login is refused, and operators see it.

mod add_passkey;
mod assertion;
mod attestation;
mod authenticator_data;
mod base64url;
mod begin_ceremony;
mod cbor;
mod challenge;
mod client_data;
mod list_passkeys;
mod log_in_with_passkey;
mod options;
mod passkey;
mod prove_passkey;
mod public_key;
mod refusal;
pub(crate) mod relying_party;
mod remove_passkey;
mod responses;
#[cfg(test)]
mod software_key;
mod store;
#[cfg(test)]
mod test_vectors;
mod use_passkey;

pub use add_passkey::NewPasskey;
pub use log_in_with_passkey::PasskeyLogin;
pub use options::{PasskeyCreation, PasskeyRequest};
pub use passkey::{MAX_PASSKEYS, PasskeyIn, PasskeyView};
pub use responses::PasskeyResponse;
