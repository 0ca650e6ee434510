//! Fetches the public keys of another issuer, so that no request has to wait for them: functions that check a token read the keys
//! from the table.

use aws_kit::{Issuer, Settings, TokenTrust};
use jsonwebtoken::jwk::JwkSet;
use reqwest::Client;
use values::{Error, Result};

/// In bytes; more than any issuer publishes.
const MAX_KEY_SET: usize = 64 * 1024;

/// The issuer that the shop trusts beside itself.
#[derive(Debug)]
pub(crate) struct TrustedIssuer {
    url: String,
    client: Client,
}

impl TrustedIssuer {
    /// None unless `SOUK_TRUSTED_JWKS_URL` is set. An error unless the URL is https: an attacker in between could replace the keys, and
    /// sign tokens of every account. Only a local stack may use http.
    pub(crate) fn from_env() -> Result<Option<Self>> {
        let Some(url) = Settings.optional("SOUK_TRUSTED_JWKS_URL") else { return Ok(None) };
        outbound::check_url("TrustedJwksUrl", &url, &Settings.required("SOUK_STAGE")?)?;
        Ok(Some(Self { url, client: outbound::client()? }))
    }

    /// Publishes the issuer's present key set. After a failure, the known set stays. 1 call, 1 write.
    pub(crate) async fn fetch(&self, trust: &TokenTrust) -> Result<()> {
        let outage = |error| Error::unavailable("trusted issuer", error);
        let mut answer =
            self.client.get(&self.url).send().await.and_then(reqwest::Response::error_for_status).map_err(outage)?;
        let mut text = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(outage)? {
            text.extend_from_slice(&part);
            if text.len() > MAX_KEY_SET {
                return Err(Error::internal("the trusted issuer's key set is larger than 64 KB"));
            }
        }
        let set: JwkSet = serde_json::from_slice(&text).map_err(Error::internal)?;
        if set.keys.is_empty() {
            return Err(Error::internal("the trusted issuer's key set is empty"));
        }
        trust.publish(Issuer::Trusted, &serde_json::to_value(set).map_err(Error::internal)?).await
    }
}
