//! The queries of the two redirects: from the front end and from the provider.

use identity::{Provider, SignInRequest};
use serde::Deserialize;
use values::{Error, Kind, Result};

use crate::redirects::Redirects;

const MAX_ECHO: usize = 256;
/// Longer than any provider's code.
const MAX_CODE: usize = 4096;

/// GET /auth/oauth/{provider}.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginQuery {
    /// The page of the front end where the sign-in ends. It must equal one of the URLs in `OAuthRedirects` exactly.
    #[cfg_attr(feature = "openapi", schemars(extend("format" = "uri", "example" = "https://shop.example.com/signed-in")))]
    redirect: String,
    /// A value that is returned to `redirect` unchanged. Store a random value in the browser and compare it at the end, so that no one
    /// can finish another person's sign-in in your user's browser.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_ECHO), regex(pattern = "^[!-~]+$"), extend("example" = "9f8a7c6b5d4e")))]
    state: Option<String>,
}

impl BeginQuery {
    /// 422 `state_invalid`, `redirect_not_allowed`.
    pub(crate) fn sign_in_request(self, provider: Provider, redirects: &Redirects) -> Result<SignInRequest> {
        let is_valid =
            |text: &String| (1..=MAX_ECHO).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if !self.state.as_ref().is_none_or(is_valid) {
            return Err(Error::invalid("state", "state_invalid", "must be 1 to 256 visible ASCII characters"));
        }
        Ok(SignInRequest { provider, redirect: redirects.allowed(self.redirect)?, echo: self.state })
    }
}

/// GET …/callback. Providers may add other parameters. It has no `Debug`, because of the code.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(crate) struct CallbackQuery {
    /// The `state` that souk sent to the provider.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "Zr0cGyWJ4m1pMzq0Sx3bq1oXv0c8l5tq9Jd2kWc4n6E")))]
    pub(crate) state: Option<String>,
    /// The authorisation code of the provider.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "4/0AX4XfWh")))]
    code: Option<String>,
    /// The error of the provider, instead of a code.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "access_denied")))]
    error: Option<String>,
    /// The issuer of the answer (RFC 9207).
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "https://accounts.google.com")))]
    pub(crate) iss: Option<String>,
}

impl CallbackQuery {
    /// The provider's code. 403 `access_denied` when the user declined; 401 `provider_refused`; 503 `provider_unavailable`.
    pub(crate) fn code(&self) -> Result<&str> {
        match (self.error.as_deref(), self.code.as_deref()) {
            (Some("access_denied"), _) => {
                Err(Error::new(Kind::Forbidden, "access_denied", "You declined to sign in with this provider."))
            }
            (Some("temporarily_unavailable" | "server_error"), _) => {
                Err(provider_unavailable("it says that it is unavailable"))
            }
            (None, Some(code)) if (1..=MAX_CODE).contains(&code.len()) => Ok(code),
            (Some(error), _) => {
                // RFC 6749, 4.1.2.1 defines a few codes. Any other text must not get into a log.
                let known = error.len() <= 40 && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                Err(provider_refused(if known { error } else { "an unknown error" }))
            }
            (None, _) => Err(provider_refused("it sent neither a code nor an error")),
        }
    }
}

/// 401: the provider answered, but its answer is not enough to sign in. `cause` is for the log.
pub(crate) fn provider_refused(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let detail = "The provider did not confirm who you are. Sign in again.";
    Error::new(Kind::Unauthenticated, "provider_refused", detail).caused_by(cause)
}

/// 503: the provider did not answer, or not in time. `cause` is for the log.
pub(crate) fn provider_unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let detail = "The provider does not answer. Try again in a moment, or log in another way.";
    Error::new(Kind::Unavailable(5), "provider_unavailable", detail).caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_code(code: Option<&str>, error: Option<&str>) -> &'static str {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let query = CallbackQuery { state: None, code: owned(code), error: owned(error), iss: None };
        query.code().err().map_or("", |error| error.code)
    }

    #[test]
    fn error_wins_over_a_code() {
        assert_eq!(error_code(Some("x"), None), "");
        assert_eq!(error_code(Some("x"), Some("access_denied")), "access_denied");
        assert_eq!(error_code(None, Some("server_error")), "provider_unavailable");
        assert_eq!(error_code(Some("x"), Some("invalid_scope")), "provider_refused");
        assert_eq!(error_code(None, None), "provider_refused");
        assert_eq!(error_code(Some(""), None), "provider_refused");
        assert_eq!(error_code(Some(&"x".repeat(5_000)), None), "provider_refused");
    }
}
