//! Where this shop is, as browsers and providers reach it, and whether that is a line that others read.

use identity::Provider;
use oauth2::url::Url;
use values::{Error, Result};

/// The public address.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    base: String,
    /// Of the base, without a slash at its end.
    path: String,
    /// The local stack: nothing leaves the machine, so nothing is encrypted.
    local: bool,
}

impl Place {
    pub(crate) fn of(public_url: &str) -> Result<Self> {
        let base = public_url.trim_end_matches('/').to_owned();
        let read = Url::parse(&base).map_err(Error::internal)?;
        let local = match read.scheme() {
            "https" => false,
            "http" => true,
            other => return Err(Error::internal(format!("SOUK_PUBLIC_URL begins with https://, not {other}"))),
        };
        Ok(Self { path: read.path().trim_end_matches('/').to_owned(), base, local })
    }

    pub(crate) fn is_local(&self) -> bool {
        self.local
    }

    /// Where a provider sends browsers back to. Each has its own, so that none can hand in what another one said (RFC 9700, 4.4.2).
    pub(crate) fn callback(&self, provider: Provider) -> String {
        format!("{}{}", self.base, route(provider))
    }

    /// The path of that: the only one whose requests have the cookie.
    pub(crate) fn callback_path(&self, provider: Provider) -> String {
        format!("{}{}", self.path, route(provider))
    }

    /// An address of a provider. Secrets go there, so it is https, but for the local stack.
    pub(crate) fn address(&self, name: &str, text: &str) -> Result<Url> {
        let read = Url::parse(text).map_err(|error| Error::internal(format!("{name} is no address: {error}")))?;
        match read.scheme() {
            "https" => Ok(read),
            "http" if self.local => Ok(read),
            other => Err(Error::internal(format!("{name} begins with https://, not {other}"))),
        }
    }
}

fn route(provider: Provider) -> String {
    format!("/api/v1/auth/oauth/{provider}/callback")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_lies_below_the_public_address() {
        let place = Place::of("https://shop.example/base/").unwrap();
        let path = "/base/api/v1/auth/oauth/google/callback";
        assert_eq!(place.callback_path(Provider::Google), path);
        assert_eq!(place.callback(Provider::Google), format!("https://shop.example{path}"));
        assert_eq!(
            Place::of("https://shop.example").unwrap().callback_path(Provider::Github),
            "/api/v1/auth/oauth/github/callback"
        );
    }

    #[test]
    fn a_provider_is_asked_over_https_where_the_shop_is() {
        let (public, local) =
            (Place::of("https://shop.example").unwrap(), Place::of("http://127.0.0.1:4566/x").unwrap());
        assert!(public.address("an issuer", "https://id.example").is_ok());
        assert!(public.address("an issuer", "http://id.example").is_err());
        assert!(local.address("an issuer", "http://127.0.0.1:8530").is_ok());
        assert!(local.address("an issuer", "file:///etc").is_err());
        assert!(Place::of("ftp://shop.example").is_err());
    }
}
