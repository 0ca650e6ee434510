//! The credential in a request's headers.

use http::{HeaderMap, header};
use values::{Error, Kind, Result};

/// The header that carries an API key.
const API_KEY: &str = "x-api-key";

/// The credential that a request carries. It is not verified yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential<'a> {
    /// The request has neither header.
    None,
    /// The value of `Authorization`; empty if it is not visible ASCII.
    Authorization(&'a str),
    /// The value of `X-Api-Key`; empty if it is not visible ASCII.
    ApiKey(&'a str),
}

impl<'a> Credential<'a> {
    /// Reads the headers. 400 `ambiguous_credentials` if both are there, because a token and a key may be of different accounts.
    pub(crate) fn of(headers: &'a HeaderMap) -> Result<Self> {
        let value = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        match (value(header::AUTHORIZATION.as_str()), value(API_KEY)) {
            (None, None) => Ok(Self::None),
            (Some(authorization), None) => Ok(Self::Authorization(authorization)),
            (None, Some(key)) => Ok(Self::ApiKey(key)),
            (Some(_), Some(_)) => {
                let detail = "Send either `Authorization` or `X-Api-Key`, not both.";
                Err(Error::new(Kind::Malformed, "ambiguous_credentials", detail))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_carries_one_credential_at_most() {
        let headers = |names: &[&'static str]| -> HeaderMap {
            names.iter().map(|name| (name.parse().unwrap(), "x".parse().unwrap())).collect()
        };
        assert_eq!(Credential::of(&headers(&[])).unwrap(), Credential::None);
        assert_eq!(Credential::of(&headers(&["authorization"])).unwrap(), Credential::Authorization("x"));
        assert_eq!(Credential::of(&headers(&["x-api-key"])).unwrap(), Credential::ApiKey("x"));
        let error = Credential::of(&headers(&["x-api-key", "authorization"])).unwrap_err();
        assert_eq!((error.kind, error.code), (Kind::Malformed, "ambiguous_credentials"));
    }
}
