//! The authenticator data: what the authenticator signs about itself (Web Authentication, 6.1).

use coset::cbor::value::Value;

use crate::passkeys::base64url::Base64Url;
use crate::passkeys::cbor::read_item;
use crate::passkeys::public_key::PublicKey;
use crate::passkeys::refusal::Refusal;
use crate::passkeys::relying_party::RelyingParty;

/// The id of a key. Authenticators make them of at least 16 bytes, so that nobody guesses one, and of at most 1,023.
pub(crate) type CredentialId = Base64Url<16, 1_023>;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

/// The length of the model's id, which says nothing that the shop trusts.
const AAGUID_BYTES: usize = 16;

/// A key that the authenticator has just made.
pub(crate) struct AttestedCredential {
    pub(crate) id: CredentialId,
    pub(crate) public_key: PublicKey,
}

/// The parsed data.
pub(crate) struct AuthenticatorData {
    rp_id_hash: [u8; 32],
    flags: u8,
    /// How often the key has signed; zero if the authenticator does not count.
    pub(crate) sign_count: u32,
    pub(crate) credential: Option<AttestedCredential>,
}

impl AuthenticatorData {
    /// Reads all bytes; bytes that belong to nothing are refused.
    pub(crate) fn parse(mut bytes: &[u8]) -> Result<Self, Refusal> {
        let rest = &mut bytes;
        let rp_id_hash = read_array(rest)?;
        let [flags] = read_array(rest)?;
        let sign_count = u32::from_be_bytes(read_array(rest)?);
        let credential = match flags & HAS_CREDENTIAL {
            0 => None,
            _ => Some(AttestedCredential::read(rest)?),
        };
        if flags & HAS_EXTENSIONS != 0 && !matches!(read_item(rest)?, Value::Map(_)) {
            return Err(Refusal::AuthenticatorData);
        }
        if !rest.is_empty() {
            return Err(Refusal::AuthenticatorData);
        }
        Ok(Self { rp_id_hash, flags, sign_count, credential })
    }

    /// Whether it was made for that relying party, by an authenticator that was touched and has verified its user. Steps 13 to 15 of
    /// 7.1, and 15 to 17 of 7.2.
    pub(crate) fn check(&self, relying_party: &RelyingParty) -> Result<(), Refusal> {
        if self.rp_id_hash != relying_party.id_hash() {
            return Err(Refusal::RelyingParty);
        }
        if self.flags & USER_PRESENT == 0 {
            return Err(Refusal::UserPresence);
        }
        if self.flags & USER_VERIFIED == 0 {
            return Err(Refusal::UserVerification);
        }
        Ok(())
    }
}

impl AttestedCredential {
    fn read(rest: &mut &[u8]) -> Result<Self, Refusal> {
        let _: [u8; AAGUID_BYTES] = read_array(rest)?;
        let length = u16::from_be_bytes(read_array(rest)?);
        let id = CredentialId::new(read_bytes(rest, length.into())?).ok_or(Refusal::Credential)?;
        Ok(Self { id, public_key: PublicKey::read(rest)? })
    }
}

fn read_bytes<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], Refusal> {
    let (bytes, after) = rest.split_at_checked(count).ok_or(Refusal::AuthenticatorData)?;
    *rest = after;
    Ok(bytes)
}

fn read_array<const COUNT: usize>(rest: &mut &[u8]) -> Result<[u8; COUNT], Refusal> {
    read_bytes(rest, COUNT)?.try_into().map_err(|_| Refusal::AuthenticatorData)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passkeys::software_key::{SoftwareKey, authenticator_data, encoded};

    fn shop() -> RelyingParty {
        RelyingParty::parse("shop.example", "https://shop.example").unwrap()
    }

    #[test]
    fn data_with_and_without_a_credential_is_read_to_its_end() {
        let key = SoftwareKey::es256();
        let plain = AuthenticatorData::parse(&authenticator_data("shop.example", 0x05, 7, None)).unwrap();
        assert!(plain.credential.is_none() && plain.sign_count == 7 && plain.check(&shop()).is_ok());
        let bytes = authenticator_data("shop.example", 0x45, 0, Some((&[9; 20], &key)));
        let credential = AuthenticatorData::parse(&bytes).unwrap().credential.unwrap();
        assert_eq!(credential.id.bytes(), [9; 20]);
        assert_eq!(credential.public_key.verify(b"m", &key.sign(b"m")), Ok(()));
        let mut extended = authenticator_data("shop.example", 0xc5, 0, Some((&[9; 20], &key)));
        extended.extend(encoded(vec![(1, Value::from(true))]));
        assert!(AuthenticatorData::parse(&extended).is_ok(), "extensions are ignored");
    }

    #[test]
    fn data_of_another_length_is_refused() {
        let key = SoftwareKey::es256();
        for flags in [0x05, 0x45] {
            let credential = (flags & HAS_CREDENTIAL != 0).then_some((&[9; 20][..], &key));
            let good = authenticator_data("shop.example", flags, 0, credential);
            for length in 0..good.len() {
                let refused = AuthenticatorData::parse(&good[..length]).err();
                assert!(
                    matches!(refused, Some(Refusal::AuthenticatorData | Refusal::PublicKey)),
                    "{length} bytes: {refused:?}"
                );
            }
            let long = [good.as_slice(), &[0]].concat();
            assert_eq!(AuthenticatorData::parse(&long).err(), Some(Refusal::AuthenticatorData), "a byte too many");
        }
        let mut number = authenticator_data("shop.example", 0x85, 0, None);
        number.push(1);
        assert_eq!(AuthenticatorData::parse(&number).err(), Some(Refusal::AuthenticatorData), "extensions are a map");
    }

    #[test]
    fn credential_id_is_bounded() {
        let key = SoftwareKey::es256();
        for (length, is_valid) in [(0, false), (15, false), (16, true), (1_023, true), (1_024, false)] {
            let id = vec![9; length];
            let parsed = AuthenticatorData::parse(&authenticator_data("shop.example", 0x45, 0, Some((&id, &key))));
            assert_eq!(parsed.err(), (!is_valid).then_some(Refusal::Credential), "{length} bytes");
        }
    }

    #[test]
    fn data_counts_for_its_relying_party_with_presence_and_verification() {
        for (rp, flags, refusal) in [
            ("shop.example", 0x05, None),
            ("shop.example", 0x1d, None),
            ("shop.example", 0x04, Some(Refusal::UserPresence)),
            ("shop.example", 0x01, Some(Refusal::UserVerification)),
            ("shop.example", 0x00, Some(Refusal::UserPresence)),
            ("evil.example", 0x05, Some(Refusal::RelyingParty)),
        ] {
            let data = AuthenticatorData::parse(&authenticator_data(rp, flags, 0, None)).unwrap();
            assert_eq!(data.check(&shop()).err(), refusal, "{rp} {flags:#x}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = AuthenticatorData::parse(&bytes);
            let with_credential = [&[0; 32][..], &[0xc5, 0, 0, 0, 0], &[0; 16], &[0, 16], &[1; 16], &bytes].concat();
            let _ = AuthenticatorData::parse(&with_credential);
        }
    }
}
