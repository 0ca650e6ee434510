//! The private keys of the software authenticator, and their public halves as COSE keys (RFC 9053, 7).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};

use crate::cbor::{bytes, integer, map};

/// The algorithm of a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyAlgorithm {
    Es256,
    EdDsa,
    Rs256,
}

impl PasskeyAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    /// COSE's number.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Rs256 => -257,
        }
    }
}

/// A private key.
#[derive(Debug)]
pub(crate) enum PasskeyKey {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl PasskeyKey {
    pub(crate) fn random(algorithm: PasskeyAlgorithm) -> Self {
        let failed = "a key should be made";
        match algorithm {
            PasskeyAlgorithm::Es256 => Self::Es256(
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap_or_else(|_| panic!("{failed}")),
            ),
            PasskeyAlgorithm::EdDsa => Self::EdDsa(Ed25519KeyPair::generate().unwrap_or_else(|_| panic!("{failed}"))),
            PasskeyAlgorithm::Rs256 => {
                Self::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap_or_else(|_| panic!("{failed}")))
            }
        }
    }

    /// The public key as a COSE key.
    pub(crate) fn cose(&self) -> Vec<u8> {
        let entry = |label: i64, value: Vec<u8>| (integer(label), value);
        match self {
            Self::Es256(key) => {
                // An uncompressed point: 4, x, y.
                let point = key.public_key().as_ref();
                map(&[
                    entry(1, integer(2)),
                    entry(3, integer(-7)),
                    entry(-1, integer(1)),
                    entry(-2, bytes(&point[1..33])),
                    entry(-3, bytes(&point[33..])),
                ])
            }
            Self::EdDsa(key) => map(&[
                entry(1, integer(1)),
                entry(3, integer(-8)),
                entry(-1, integer(6)),
                entry(-2, bytes(key.public_key().as_ref())),
            ]),
            Self::Rs256(key) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
                map(&[
                    entry(1, integer(3)),
                    entry(3, integer(-257)),
                    entry(-1, bytes(&parts.n)),
                    entry(-2, bytes(&parts.e)),
                ])
            }
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let (random, failed) = (SystemRandom::new(), "a key should sign");
        match self {
            Self::Es256(key) => key.sign(&random, message).unwrap_or_else(|_| panic!("{failed}")).as_ref().to_vec(),
            Self::EdDsa(key) => key.sign(message).as_ref().to_vec(),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap_or_else(|_| panic!("{failed}"));
                signature
            }
        }
    }
}
