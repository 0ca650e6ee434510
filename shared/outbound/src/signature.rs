//! Signatures of requests, as Standard Webhooks defines them (<https://www.standardwebhooks.com>, version 1), so that a receiver finds a
//! library for its language.

use std::ops::RangeInclusive;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use values::{Error, Result, Timestamp};

/// How a key begins. Base64 of its bytes follows.
const PREFIX: &str = "whsec_";
/// The bytes of a key.
const KEY_LENGTH: RangeInclusive<usize> = 24..=64;

/// A key that souk shares with one server. `Debug` hides it.
#[derive(Debug, Clone)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// The key of a text such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`: `whsec_` and 24 to 64 bytes in base64. The error does not have the
    /// text.
    pub fn parse(text: &str) -> Result<Self> {
        let bytes = text.strip_prefix(PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
        let bytes = bytes.filter(|bytes| KEY_LENGTH.contains(&bytes.len()));
        let bytes =
            bytes.ok_or_else(|| Error::internal("a signing key must be whsec_ and 24 to 64 bytes in base64"))?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The headers of a request with that body. `id` is the idempotency key of its effect: all attempts have the same one.
    pub fn headers(&self, id: &str, at: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
        let seconds = at.seconds().to_string();
        let signed = [id.as_bytes(), b".", seconds.as_bytes(), b".", body].concat();
        let signature = STANDARD.encode(hmac::sign(&self.0, &signed));
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", seconds),
            ("webhook-signature", format!("v1,{signature}")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn signature_is_that_of_other_implementations() {
        let at = Timestamp::from_millis(1_614_265_330_999);
        let headers =
            SigningKey::parse(KEY).unwrap().headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        let values = headers.map(|(name, value)| format!("{name}: {value}"));
        assert_eq!(
            values,
            [
                "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp: 1614265330",
                "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ]
        );
    }

    #[test]
    fn key_is_long_enough_and_no_error_has_it() {
        let key = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        for good in [key(24), key(64)] {
            assert!(SigningKey::parse(&good).is_ok(), "{good}");
        }
        for bad in [key(23), key(65), key(0), KEY[6..].to_owned(), "whsec_?".to_owned(), String::new()] {
            let error = SigningKey::parse(&bad).unwrap_err();
            assert!(bad.len() < 8 || !format!("{error:?}").contains(&bad), "{bad}");
        }
        assert!(!format!("{:?}", SigningKey::parse(KEY).unwrap()).contains("MfKQ"));
    }
}
