//! A guest's order token. It is derived, so that a repetition of a request whose answer was lost gets the same token.
//! Nothing that is stored lets a reader of the database read the order: the row has the digest of the token, the
//! idempotency record has the salt, and only the guest has the key.

use aws_kit::{random_token, sha256_hex};
use values::{OrderId, Result};

/// A new random salt for the token of one order.
pub(crate) fn new_salt() -> Result<String> {
    random_token()
}

/// The token of an order that was placed with that idempotency key.
pub(crate) fn derive(order: OrderId, key: &str, salt: &str) -> String {
    sha256_hex(format!("order-token\n{order}\n{salt}\n{key}").as_bytes())
}

/// The digest of a token, which the row has.
pub(crate) fn digest(token: &str) -> String {
    sha256_hex(token.as_bytes())
}
