//! Rotating the keys of access tokens, in the four steps of Secrets Manager: a new version of the secret is made, its public keys
//! are published, they are tested, and then it is the one in use. Each step may be done twice.

use aws_kit::{Aws, Issuer, Rotation, TokenTrust, random_token, sha256_hex};
use values::{Clock, Error, Result};

use crate::key_ring::{KeyRing, Seed};

/// Rotates the signing secret. For the function `keys` alone, which alone may write it and the published set.
#[derive(Debug, Clone)]
pub struct KeyRotation {
    secret: Rotation,
    trust: TokenTrust,
    clock: Clock,
}

impl KeyRotation {
    /// Of the secret of `SOUK_SECRET_SIGNING`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let secret = Rotation::from_env(aws, "SOUK_SECRET_SIGNING")?;
        Ok(Self { secret, trust: TokenTrust::from_env(aws)?, clock: Clock::System })
    }

    /// `createSecret`: what was next signs in the new version, and a fresh key is next. 409 `rotated_too_soon`.
    pub async fn create(&self, version: &str) -> Result<()> {
        if self.secret.pending(version).await?.is_some() {
            return Ok(());
        }
        let ring = KeyRing::read(&self.secret.current().await?)?;
        let rotated = ring.rotated(Seed::of(&random_token()?), self.clock.now())?;
        self.secret.put_pending(version, &rotated.written()?).await
    }

    /// `setSecret`: the public keys of the new version are published before anything is signed with them.
    pub async fn publish(&self, version: &str) -> Result<()> {
        self.announce(&self.made(version).await?).await
    }

    /// `testSecret`: everybody reads what checks the tokens of this version, and of the one before.
    pub async fn test(&self, version: &str) -> Result<()> {
        let made = self.made(version).await?;
        match *self.trust.keys(true).await?.of(Issuer::Own) == made.published()? {
            true => Ok(()),
            false => Err(Error::unavailable("key set", "another one than this version's is published")),
        }
    }

    /// `finishSecret`: the new version is the one in use.
    pub async fn finish(&self, version: &str) -> Result<()> {
        self.made(version).await?;
        self.secret.promote(version).await
    }

    /// All four steps, for a version of that name.
    pub async fn rotate(&self, version: &str) -> Result<()> {
        self.create(version).await?;
        self.publish(version).await?;
        self.test(version).await?;
        self.finish(version).await
    }

    /// Sees to it that there are keys: the first rotation of a new secret, or the published set again, should it be lost.
    pub async fn begin(&self) -> Result<()> {
        let text = self.secret.current().await?;
        let ring = KeyRing::read(&text)?;
        match ring.is_begun() {
            true => self.announce(&ring).await,
            // One version for one text: begun again, it goes on.
            false => self.rotate(&sha256_hex(text.as_bytes())).await,
        }
    }

    async fn made(&self, version: &str) -> Result<KeyRing> {
        let text = self.secret.pending(version).await?.ok_or_else(|| Error::not_found("version of the secret"))?;
        KeyRing::read(&text)
    }

    async fn announce(&self, ring: &KeyRing) -> Result<()> {
        self.trust.publish(Issuer::Own, &ring.published()?).await
    }
}
