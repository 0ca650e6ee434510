//! One-time tokens that a mail brings, access tokens, and the keys that sign them.
//!
//! A one-time token is used once: the transaction of its effect deletes it. Its secret is created when the mail is written and
//! stored as a digest. An access token is a JWT; the public key of its signature was published a rotation before.

mod confirm_reset;
pub(crate) mod key_ring;
pub(crate) mod key_rotation;
pub(crate) mod lifetime;
pub(crate) mod mailed_token;
pub(crate) mod one_time_token;
mod order_token;
mod request_reset;
mod request_verification;
pub(crate) mod signer;
pub(crate) mod signing_key;
pub(crate) mod store;
pub(crate) mod token_mail;
mod use_token;
mod verify_email;

pub use confirm_reset::PasswordReset;
pub use key_rotation::KeyRotation;
pub use one_time_token::TokenPurpose;
pub use signer::Signer;
pub use token_mail::TokenMail;
