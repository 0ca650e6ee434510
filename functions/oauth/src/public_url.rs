//! The public URL of this shop, and the URLs of providers that it may call.

use identity::Provider;
use oauth2::url::Url;
use values::{Error, Result};

/// The URL by which browsers and providers reach the shop.
#[derive(Debug, Clone)]
pub(crate) struct PublicUrl {
    base: String,
    /// The path of the base, without a slash at its end.
    path: String,
    /// Whether it is the local stack, which uses http because nothing leaves the machine.
    is_local: bool,
}

impl PublicUrl {
    /// Fails unless it is http or https.
    pub(crate) fn parse(public_url: &str) -> Result<Self> {
        let base = public_url.trim_end_matches('/').to_owned();
        let url = Url::parse(&base).map_err(Error::internal)?;
        let is_local = match url.scheme() {
            "https" => false,
            "http" => true,
            other => return Err(Error::internal(format!("SOUK_PUBLIC_URL must begin with https://, not {other}"))),
        };
        Ok(Self { path: url.path().trim_end_matches('/').to_owned(), base, is_local })
    }

    pub(crate) fn is_local(&self) -> bool {
        self.is_local
    }

    /// The URL to which a provider sends browsers back. Each provider has its own, so that none can send another's code (RFC 9700,
    /// 4.4.2).
    pub(crate) fn callback(&self, provider: Provider) -> String {
        format!("{}{}", self.base, route(provider))
    }

    /// The path of that URL: the only one whose requests have the cookie.
    pub(crate) fn callback_path(&self, provider: Provider) -> String {
        format!("{}{}", self.path, route(provider))
    }

    /// Parses a provider's URL. It must be https, because secrets go there; the local stack also allows http.
    pub(crate) fn provider_url(&self, name: &str, text: &str) -> Result<Url> {
        let url = Url::parse(text).map_err(|error| Error::internal(format!("{name} is not a URL: {error}")))?;
        match url.scheme() {
            "https" => Ok(url),
            "http" if self.is_local => Ok(url),
            other => Err(Error::internal(format!("{name} must begin with https://, not {other}"))),
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
    fn callback_is_below_the_public_url() {
        let url = PublicUrl::parse("https://shop.example/base/").unwrap();
        let path = "/base/api/v1/auth/oauth/google/callback";
        assert_eq!(url.callback_path(Provider::Google), path);
        assert_eq!(url.callback(Provider::Google), format!("https://shop.example{path}"));
        assert_eq!(
            PublicUrl::parse("https://shop.example").unwrap().callback_path(Provider::Github),
            "/api/v1/auth/oauth/github/callback"
        );
    }

    #[test]
    fn provider_url_must_be_https_except_in_the_local_stack() {
        let (public, local) =
            (PublicUrl::parse("https://shop.example").unwrap(), PublicUrl::parse("http://127.0.0.1:4566/x").unwrap());
        assert!(public.provider_url("an issuer", "https://id.example").is_ok());
        assert!(public.provider_url("an issuer", "http://id.example").is_err());
        assert!(local.provider_url("an issuer", "http://127.0.0.1:8530").is_ok());
        assert!(local.provider_url("an issuer", "file:///etc").is_err());
        assert!(PublicUrl::parse("ftp://shop.example").is_err());
    }
}
