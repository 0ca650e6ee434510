//! One-time tokens from mails, and their rows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Mail, Response, SOON, Shop, await_until};

/// TypeID's alphabet (Crockford's base32 in lower case).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl Mail {
    /// The token in a link to that page of the shop, if the mail has one.
    pub fn token(&self, page: &str) -> Option<String> {
        let (_, rest) = self.text.split_once(&format!("/{page}?token="))?;
        let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
        (!token.is_empty()).then_some(token)
    }
}

impl Shop {
    /// The tokens for that page that were mailed to an email address, oldest first.
    pub async fn tokens_of(&self, email: &str, page: &str) -> Vec<String> {
        self.mailbox.of(email).await.iter().filter_map(|mail| mail.token(page)).collect()
    }

    /// Waits until `count` tokens were mailed; returns the last one.
    pub async fn awaits_token(&self, email: &str, page: &str, count: usize) -> String {
        await_until(format_args!("{email} is mailed {count} tokens for {page}"), SOON, async || {
            let tokens = self.tokens_of(email, page).await;
            let last = tokens.last().filter(|_| tokens.len() >= count);
            last.cloned().ok_or_else(|| format!("{} so far", tokens.len()))
        })
        .await
    }

    /// Requests a password reset; returns the token of the `count`th mail to that email address.
    pub async fn resets(&self, email: &str, count: usize) -> String {
        let body = serde_json::json!({ "email": email });
        let response: Response = self.from_new_ip().post("/api/v1/auth/reset-password", &body).await;
        response.expect(202);
        self.awaits_token(email, "reset-password", count).await
    }
}

/// The key of a token's row.
pub fn row_of(token: &str) -> String {
    let id = token.split('.').next().and_then(|id| URL_SAFE_NO_PAD.decode(id).ok());
    let id: [u8; 16] =
        id.and_then(|id| id.try_into().ok()).unwrap_or_else(|| panic!("a token should begin with an id"));
    let number = u128::from_be_bytes(id);
    let letter = |place: u32| char::from(ALPHABET[(number >> (5 * place) & 31) as usize]);
    let text: String = (0..26).rev().map(letter).collect();
    format!("TOKEN#tok_{text}")
}
