//! The content delivery network (CDN) in front of the shop. Behind one, API Gateway sees its addresses instead of the callers'.
//!
//! CloudFront tells the caller's IP address in `CloudFront-Viewer-Address`. Everyone can send that header to API Gateway, so it is read
//! only in a request with the secret that the CDN adds.

use std::net::IpAddr;

use aws_kit::{Settings, matches_digest, sha256_hex};
use http::{HeaderMap, HeaderName};
use serde::Deserialize;
use values::{Error, Result};

/// The header with the secret. CloudFront adds no header that begins with `X-Edge-` or `X-Amz-`.
const SECRET: HeaderName = HeaderName::from_static("x-origin-secret");
/// The caller's IP address and port.
const VIEWER_ADDRESS: HeaderName = HeaderName::from_static("cloudfront-viewer-address");
/// A shorter secret could be guessed.
const MIN_SECRET_BYTES: usize = 32;

/// The CDN whose header is trusted.
#[derive(Debug, Clone)]
pub(crate) struct TrustedEdge {
    /// The digests of the secrets that are valid now.
    digests: Vec<String>,
}

/// The text of the secret in Secrets Manager. Two secrets are valid at a time, so that one can replace the other.
#[derive(Deserialize)]
struct EdgeSecrets {
    current: String,
    #[serde(default)]
    previous: String,
}

impl TrustedEdge {
    /// Reads `SOUK_EDGE_SECRETS`. None if no CDN is trusted.
    pub(crate) fn from_env() -> Result<Option<Self>> {
        Settings.optional("SOUK_EDGE_SECRETS").map(|text| Self::parse(&text)).transpose()
    }

    fn parse(text: &str) -> Result<Self> {
        let invalid = || {
            Error::internal("SOUK_EDGE_SECRETS must be {\"current\": …, \"previous\": …}, 32 characters or more each")
        };
        let EdgeSecrets { current, previous } = serde_json::from_str(text).map_err(|_| invalid())?;
        let secrets = [current, previous].into_iter().enumerate().filter(|(at, secret)| *at == 0 || !secret.is_empty());
        let secrets: Vec<_> = secrets.map(|(_, secret)| secret).collect();
        if secrets.iter().any(|secret| secret.len() < MIN_SECRET_BYTES) {
            return Err(invalid());
        }
        Ok(Self { digests: secrets.iter().map(|secret| sha256_hex(secret.as_bytes())).collect() })
    }

    /// The caller's IP address, if the CDN has sent the request. The secret is removed, so that no handler sees it.
    pub(crate) fn source_ip(&self, headers: &mut HeaderMap) -> Option<String> {
        let secret = headers.remove(SECRET)?;
        let secret = secret.to_str().ok();
        if !self.digests.iter().any(|digest| matches_digest(secret, Some(digest))) {
            return None;
        }
        let (address, port) = headers.get(VIEWER_ADDRESS)?.to_str().ok()?.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        let address: IpAddr = address.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
        Some(address.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURRENT: &str = "0123456789abcdef0123456789abcdef";
    const PREVIOUS: &str = "fedcba9876543210fedcba9876543210";

    fn source_ip(secret: &str, address: &str) -> Option<String> {
        let edge = TrustedEdge::parse(&format!("{{\"current\":\"{CURRENT}\",\"previous\":\"{PREVIOUS}\"}}")).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(SECRET, secret.parse().unwrap());
        headers.insert(VIEWER_ADDRESS, address.parse().unwrap());
        let source = edge.source_ip(&mut headers);
        assert!(!headers.contains_key(SECRET), "no handler should see the secret");
        source
    }

    #[test]
    fn viewer_address_counts_with_either_secret_only() {
        for secret in [CURRENT, PREVIOUS] {
            assert_eq!(source_ip(secret, "198.51.100.9:46532").as_deref(), Some("198.51.100.9"));
        }
        for secret in ["", "wrong", &CURRENT[1..]] {
            assert_eq!(source_ip(secret, "198.51.100.9:46532"), None);
        }
    }

    #[test]
    fn address_has_a_port_and_may_be_of_version_6() {
        assert_eq!(source_ip(CURRENT, "2001:db8::9:46532").as_deref(), Some("2001:db8::9"));
        assert_eq!(source_ip(CURRENT, "[2001:db8::9]:46532").as_deref(), Some("2001:db8::9"));
        for bad in ["198.51.100.9", "nonsense:80", "198.51.100.9:port", "198.51.100.9:1, 192.0.2.1:2", ""] {
            assert_eq!(source_ip(CURRENT, bad), None, "{bad}");
        }
    }

    #[test]
    fn short_secrets_are_refused() {
        for bad in ["", "{}", "{\"current\":\"\"}", "{\"current\":\"short\"}"] {
            assert!(TrustedEdge::parse(bad).is_err(), "{bad}");
        }
        assert!(TrustedEdge::parse(&format!("{{\"current\":\"{CURRENT}\",\"previous\":\"\"}}")).is_ok());
        assert!(TrustedEdge::parse(&format!("{{\"current\":\"{CURRENT}\",\"previous\":\"short\"}}")).is_err());
    }
}
