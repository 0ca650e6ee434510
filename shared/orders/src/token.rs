//! A guest's order token. It is derived, so that the repetition of a request whose answer was lost can be answered with the
//! same token, while nothing stored lets anybody read the order: the row holds its digest, the salt lies with the
//! idempotency record, and the key stays with the guest.

use aws_kit::{random_token, sha256_hex};
use values::{OrderId, Result};

/// A salt for one order's token.
pub(crate) fn salt() -> Result<String> {
    random_token()
}

/// The token of an order placed with that idempotency key.
pub(crate) fn token(order: OrderId, key: &str, salt: &str) -> String {
    sha256_hex(format!("order-token\n{order}\n{salt}\n{key}").as_bytes())
}

/// What the row holds of a token.
pub(crate) fn digest(token: &str) -> String {
    sha256_hex(token.as_bytes())
}
