//! The limit of declined payments with one card, by all customers together. A card is known by the provider's fingerprint of its number.

use aws_kit::{DigestKey, Settings};
use values::Result;

/// Characters of a digest in a key: 128 bits.
const DIGEST_LENGTH: usize = 32;

/// The limit, and the key of the digests that stand for fingerprints.
#[derive(Debug)]
pub struct CardLimit {
    key: DigestKey,
    /// Declined payments in an hour.
    pub(crate) declines: u32,
}

impl CardLimit {
    /// Reads `SOUK_RATE_LIMIT_KEY` and `SOUK_DECLINES_CARD`.
    pub fn from_env() -> Result<Self> {
        Ok(Self { key: DigestKey::from_env()?, declines: Settings.parsed("SOUK_DECLINES_CARD")? })
    }

    /// What stands for the card with that fingerprint.
    pub(crate) fn digest(&self, fingerprint: &str) -> String {
        self.key.short_digest(&[b"payments", b"card", fingerprint.as_bytes()], DIGEST_LENGTH)
    }
}
