//! The public keys of another issuer, fetched where nobody waits for them: whoever checks a token reads them from the table.

use aws_kit::{Issuer, Settings, TokenTrust};
use jsonwebtoken::jwk::JwkSet;
use reqwest::Client;
use values::{Error, Result};

/// More than any provider publishes.
const LONGEST_SET: usize = 64 * 1024;

/// Where they are.
#[derive(Debug)]
pub(crate) struct Provider {
    url: String,
    client: Client,
}

impl Provider {
    /// None when no issuer is trusted.
    pub(crate) fn from_env() -> Result<Option<Self>> {
        let Some(url) = Settings.optional("SOUK_TRUSTED_JWKS_URL") else { return Ok(None) };
        Ok(Some(Self { url, client: outbound::client()? }))
    }

    /// Publishes what the issuer says now. A set that cannot be had or read leaves the one that is known.
    pub(crate) async fn fetch(&self, trust: &TokenTrust) -> Result<()> {
        let outage = |error| Error::unavailable("trusted issuer", error);
        let mut answer =
            self.client.get(&self.url).send().await.and_then(reqwest::Response::error_for_status).map_err(outage)?;
        let mut text = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(outage)? {
            text.extend_from_slice(&part);
            if text.len() > LONGEST_SET {
                return Err(Error::internal("the trusted issuer's key set is longer than 64 KB"));
            }
        }
        let set: JwkSet = serde_json::from_slice(&text).map_err(Error::internal)?;
        if set.keys.is_empty() {
            return Err(Error::internal("the trusted issuer publishes no key"));
        }
        trust.publish(Issuer::Trusted, &serde_json::to_value(set).map_err(Error::internal)?).await
    }
}
