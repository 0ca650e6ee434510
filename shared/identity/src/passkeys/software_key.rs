//! Keys and documents of an authenticator, for the tests of this folder.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coset::cbor::ser::into_writer;
use coset::cbor::value::Value;
use serde_json::json;

use crate::passkeys::responses::{PasskeyResponse, RegistrationResponse};

/// A private key.
pub(crate) enum SoftwareKey {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl SoftwareKey {
    pub(crate) fn es256() -> Self {
        Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    pub(crate) fn eddsa() -> Self {
        Self::EdDsa(Ed25519KeyPair::generate().unwrap())
    }

    /// One key of each algorithm.
    pub(crate) fn all() -> [Self; 3] {
        [Self::es256(), Self::eddsa(), Self::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())]
    }

    /// The public key as COSE labels and values.
    pub(crate) fn cose(&self) -> Vec<(i64, Value)> {
        match self {
            Self::Es256(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (point[1..33].to_vec(), point[33..].to_vec());
                vec![(1, 2.into()), (3, (-7).into()), (-1, 1.into()), (-2, x.into()), (-3, y.into())]
            }
            Self::EdDsa(key) => {
                let x = key.public_key().as_ref().to_vec();
                vec![(1, 1.into()), (3, (-8).into()), (-1, 6.into()), (-2, x.into())]
            }
            Self::Rs256(key) => {
                let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
                vec![(1, 3.into()), (3, (-257).into()), (-1, n.into()), (-2, e.into())]
            }
        }
    }

    pub(crate) fn encoded(&self) -> Vec<u8> {
        encoded(self.cose())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Es256(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::EdDsa(key) => key.sign(message).as_ref().to_vec(),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }
}

/// A map with integer labels, in CBOR.
pub(crate) fn encoded(map: Vec<(i64, Value)>) -> Vec<u8> {
    cbor(&Value::Map(map.into_iter().map(|(label, value)| (label.into(), value)).collect()))
}

/// A map with text labels, in CBOR.
pub(crate) fn attestation_object(members: &[(&str, Value)]) -> Vec<u8> {
    cbor(&Value::Map(members.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()))
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    into_writer(value, &mut bytes).unwrap();
    bytes
}

/// Authenticator data, with the id and the key of a new credential if there is one.
pub(crate) fn authenticator_data(
    rp_id: &str,
    flags: u8,
    count: u32,
    credential: Option<(&[u8], &SoftwareKey)>,
) -> Vec<u8> {
    let mut data = [digest(&SHA256, rp_id.as_bytes()).as_ref(), &[flags], &count.to_be_bytes()].concat();
    if let Some((id, key)) = credential {
        data.extend([0; 16]);
        data.extend(u16::try_from(id.len()).unwrap().to_be_bytes());
        data.extend(id);
        data.extend(key.encoded());
    }
    data
}

/// The parts of a response; a test changes one.
pub(crate) struct Draft<'a> {
    pub(crate) kind: &'a str,
    pub(crate) challenge: [u8; 32],
    pub(crate) origin: &'a str,
    pub(crate) cross_origin: bool,
    pub(crate) rp_id: &'a str,
    pub(crate) flags: u8,
    pub(crate) sign_count: u32,
    /// The id beside the authenticator data.
    pub(crate) id: &'a [u8],
    /// The id in the authenticator data.
    pub(crate) credential: Option<&'a [u8]>,
    pub(crate) key: &'a SoftwareKey,
}

impl<'a> Draft<'a> {
    pub(crate) fn registered_with(key: &'a SoftwareKey) -> Self {
        let credential: Option<&[u8]> = Some(&[9; 16]);
        Self { kind: "webauthn.create", flags: 0x45, credential, ..Self::used_with(key) }
    }

    pub(crate) fn used_with(key: &'a SoftwareKey) -> Self {
        Self {
            kind: "webauthn.get",
            challenge: [1; 32],
            origin: "https://shop.example",
            cross_origin: false,
            rp_id: "shop.example",
            flags: 0x05,
            sign_count: 0,
            id: &[9; 16],
            credential: None,
            key,
        }
    }

    pub(crate) fn authenticator_data(&self) -> Vec<u8> {
        authenticator_data(self.rp_id, self.flags, self.sign_count, self.credential.map(|id| (id, self.key)))
    }

    fn client_data(&self) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(self.challenge);
        json!({ "type": self.kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin })
            .to_string()
    }

    pub(crate) fn registration(&self) -> RegistrationResponse {
        let object = attestation_object(&[
            ("fmt", "none".into()),
            ("attStmt", Value::Map(Vec::new())),
            ("authData", self.authenticator_data().into()),
        ]);
        let base64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let response =
            json!({ "clientDataJSON": base64(self.client_data().as_bytes()), "attestationObject": base64(&object) });
        serde_json::from_value(json!({ "id": base64(self.id), "type": "public-key", "response": response })).unwrap()
    }

    pub(crate) fn assertion(&self) -> PasskeyResponse {
        let (data, client_data) = (self.authenticator_data(), self.client_data());
        let message = [data.as_slice(), digest(&SHA256, client_data.as_bytes()).as_ref()].concat();
        let base64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let response = json!({
            "clientDataJSON": base64(client_data.as_bytes()),
            "authenticatorData": base64(&data),
            "signature": base64(&self.key.sign(&message)),
        });
        serde_json::from_value(json!({ "id": base64(self.id), "type": "public-key", "response": response })).unwrap()
    }
}
