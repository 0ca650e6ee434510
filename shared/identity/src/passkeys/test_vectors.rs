//! The test vectors of the standard (Web Authentication, level 3, 16), which no code of souk has made.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::passkeys::assertion::Assertion;
use crate::passkeys::attestation::{check_registration, read_attestation_object};
use crate::passkeys::refusal::Refusal;
use crate::passkeys::relying_party::RelyingParty;
use crate::passkeys::responses::{PasskeyResponse, RegistrationResponse};

/// A vector, as a browser would send it.
struct Vector {
    registration: RegistrationResponse,
    login: PasskeyResponse,
}

fn base64(hex: &Value) -> String {
    let hex = hex.as_str().unwrap().as_bytes();
    let digits = hex.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    URL_SAFE_NO_PAD.encode(digits.collect::<Vec<_>>())
}

impl Vector {
    fn named(name: &str) -> Self {
        let vectors: Vec<Value> = serde_json::from_str(include_str!("../../data/webauthn_vectors.json")).unwrap();
        let vector = vectors.into_iter().find(|vector| vector["name"] == name).unwrap();
        let document = |part: &str| {
            let members = vector[part].as_object().unwrap().iter();
            let response: Value = members.map(|(name, hex)| (name.clone(), Value::from(base64(hex)))).collect();
            json!({ "id": base64(&vector["credentialId"]), "type": "public-key", "response": response })
        };
        let registration = serde_json::from_value(document("registration")).unwrap();
        Self { registration, login: serde_json::from_value(document("login")).unwrap() }
    }

    /// The refusals of the registration and of the login, if any.
    fn refusals(&self) -> (Option<Refusal>, Option<Refusal>) {
        let site = RelyingParty::parse("example.org", "https://example.org").unwrap();
        let new = check_registration(&self.registration, &site);
        let login = Assertion::read(&self.login, &site).and_then(|assertion| match &new {
            Ok(new) => assertion.verify(&new.credential.public_key, new.sign_count).map(|_| ()),
            Err(_) => Ok(()),
        });
        (new.err(), login.err())
    }
}

#[test]
fn vectors_with_user_verification_pass() {
    for name in ["packed-es256", "tpm-es256"] {
        assert_eq!(Vector::named(name).refusals(), (None, None), "{name}");
    }
}

#[test]
fn vectors_against_the_shops_rules_are_refused() {
    let (embedded, unverified) = (Some(Refusal::Embedding), Some(Refusal::UserVerification));
    assert_eq!(Vector::named("none-es256-crossOrigin").refusals(), (embedded, embedded));
    for name in ["packed-es384", "packed-ed448"] {
        assert_eq!(Vector::named(name).refusals().0, Some(Refusal::PublicKey), "{name}");
    }
    assert_eq!(Vector::named("packed-eddsa").refusals(), (unverified, unverified));
    assert_eq!(Vector::named("none-es256-long-credential-id").refusals().0, unverified);
    for name in ["none-es256", "packed-rs256"] {
        assert_eq!(Vector::named(name).refusals().1, unverified, "{name}");
    }
}

#[test]
fn signatures_of_all_algorithms_are_right_whatever_the_flags() {
    for name in ["none-es256", "none-es256-long-credential-id", "packed-es256", "packed-eddsa", "packed-rs256"] {
        let Vector { registration, login } = Vector::named(name);
        let data = read_attestation_object(registration.response.attestation_object.bytes()).unwrap();
        let key = data.credential.unwrap().public_key;
        let hash = digest(&SHA256, login.response.client_data_json.bytes());
        let message = [login.response.authenticator_data.bytes(), hash.as_ref()].concat();
        assert_eq!(key.verify(&message, login.response.signature.bytes()), Ok(()), "{name}");
        assert_eq!(key.verify(&message[1..], login.response.signature.bytes()), Err(Refusal::Signature), "{name}");
    }
}
