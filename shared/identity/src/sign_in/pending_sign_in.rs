//! A sign-in with a provider that has begun (RFC 6749, 4.1; RFC 9700, 4.7): what is stored until the browser comes back from the
//! provider, and which secrets it must bring.
//!
//! There are two secrets: the state goes through the provider in URLs, and the browser's secret stays in a cookie. A request with
//! only one of them did not begin the sign-in, or comes from another browser. The row holds digests of both.

use aws_kit::{matches_digest, random_token, sha256_hex};
use serde::{Deserialize, Serialize};
use values::{Error, Kind, Result, Timestamp};

use crate::sign_in::provider::Provider;

/// Enough time to log in at the provider, with a second factor.
pub const SIGN_IN_SECONDS: i64 = 600;

/// The two secrets of a pending sign-in. It has no `Debug`, so that they cannot get into a log.
pub struct SignInSecrets {
    /// Goes through the provider and comes back.
    pub state: String,
    /// Stays in a cookie of the browser.
    pub browser: String,
}

/// The request to sign in with a provider.
#[derive(Debug, Clone)]
pub struct SignInRequest {
    pub provider: Provider,
    /// The front end's page where the sign-in ends; it is on the shop's list.
    pub redirect: String,
    /// The front end's own state, which it gets back on that page.
    pub echo: Option<String>,
}

/// The row of a pending sign-in. It has no `Debug`, because of the verifier.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingSignIn {
    pub provider: Provider,
    /// The front end's page where the sign-in ends.
    pub redirect: String,
    /// The front end's own state, which it gets back on that page.
    pub echo: Option<String>,
    /// Shows the provider that the party that exchanges the code is the one that began the sign-in (PKCE, RFC 7636).
    pub verifier: String,
    /// Comes back in the ID token of this sign-in only (OpenID Connect Core, 3.1.2.1).
    pub nonce: String,
    /// Digest of the browser's secret.
    browser: String,
    /// TTL, in seconds. DynamoDB deletes late, so [`PendingSignIn::can_resume`] asks the clock.
    expires_at: i64,
}

impl PendingSignIn {
    /// A new one and its secrets.
    pub(crate) fn begin(request: SignInRequest, now: Timestamp) -> Result<(Self, SignInSecrets)> {
        let SignInRequest { provider, redirect, echo } = request;
        let secrets = SignInSecrets { state: random_token()?, browser: random_token()? };
        let browser = sha256_hex(secrets.browser.as_bytes());
        let expires_at = now.seconds() + SIGN_IN_SECONDS;
        let (verifier, nonce) = (random_token()?, random_token()?);
        Ok((Self { provider, redirect, echo, verifier, nonce, browser, expires_at }, secrets))
    }

    /// Whether the browser and the provider are the ones it began with, and its time is not over.
    pub(crate) fn can_resume(&self, provider: Provider, browser: Option<&str>, now: Timestamp) -> bool {
        self.provider == provider && now.seconds() < self.expires_at && matches_digest(browser, Some(&self.browser))
    }
}

/// 400: the sign-in did not begin here or in this browser, or its time is over. The error does not say which.
pub(crate) fn invalid_state() -> Error {
    let detail =
        "This sign-in did not begin in this browser, or it took too long. Go back to the shop and begin again.";
    Error::new(Kind::Malformed, "oauth_state_invalid", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_800_000_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(START).plus_seconds(seconds)
    }

    fn begin() -> (PendingSignIn, SignInSecrets) {
        let redirect = "https://shop.example/signed-in".to_owned();
        let request = SignInRequest { provider: Provider::Google, redirect, echo: None };
        PendingSignIn::begin(request, at(0)).unwrap()
    }

    #[test]
    fn sign_in_resumes_in_its_browser_at_its_provider_for_ten_minutes() {
        let (pending, secrets) = begin();
        let own = Some(secrets.browser.as_str());
        assert!(pending.can_resume(Provider::Google, own, at(599)));
        assert!(!pending.can_resume(Provider::Google, own, at(600)), "its time is over");
        assert!(!pending.can_resume(Provider::Github, own, at(0)), "another provider");
        assert!(!pending.can_resume(Provider::Google, None, at(0)), "no cookie");
        let (_, others) = begin();
        assert!(!pending.can_resume(Provider::Google, Some(&others.browser), at(0)), "another browser");
        assert!(!pending.can_resume(Provider::Google, Some(&secrets.state), at(0)), "the state is not the cookie");
    }

    #[test]
    fn sign_ins_share_no_secret_and_the_row_holds_none() {
        let ((pending, secrets), (another, others)) = (begin(), begin());
        assert!(secrets.state != others.state && secrets.browser != others.browser);
        assert!(pending.verifier != another.verifier && pending.nonce != another.nonce);
        // RFC 7636, 4.1: 43 to 128 characters.
        assert!((43..=128).contains(&pending.verifier.len()));
        let text = serde_json::to_string(&pending).unwrap();
        assert!(!text.contains(&secrets.state) && !text.contains(&secrets.browser));
    }
}
