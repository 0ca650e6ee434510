//! Access tokens that souk did not issue: signed by the shop's own private key, which this machine can read, or by another issuer's.

use std::net::Ipv6Addr;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::queues::credential;
use crate::{Shop, Stack, unique};

/// The bytes before the seed in a PKCS #8 private key of Ed25519 (RFC 8410, 7).
const PKCS8_PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// Another issuer of tokens.
#[derive(Debug)]
pub struct ForeignIssuer {
    name: String,
    key: EncodingKey,
}

impl ForeignIssuer {
    /// An issuer with a new key.
    pub fn new(name: &str) -> Self {
        let pair = expect_ok("a key should be generated", EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING));
        let pair = expect_ok("a key should be encoded", pair.to_pkcs8v1());
        Self { name: name.to_owned(), key: EncodingKey::from_ec_der(pair.as_ref()) }
    }

    /// The issuer's public key set.
    pub fn jwks(&self) -> Value {
        let mut jwk = expect_ok("a key should have a public part", Jwk::from_encoding_key(&self.key, Algorithm::ES256));
        jwk.common.key_id = Some(self.name.clone());
        json!({ "keys": [jwk] })
    }

    /// Signs an access token with these claims.
    pub fn signs(&self, claims: &Value) -> String {
        self.signs_as(Some("at+jwt"), claims)
    }

    /// Signs a token of that type with these claims.
    pub fn signs_as(&self, typ: Option<&str>, claims: &Value) -> String {
        let (kid, typ) = (Some(self.name.clone()), typ.map(str::to_owned));
        let header = Header { kid, typ, ..Header::new(Algorithm::ES256) };
        expect_ok("claims should be signed", encode(&header, claims, &self.key))
    }
}

/// The key id in a token's header.
pub fn kid(token: &str) -> Value {
    part(token, 0)["kid"].clone()
}

/// The claims of a token, without verification.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap_or_default();
    let decoded = URL_SAFE_NO_PAD.decode(part).unwrap_or_else(|error| panic!("{token} should be a JWT: {error}"));
    serde_json::from_slice(&decoded).unwrap_or_else(|error| panic!("{token} should be a JWT: {error}"))
}

/// Unwraps a result that cannot fail with the input of a test.
fn expect_ok<T, E: std::fmt::Display>(what: &str, expect_ok: Result<T, E>) -> T {
    expect_ok.unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// A part of a token in base64url.
pub fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// A time `seconds` from now in seconds since 1970, as JWTs have it.
pub fn in_seconds(seconds: i64) -> i64 {
    OffsetDateTime::now_utc().unix_timestamp() + seconds
}

impl Shop {
    /// Signs a token with these claims by the shop's current key. `header` may change the header.
    pub async fn signs_token(&self, claims: &Value, header: impl FnOnce(&mut Header)) -> String {
        let ring = self.signing_secret().await;
        let seed = expect_ok(
            "a seed should be base64url",
            URL_SAFE_NO_PAD.decode(ring["current"].as_str().unwrap_or_default()),
        );
        let key = EncodingKey::from_ed_der(&[PKCS8_PREFIX.as_slice(), &seed].concat());
        let jwk = expect_ok("a key should have a public part", Jwk::from_encoding_key(&key, Algorithm::EdDSA));
        let kid =
            expect_ok("a key should have a thumbprint", jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256));
        let mut head = Header { typ: Some("at+jwt".into()), kid: Some(kid), ..Header::new(Algorithm::EdDSA) };
        header(&mut head);
        expect_ok("claims should be signed", encode(&head, claims, &key))
    }

    /// The shop's private keys.
    pub async fn signing_secret(&self) -> Value {
        self.secret("signing").await
    }

    /// What the CDN in front of the API sends in `X-Origin-Secret`.
    pub async fn edge_secret(&self) -> String {
        self.secret("edge").await["current"].as_str().unwrap_or_default().to_owned()
    }

    /// A device token for that email address, as a holder of the secret can make it.
    pub async fn forges_device_token(&self, secret: &str, email: &str) -> String {
        let (id, end) = (unique("device"), in_seconds(180 * 24 * 3600).to_string());
        let parts = ["device token", email, &id, &end].map(str::as_bytes);
        let mac = self.keyed_digest(secret, &parts).await;
        format!("{id}.{end}.{mac}")
    }

    /// Fills the counter of unknown API keys of the network of an IPv6 address.
    pub async fn fills_unknown_keys(&self, source: &str) {
        let network = source.parse::<Ipv6Addr>().map(|address| address.octets()).unwrap_or_default();
        let digest = self.keyed_digest("rateLimits", &[b"unknown API keys", &network[..7]]).await;
        let number = |number: i64| json!({ "N": number.to_string() });
        let (minute, many) = (in_seconds(0) / 60, 100_000_000);
        let row =
            json!({ "w": number(minute), "n": number(many), "p": number(many), "expiresAt": number(in_seconds(180)) });
        self.rows.puts("identity", &format!("LIMIT#{digest}"), "LIMIT", &row).await;
    }

    /// The HMAC of some parts, each with its length before it, in hexadecimal.
    async fn keyed_digest(&self, secret: &str, parts: &[&[u8]]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret_text(secret).await.as_bytes());
        let mut context = hmac::Context::with_key(&key);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    async fn secret_text(&self, name: &str) -> String {
        let response = secrets(&self.http, &self.stack, name, "GetSecretValue", json!({})).await;
        response["SecretString"].as_str().unwrap_or_default().to_owned()
    }

    /// A secret that is JSON.
    async fn secret(&self, name: &str) -> Value {
        let text = self.secret_text(name).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("the secret {name} should be JSON: {error}"))
    }

    /// Overwrites the shop's private keys.
    pub async fn writes_signing_secret(&self, ring: &Value) {
        secrets(&self.http, &self.stack, "signing", "PutSecretValue", json!({ "SecretString": ring.to_string() }))
            .await;
    }

    /// Publishes the keys of the other issuer.
    pub async fn publishes_keys_of(&self, issuer: &ForeignIssuer) {
        let url = format!("{}/_fake/issuer/jwks", self.stack.payment_provider_url);
        let put = self.http.put(url).json(&issuer.jwks()).send().await.map(|response| response.status().as_u16());
        assert!(matches!(put, Ok(204)), "the issuer should publish its keys: {put:?}");
    }

    /// The name of the trusted issuer.
    pub fn trusted_issuer(&self) -> String {
        format!("{}/issuer", self.stack.payment_provider_url)
    }
}

async fn secrets(http: &reqwest::Client, stack: &Stack, name: &str, operation: &str, mut body: Value) -> Value {
    body["SecretId"] = json!(stack.secrets[name]);
    let request = http.post(&stack.emulator_url).header("X-Amz-Target", format!("secretsmanager.{operation}"));
    let request = request.header("Content-Type", "application/x-amz-json-1.1");
    let response =
        request.header("Authorization", credential(stack, "secretsmanager")).body(body.to_string()).send().await;
    let response = response.unwrap_or_else(|error| panic!("{operation} should get a response: {error}"));
    let (status, text) = (response.status(), response.text().await.unwrap_or_default());
    assert!(status.is_success(), "{operation} should succeed: {status}");
    serde_json::from_str(&text).unwrap_or_default()
}
