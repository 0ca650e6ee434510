//! The public key of a passkey: a COSE key (RFC 9052, 7; Web Authentication, 6.5.1.1), as the authenticator sent it.

use std::ops::RangeInclusive;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use coset::cbor::value::Value;
use coset::iana::{self, EnumI64};
use coset::{Algorithm, AsCborValue, CoseKey, KeyType, Label};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::passkeys::base64url::Base64Url;
use crate::passkeys::cbor::read_item;
use crate::passkeys::refusal::Refusal;

/// Of RSA, like those that authenticators make. The number of bits need not be a multiple of eight.
const MODULUS_BITS: RangeInclusive<usize> = 2_048..=4_096;
/// Enough for that key. It bounds the row.
const MAX_COSE_BYTES: usize = 1_024;

type CoseBytes = Base64Url<1, MAX_COSE_BYTES>;

/// A key that can verify signatures.
#[derive(Clone)]
pub(crate) struct PublicKey {
    cose: CoseBytes,
    key: ParsedPublicKey,
}

impl PublicKey {
    /// The algorithms that the shop asks for, the preferred one first: COSE's numbers of ES256, EdDSA and RS256.
    pub(crate) const ALGORITHMS: [i64; 3] =
        [iana::Algorithm::ES256 as i64, iana::Algorithm::EdDSA as i64, iana::Algorithm::RS256 as i64];

    /// Reads the key at the beginning and moves to the byte after it.
    pub(crate) fn read(bytes: &mut &[u8]) -> Result<Self, Refusal> {
        let all = *bytes;
        let item = read_item(bytes)?;
        let cose = all.get(..all.len() - bytes.len()).and_then(CoseBytes::new).ok_or(Refusal::PublicKey)?;
        let parsed = CoseKey::from_cbor_value(item).map_err(|_| Refusal::PublicKey)?;
        let key = parse(&parsed).ok_or(Refusal::PublicKey)?;
        Ok(Self { cose, key })
    }

    /// Whether the signature of that message is this key's.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        self.key.verify_sig(message, signature).map_err(|_| Refusal::Signature)
    }
}

/// None for another algorithm, a parameter that is missing or has another type, or a point that is not on the curve. An algorithm goes
/// with one type of key and one curve (Web Authentication, 5.8.5).
fn parse(cose: &CoseKey) -> Option<ParsedPublicKey> {
    let (KeyType::Assigned(kind), Some(Algorithm::Assigned(algorithm))) = (&cose.kty, cose.alg.as_ref()) else {
        return None;
    };
    match (algorithm, kind) {
        (iana::Algorithm::ES256, iana::KeyType::EC2) => {
            let (x, y) = (iana::Ec2KeyParameter::X, iana::Ec2KeyParameter::Y);
            has_curve(cose, iana::Ec2KeyParameter::Crv, iana::EllipticCurve::P_256)?;
            let point = [&[4][..], coordinate(cose, x)?.as_slice(), coordinate(cose, y)?.as_slice()].concat();
            ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).ok()
        }
        (iana::Algorithm::EdDSA, iana::KeyType::OKP) => {
            has_curve(cose, iana::OkpKeyParameter::Crv, iana::EllipticCurve::Ed25519)?;
            ParsedPublicKey::new(&ED25519, coordinate(cose, iana::OkpKeyParameter::X)?).ok()
        }
        (iana::Algorithm::RS256, iana::KeyType::RSA) => {
            let (n, e) = (bytes(cose, iana::RsaKeyParameter::N)?, bytes(cose, iana::RsaKeyParameter::E)?);
            let is_normal = n.first()? != &0 && e.first()? != &0 && e.last()? & 1 == 1;
            let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
            let is_bounded = MODULUS_BITS.contains(&bits) && e.len() <= 4;
            let components = (is_normal && is_bounded).then_some(RsaPublicKeyComponents { n, e })?;
            components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()
        }
        _ => None,
    }
}

fn parameter(cose: &CoseKey, name: impl EnumI64) -> Option<&Value> {
    let label = Label::Int(name.to_i64());
    cose.params.iter().find(|(known, _)| *known == label).map(|(_, value)| value)
}

fn has_curve(cose: &CoseKey, name: impl EnumI64, curve: iana::EllipticCurve) -> Option<()> {
    let number = parameter(cose, name)?.as_integer()?;
    (i128::from(number) == i128::from(curve.to_i64())).then_some(())
}

fn bytes(cose: &CoseKey, name: impl EnumI64) -> Option<&Vec<u8>> {
    parameter(cose, name)?.as_bytes()
}

/// A coordinate of a curve with 256 bits. A compressed one is refused, as the standard demands.
fn coordinate(cose: &CoseKey, name: impl EnumI64) -> Option<&Vec<u8>> {
    bytes(cose, name).filter(|bytes| bytes.len() == 32)
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.cose.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let cose = CoseBytes::deserialize(deserializer)?;
        Self::read(&mut cose.bytes()).map_err(|_| de::Error::custom("must be a COSE key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passkeys::software_key::{SoftwareKey, encoded};

    fn read(map: Vec<(i64, Value)>) -> Result<PublicKey, Refusal> {
        PublicKey::read(&mut encoded(map).as_slice())
    }

    /// The map with another value, or without it.
    fn with(map: &[(i64, Value)], label: i64, value: Option<Value>) -> Vec<(i64, Value)> {
        let others = map.iter().filter(|(known, _)| *known != label).cloned();
        others.chain(value.map(|value| (label, value))).collect()
    }

    #[test]
    fn key_of_each_algorithm_verifies_its_own_signatures_only() {
        let keys = SoftwareKey::all();
        for key in &keys {
            let public = read(key.cose()).unwrap();
            assert_eq!(public.verify(b"message", &key.sign(b"message")), Ok(()));
            assert_eq!(public.verify(b"massage", &key.sign(b"message")), Err(Refusal::Signature));
            assert_eq!(public.verify(b"message", &[]), Err(Refusal::Signature));
            let stored: PublicKey = serde_json::from_value(serde_json::to_value(&public).unwrap()).unwrap();
            assert_eq!(stored.verify(b"message", &key.sign(b"message")), Ok(()), "as it comes back from its row");
            for other in keys.iter().filter(|other| other.cose() != key.cose()) {
                assert_eq!(public.verify(b"message", &other.sign(b"message")), Err(Refusal::Signature));
            }
        }
        assert_eq!(PublicKey::ALGORITHMS, [-7, -8, -257]);
    }

    #[test]
    fn key_of_another_algorithm_type_or_curve_is_refused() {
        let [es256, eddsa, rs256] = SoftwareKey::all().map(|key| key.cose());
        for (map, label, value) in [
            (&es256, 3, Some(Value::from(-35))),
            (&es256, 3, Some(Value::from(-8))),
            (&es256, 3, None),
            (&es256, 1, Some(Value::from(1))),
            (&es256, 1, None),
            (&es256, -1, Some(Value::from(2))),
            (&es256, -1, Some(Value::from(8))),
            (&es256, -1, None),
            (&es256, -3, Some(Value::from(true))),
            (&es256, -3, None),
            (&es256, -2, Some(Value::from(vec![0_u8; 32]))),
            (&es256, -2, Some(Value::from(vec![1_u8; 31]))),
            (&es256, -2, Some(Value::from(vec![1_u8; 33]))),
            (&eddsa, 3, Some(Value::from(-7))),
            (&eddsa, -1, Some(Value::from(7))),
            (&eddsa, -2, Some(Value::from(vec![1_u8; 31]))),
            (&eddsa, -2, None),
            (&rs256, 3, Some(Value::from(-37))),
            (&rs256, -1, Some(Value::from(vec![0xff_u8; 255]))),
            (&rs256, -1, Some(Value::from(vec![0xff_u8; 513]))),
            (&rs256, -1, None),
            (&rs256, -2, Some(Value::from(vec![1_u8, 0, 0]))),
            (&rs256, -2, Some(Value::from(vec![1_u8, 0, 0, 0, 1]))),
            (&rs256, -2, Some(Value::from(Vec::<u8>::new()))),
            (&rs256, -2, None),
        ] {
            let bad = with(map, label, value);
            assert_eq!(read(bad.clone()).err(), Some(Refusal::PublicKey), "{bad:?}");
        }
    }

    #[test]
    fn repeated_label_and_other_items_are_refused() {
        let mut twice = SoftwareKey::es256().cose();
        twice.push((-1, Value::from(1)));
        assert_eq!(read(twice).err(), Some(Refusal::PublicKey));
        assert_eq!(PublicKey::read(&mut [0x01].as_slice()).err(), Some(Refusal::PublicKey));
        assert_eq!(PublicKey::read(&mut [0xa1].as_slice()).err(), Some(Refusal::AuthenticatorData));
        let long = with(&SoftwareKey::es256().cose(), 2, Some(Value::from(vec![7_u8; MAX_COSE_BYTES])));
        assert_eq!(read(long).err(), Some(Refusal::PublicKey));
    }
}
