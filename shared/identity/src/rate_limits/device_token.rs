//! The token that a login leaves on its device: `<256 bits, base64url>.<end, seconds>.<HMAC, hex>`.
//!
//! It is bound to the email address, gives access to nothing, and is stored nowhere. Attempts with it have a counter of their own,
//! so a stranger's attempts do not keep the owner's device out, on whatever network it is. A client that loses it is counted like
//! any other.

use aws_kit::{DigestKey, random_token};
use aws_lc_rs::constant_time;
use values::{Email, Result, Timestamp};

use crate::rate_limits::attempt_history::KNOWN_SECONDS;

/// A device that an account was logged in from. It has no `Debug`, so that its token cannot get into a log.
pub(crate) struct KnownDevice {
    /// Names the device in its counter.
    pub(crate) id: String,
    /// The second of the login that gave its token; none before the first one.
    pub(crate) known_since: Option<i64>,
}

impl KnownDevice {
    /// A device that has no token yet.
    pub(crate) fn random() -> Result<Self> {
        Ok(Self { id: random_token()?, known_since: None })
    }

    /// The device of a token; none if the token is another account's, forged, or over.
    pub(crate) fn of_token(key: &DigestKey, email: &Email, text: &str, now: Timestamp) -> Option<Self> {
        let (id, rest) = text.split_once('.')?;
        let (end, mac) = rest.split_once('.')?;
        constant_time::verify_slices_are_equal(signature(key, email, id, end).as_bytes(), mac.as_bytes()).ok()?;
        // The signature covers the text of the number, so it is one of ours.
        let end: i64 = end.parse().ok()?;
        (now.seconds() < end).then(|| Self { id: id.to_owned(), known_since: Some(end - KNOWN_SECONDS) })
    }

    /// A token of this device, for as long as a network stays known.
    pub(crate) fn token(&self, key: &DigestKey, email: &Email, now: Timestamp) -> String {
        let (id, end) = (&self.id, (now.seconds() + KNOWN_SECONDS).to_string());
        let mac = signature(key, email, id, &end);
        format!("{id}.{end}.{mac}")
    }
}

fn signature(key: &DigestKey, email: &Email, id: &str, end: &str) -> String {
    key.digest(&[b"device token", email.as_str().as_bytes(), id.as_bytes(), end.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_names_its_device_for_its_account_until_it_ends() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let (key, other_key) = (DigestKey::new("a key of the test"), DigestKey::new("another key"));
        let (ada, bob) = ("ada@example.com".parse().unwrap(), "bob@example.com".parse().unwrap());
        let device = KnownDevice::random().unwrap();
        let token = device.token(&key, &ada, now);
        let id = |key, email, text: &str, now| KnownDevice::of_token(key, email, text, now).map(|device| device.id);
        assert_eq!(id(&key, &ada, &token, now), Some(device.id.clone()));
        let later = KnownDevice::of_token(&key, &ada, &token, now.plus_seconds(60)).unwrap();
        assert_eq!((device.known_since, later.known_since), (None, Some(now.seconds())));
        assert_eq!(id(&key, &ada, &token, now.plus_seconds(KNOWN_SECONDS - 1)), Some(device.id.clone()));
        assert_eq!(id(&key, &ada, &token, now.plus_seconds(KNOWN_SECONDS)), None);
        assert_eq!(id(&key, &bob, &token, now), None);
        assert_eq!(id(&other_key, &ada, &token, now), None);
        let (name, rest) = token.split_once('.').unwrap();
        let (end, mac) = rest.split_once('.').unwrap();
        for forged in [
            format!("x{name}.{end}.{mac}"),
            format!("{name}.{end}0.{mac}"),
            format!("{name}.{end}.{}", &mac[1..]),
            format!("{name}.{mac}"),
            format!("{name}.{end}.{mac}.{mac}"),
            String::new(),
            "..".to_owned(),
        ] {
            assert_eq!(id(&key, &ada, &forged, now), None, "{forged}");
        }
        assert!(!token.contains("ada@example.com"), "{token}");
    }
}
