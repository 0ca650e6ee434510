//! The site that passkeys belong to: its domain, and the pages that may ask for them.

use aws_kit::Settings;
use aws_lc_rs::digest::{SHA256, digest};
use values::{Error, Result};

/// The relying party (Web Authentication, 4). Cheap enough to clone at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelyingParty {
    /// The domain, such as `shop.example`.
    pub(crate) id: String,
    origins: Vec<String>,
}

impl RelyingParty {
    /// Reads `SOUK_PASSKEY_RP_ID`, a domain, and `SOUK_PASSKEY_ORIGINS`, origins with commas between them.
    pub(crate) fn from_env() -> Result<Self> {
        let (id, origins) = (Settings.required("SOUK_PASSKEY_RP_ID")?, Settings.required("SOUK_PASSKEY_ORIGINS")?);
        Self::parse(&id, &origins).ok_or_else(|| {
            Error::internal("SOUK_PASSKEY_ORIGINS must list https origins of SOUK_PASSKEY_RP_ID or of its subdomains")
        })
    }

    /// None unless every origin is one on which a browser offers passkeys of that domain: https, or http on localhost, and the domain
    /// itself or one below it.
    pub(crate) fn parse(id: &str, origins: &str) -> Option<Self> {
        let origins: Vec<_> = origins.split(',').map(|origin| origin.trim().to_owned()).collect();
        let is_valid = !id.is_empty() && origins.iter().all(|origin| is_origin_of(origin, id));
        is_valid.then(|| Self { id: id.to_owned(), origins })
    }

    /// Whether a page of that origin may ask. Origins are compared as they are written (Web Authentication, 7.1, step 9).
    pub(crate) fn has_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|known| known == origin)
    }

    /// What an authenticator signs instead of the domain.
    pub(crate) fn id_hash(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.id.as_bytes()).as_ref());
        hash
    }
}

fn is_origin_of(origin: &str, id: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let is_host = host == id || host.strip_suffix(id).is_some_and(|sub| sub.len() > 1 && sub.ends_with('.'));
    let is_clean = host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
    let is_secure = scheme == "https" || (scheme == "http" && (id == "localhost"));
    is_port && is_host && is_clean && is_secure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_belong_to_the_domain_and_are_secure() {
        let shop =
            RelyingParty::parse("shop.example", "https://shop.example, https://admin.shop.example:8443").unwrap();
        assert!(shop.has_origin("https://shop.example") && shop.has_origin("https://admin.shop.example:8443"));
        for other in
            ["https://shop.example/", "https://shop.example:443", "http://shop.example", "https://SHOP.example", ""]
        {
            assert!(!shop.has_origin(other), "{other} is not listed");
        }
        assert!(RelyingParty::parse("localhost", "http://localhost:3000").is_some());
        for (id, origins) in [
            ("", "https://shop.example"),
            ("shop.example", ""),
            ("shop.example", "http://shop.example"),
            ("shop.example", "https://example"),
            ("shop.example", "https://badshop.example"),
            ("shop.example", "https://.shop.example"),
            ("shop.example", "https://shop.example/"),
            ("shop.example", "https://shop.example:port"),
            ("shop.example", "https://shop.example,"),
            ("shop.example", "https://shop.example@evil.shop.example"),
        ] {
            assert_eq!(RelyingParty::parse(id, origins), None, "{id} {origins}");
        }
    }
}
