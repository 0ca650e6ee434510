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
#[serde(deny_unknown_fields)]
pub(crate) struct BeginQuery {
    /// The front end's page where the sign-in ends.
    redirect: String,
    /// The front end's own state, which it gets back on that page.
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
pub(crate) struct CallbackQuery {
    pub(crate) state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    /// The issuer that sends it (RFC 9207).
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
