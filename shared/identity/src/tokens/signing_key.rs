//! A private key of access tokens, and its public half. Ed25519 (RFC 8032).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::Value;
use values::{AccessClaims, Error, Result};

/// The bytes before the seed in a PKCS #8 v1 private key of Ed25519 (RFC 8410, 7).
const PKCS8_PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
/// The private half of a key. It has no `Debug`, so that it cannot get into a log.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seed([u8; 32]);

impl Seed {
    /// The SHA-256 of a text.
    pub(crate) fn of(text: &str) -> Self {
        let mut seed = [0; 32];
        seed.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        Self(seed)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    pub(crate) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

/// A private key, its public half as a JWK, and the JWK's thumbprint as its id.
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(crate) jwk: Value,
    encoding: EncodingKey,
}

impl SigningKey {
    pub(crate) fn of(seed: &Seed) -> Result<Self> {
        let encoding = EncodingKey::from_ed_der(&[PKCS8_PREFIX.as_slice(), &seed.0].concat());
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::EdDSA).map_err(Error::internal)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(Error::internal)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { kid, jwk: serde_json::to_value(jwk).map_err(Error::internal)?, encoding })
    }

    pub(crate) fn sign(&self, claims: &AccessClaims) -> Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(AccessClaims::TYPE.to_owned());
        header.kid = Some(self.kid.clone());
        encode(&header, claims, &self.encoding).map_err(Error::internal)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}
