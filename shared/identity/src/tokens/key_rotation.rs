//! Rotates the keys of access tokens, in the four steps of Secrets Manager: create a new version of the secret, publish its public
//! keys, test them, and make the version current. Each step can be repeated.

use aws_kit::{Aws, Issuer, Rotation, TokenTrust, random_token, sha256_hex};
use values::{Clock, Error, Result};

use crate::tokens::key_ring::KeyRing;
use crate::tokens::signing_key::Seed;

/// Rotates the signing secret. Only the function `keys` uses it, and only `keys` may write the secret and the published key set.
#[derive(Debug, Clone)]
pub struct KeyRotation {
    secret: Rotation,
    trust: TokenTrust,
    clock: Clock,
}

impl KeyRotation {
    /// Uses the secret of `SOUK_SECRET_SIGNING`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let secret = Rotation::from_env(aws, "SOUK_SECRET_SIGNING")?;
        Ok(Self { secret, trust: TokenTrust::from_env(aws)?, clock: Clock::System })
    }

    /// `createSecret`: in the new version the next key signs, and a new key is next. 409 `rotated_too_soon`.
    pub async fn create(&self, version: &str) -> Result<()> {
        if self.secret.pending(version).await?.is_some() {
            return Ok(());
        }
        let ring = KeyRing::parse(&self.secret.current().await?)?;
        let rotated = ring.rotated(Seed::of(&random_token()?), self.clock.now())?;
        self.secret.put_pending(version, &rotated.serialize()?).await
    }

    /// `setSecret`: publishes the public keys of the new version before it signs anything.
    pub async fn publish(&self, version: &str) -> Result<()> {
        self.publish_ring(&self.pending_ring(version).await?).await
    }

    /// `testSecret`: checks that the published key set is the one of this version, which includes the previous key.
    pub async fn test(&self, version: &str) -> Result<()> {
        let ring = self.pending_ring(version).await?;
        match *self.trust.keys(true).await?.of(Issuer::Own) == ring.published()? {
            true => Ok(()),
            false => Err(Error::unavailable("key set", "the published key set is not the one of this version")),
        }
    }

    /// `finishSecret`: makes the new version current.
    pub async fn finish(&self, version: &str) -> Result<()> {
        self.pending_ring(version).await?;
        self.secret.promote(version).await
    }

    /// All four steps, for the version with this name.
    pub async fn rotate(&self, version: &str) -> Result<()> {
        self.create(version).await?;
        self.publish(version).await?;
        self.test(version).await?;
        self.finish(version).await
    }

    /// Ensures that keys are published: rotates a new secret for the first time, or publishes the key set again in case it is lost.
    pub async fn begin(&self) -> Result<()> {
        let text = self.secret.current().await?;
        let ring = KeyRing::parse(&text)?;
        match ring.has_rotated() {
            true => self.publish_ring(&ring).await,
            // The version's name is derived from the text, so a repeated call continues the same rotation.
            false => self.rotate(&sha256_hex(text.as_bytes())).await,
        }
    }

    async fn pending_ring(&self, version: &str) -> Result<KeyRing> {
        let text = self.secret.pending(version).await?.ok_or_else(|| Error::not_found("version of the secret"))?;
        KeyRing::parse(&text)
    }

    async fn publish_ring(&self, ring: &KeyRing) -> Result<()> {
        self.trust.publish(Issuer::Own, &ring.published()?).await
    }
}
