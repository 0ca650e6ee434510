//! What a front end asks for, and what a provider says, in addresses. `Debug` is left out of the latter: it holds a code.

use identity::{Journey, Provider};
use serde::Deserialize;
use values::{Error, Kind, Result};

use crate::redirects::Redirects;

const LONGEST_ECHO: usize = 256;
/// Longer than any provider's code.
const LONGEST_CODE: usize = 4096;

/// GET /auth/oauth/{provider}.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Where to end.
    redirect: String,
    /// What is to be said again there, so that the front end knows that it began.
    state: Option<String>,
}

impl Asked {
    pub(crate) fn journey(self, provider: Provider, redirects: &Redirects) -> Result<Journey> {
        let plain =
            |text: &String| (1..=LONGEST_ECHO).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if !self.state.as_ref().is_none_or(plain) {
            return Err(Error::invalid("state", "state_invalid", "must be 1 to 256 visible ASCII characters"));
        }
        Ok(Journey { provider, redirect: redirects.allowed(self.redirect)?, echo: self.state })
    }
}

/// GET …/callback. Providers add parameters as they like.
#[derive(Deserialize)]
pub(crate) struct Said {
    pub(crate) state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    /// Who says it (RFC 9207).
    pub(crate) iss: Option<String>,
}

impl Said {
    /// The provider's code. 403 `access_denied` when the person does not want to, after all.
    pub(crate) fn code(&self) -> Result<&str> {
        match (self.error.as_deref(), self.code.as_deref()) {
            (Some("access_denied"), _) => {
                Err(Error::new(Kind::Forbidden, "access_denied", "You did not let the provider vouch for you."))
            }
            (Some("temporarily_unavailable" | "server_error"), _) => Err(unavailable("it says so")),
            (None, Some(code)) if (1..=LONGEST_CODE).contains(&code.len()) => Ok(code),
            (Some(error), _) => {
                // RFC 6749, 4.1.2.1 has a handful of words; whatever else this is, it is not for a log.
                let known = error.len() <= 40 && error.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                Err(refused(if known { error } else { "an error that is none" }))
            }
            (None, _) => Err(refused("neither a code nor an error")),
        }
    }
}

/// The provider answered, and what it said is not good enough to let anybody in. `cause` is for the log.
pub(crate) fn refused(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let detail = "The provider did not vouch for you. Begin again.";
    Error::new(Kind::Unauthenticated, "provider_refused", detail).caused_by(cause)
}

/// The provider did not answer, or not in time.
pub(crate) fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let detail = "The provider does not answer. Try again in a moment, or log in another way.";
    Error::new(Kind::Unavailable(5), "provider_unavailable", detail).caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: Option<&str>, error: Option<&str>) -> &'static str {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let said = Said { state: None, code: own(code), error: own(error), iss: None };
        said.code().err().map_or("", |error| error.code)
    }

    #[test]
    fn an_error_counts_whatever_comes_with_it() {
        assert_eq!(said(Some("x"), None), "");
        assert_eq!(said(Some("x"), Some("access_denied")), "access_denied");
        assert_eq!(said(None, Some("server_error")), "provider_unavailable");
        assert_eq!(said(Some("x"), Some("invalid_scope")), "provider_refused");
        assert_eq!(said(None, None), "provider_refused");
        assert_eq!(said(Some(""), None), "provider_refused");
        assert_eq!(said(Some(&"x".repeat(5_000)), None), "provider_refused");
    }
}
