//! Tests of the rules of ID tokens, which are signed here as a provider signs them.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;

const EXPECTED: Expected<'static> =
    Expected { issuer: "https://id.example", client_id: "souk", nonce: "the nonce of the sign-in" };

/// Generated once, because that is slow in a debug build.
static PAIR: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

/// The key as a provider publishes it. The modulus is at a fixed place of a 2048-bit RSAPublicKey (RFC 8017, A.1.1).
fn published(kid: &str) -> Value {
    let der = PAIR.public_key().as_ref();
    json!({ "kty": "RSA", "kid": kid, "n": URL_SAFE_NO_PAD.encode(&der[9..265]), "e": "AQAB" })
}

fn set(keys: &[Value]) -> JwkSet {
    serde_json::from_value(json!({ "keys": keys })).unwrap()
}

fn signed(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; PAIR.public_modulus_len()];
    PAIR.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn now() -> i64 {
    values::Clock::System.now().seconds()
}

/// Valid claims with `changes` applied; null removes one.
fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": EXPECTED.issuer, "aud": "souk", "sub": "4711", "nonce": EXPECTED.nonce, "iat": now(), "exp": now() + 600,
        "email": "ada@example.com", "email_verified": true, "name": "Ada",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn verify(changes: &Value) -> Result<Claims, IdTokenError> {
    let token = signed(&json!({ "alg": "RS256", "kid": "one" }), &claims(changes));
    verify_id_token(&token, &set(&[published("one")]), &EXPECTED)
}

#[test]
fn valid_token_names_its_user() {
    let claims = verify(&json!({})).ok().unwrap();
    assert_eq!((claims.sub.as_str(), claims.email.as_deref()), ("4711", Some("ada@example.com")));
    assert!(claims.has_verified_email());
    for aud in [json!(["souk"]), json!("souk")] {
        assert!(verify(&json!({ "aud": aud, "azp": "souk" })).is_ok());
    }
    assert!(verify(&json!({ "aud": ["souk", "another"], "azp": "souk" })).is_ok());
}

#[test]
fn token_that_breaks_one_rule_is_refused() {
    for changes in [
        json!({ "iss": "https://other.example" }),
        json!({ "iss": "https://id.example/" }),
        json!({ "iss": null }),
        json!({ "aud": "another" }),
        json!({ "aud": null }),
        json!({ "aud": ["souk", "another"] }),
        json!({ "aud": ["souk", "another"], "azp": "another" }),
        json!({ "azp": "another" }),
        json!({ "exp": now() - 120 }),
        json!({ "exp": null }),
        json!({ "nbf": now() + 600 }),
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "sub": "" }),
        json!({ "sub": null }),
        json!({ "sub": "x".repeat(256) }),
    ] {
        assert!(matches!(verify(&changes), Err(IdTokenError::Invalid(_))), "{changes}");
    }
}

#[test]
fn email_is_verified_by_true_only() {
    for not in [json!(false), json!("true"), json!(1), json!(null)] {
        assert!(!verify(&json!({ "email_verified": not })).ok().unwrap().has_verified_email(), "{not}");
    }
}

#[test]
fn other_algorithms_are_refused() {
    let keys = set(&[published("one")]);
    for alg in ["RS384", "HS256", "PS256", "ES256"] {
        let token = signed(&json!({ "alg": alg, "kid": "one" }), &claims(&json!({})));
        assert!(matches!(verify_id_token(&token, &keys, &EXPECTED), Err(IdTokenError::Invalid(_))), "{alg}");
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims(&json!({}))));
    assert!(verify_id_token(&unsigned, &keys, &EXPECTED).is_err());
    assert!(verify_id_token(&"x".repeat(20_000), &keys, &EXPECTED).is_err());
}

#[test]
fn key_is_found_by_its_id_or_if_it_is_the_only_one() {
    let token = |header: &Value| signed(header, &claims(&json!({})));
    let (named, nameless) = (token(&json!({ "alg": "RS256", "kid": "one" })), token(&json!({ "alg": "RS256" })));
    let error_of = |token: &str, keys: &JwkSet| verify_id_token(token, keys, &EXPECTED).err();
    let (one, two) = (set(&[published("one")]), set(&[published("two"), published("one")]));
    assert_eq!((error_of(&named, &one), error_of(&named, &two), error_of(&nameless, &one)), (None, None, None));
    assert_eq!(error_of(&named, &set(&[published("two")])), Some(IdTokenError::UnknownKey));
    assert_eq!(error_of(&nameless, &two), Some(IdTokenError::UnknownKey));
    let mut encrypts = published("one");
    encrypts["use"] = json!("enc");
    assert_eq!(error_of(&named, &set(&[encrypts])), Some(IdTokenError::UnknownKey));
}

#[test]
fn token_with_changed_claims_has_no_valid_signature() {
    let token = signed(&json!({ "alg": "RS256", "kid": "one" }), &claims(&json!({})));
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    parts[1] = URL_SAFE_NO_PAD.encode(claims(&json!({ "sub": "4712" })).to_string());
    assert_eq!(
        verify_id_token(&parts.join("."), &set(&[published("one")]), &EXPECTED).err(),
        Some(IdTokenError::UnknownKey)
    );
}
