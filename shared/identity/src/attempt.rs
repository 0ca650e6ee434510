//! A sign-in with a provider that is under way (RFC 6749, 4.1; RFC 9700, 4.7): what is kept from the moment the browser leaves until
//! it comes back, and what it has to show then.
//!
//! Two secrets go out, by two ways: the state through the provider, in addresses, and the browser's own in a cookie. Who comes back
//! with one of them has not begun the sign-in, or not in this browser. The row keeps digests of both.

use aws_kit::{matches_digest, random_token, sha256_hex};
use serde::{Deserialize, Serialize};
use values::{Error, Kind, Result, Timestamp};

use crate::provider::Provider;

/// Time enough to log in there, with a second factor.
pub const SIGN_IN_SECONDS: i64 = 600;

/// The two secrets of an attempt. It has no `Debug`, so that no log can have them.
pub struct Keys {
    /// Goes through the provider and comes back.
    pub state: String,
    /// Stays in the browser, in a cookie.
    pub browser: String,
}

/// Where somebody wants to go, once they are known.
#[derive(Debug, Clone)]
pub struct Journey {
    /// Who is to vouch.
    pub provider: Provider,
    /// The front end's page that it ends at; on the shop's list.
    pub redirect: String,
    /// What the front end wants to hear again there.
    pub echo: Option<String>,
}

/// What is kept of an attempt. `Debug` is left out, for the verifier's sake.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Who is to vouch.
    pub provider: Provider,
    /// The front end's page that it ends at.
    pub redirect: String,
    /// What the front end wants to hear again there.
    pub echo: Option<String>,
    /// Shows the provider that who trades the code has begun the sign-in (PKCE, RFC 7636).
    pub verifier: String,
    /// Comes back in the provider's ID token, and in no other (OpenID Connect Core, 3.1.2.1).
    pub nonce: String,
    /// Digest of the browser's secret.
    browser: String,
    /// TTL, in seconds. DynamoDB deletes late, so [`Attempt::is_resumed_by`] asks the clock.
    expires_at: i64,
}

impl Attempt {
    pub(crate) fn begin(journey: Journey, now: Timestamp) -> Result<(Self, Keys)> {
        let Journey { provider, redirect, echo } = journey;
        let keys = Keys { state: random_token()?, browser: random_token()? };
        let browser = sha256_hex(keys.browser.as_bytes());
        let expires_at = now.seconds() + SIGN_IN_SECONDS;
        let (verifier, nonce) = (random_token()?, random_token()?);
        Ok((Self { provider, redirect, echo, verifier, nonce, browser, expires_at }, keys))
    }

    /// Is that the browser it was begun in, at the provider it was begun with, in time?
    pub(crate) fn is_resumed_by(&self, provider: Provider, browser: Option<&str>, now: Timestamp) -> bool {
        self.provider == provider && now.seconds() < self.expires_at && matches_digest(browser, Some(&self.browser))
    }
}

/// It was not begun here, or not in this browser, or it is over: nobody is told which.
pub(crate) fn state_invalid() -> Error {
    let detail =
        "This sign-in was not begun in this browser, or it took too long. Go back to the shop and begin it again.";
    Error::new(Kind::Malformed, "oauth_state_invalid", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_800_000_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(START).plus_seconds(seconds)
    }

    fn begun() -> (Attempt, Keys) {
        let redirect = "https://shop.example/signed-in".to_owned();
        Attempt::begin(Journey { provider: Provider::Google, redirect, echo: None }, at(0)).unwrap()
    }

    #[test]
    fn an_attempt_is_resumed_in_its_browser_at_its_provider_for_ten_minutes() {
        let (attempt, keys) = begun();
        let own = Some(keys.browser.as_str());
        assert!(attempt.is_resumed_by(Provider::Google, own, at(599)));
        assert!(!attempt.is_resumed_by(Provider::Google, own, at(600)), "it is over");
        assert!(!attempt.is_resumed_by(Provider::Github, own, at(0)), "another provider");
        assert!(!attempt.is_resumed_by(Provider::Google, None, at(0)), "no cookie");
        let (_, others) = begun();
        assert!(!attempt.is_resumed_by(Provider::Google, Some(&others.browser), at(0)), "another browser");
        assert!(!attempt.is_resumed_by(Provider::Google, Some(&keys.state), at(0)), "the state is no cookie");
    }

    #[test]
    fn no_two_attempts_share_a_secret_and_the_row_holds_neither() {
        let ((attempt, keys), (another, others)) = (begun(), begun());
        assert!(keys.state != others.state && keys.browser != others.browser);
        assert!(attempt.verifier != another.verifier && attempt.nonce != another.nonce);
        // RFC 7636, 4.1: 43 to 128 characters.
        assert!((43..=128).contains(&attempt.verifier.len()));
        let text = serde_json::to_string(&attempt).unwrap();
        assert!(!text.contains(&keys.state) && !text.contains(&keys.browser));
    }
}
