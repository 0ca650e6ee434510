//! The registration of a passkey (Web Authentication, 7.1).

use coset::cbor::value::Value;

use crate::passkeys::authenticator_data::{AttestedCredential, AuthenticatorData};
use crate::passkeys::cbor::{member, read_item};
use crate::passkeys::challenge::Challenge;
use crate::passkeys::client_data::{Ceremony, check_client_data};
use crate::passkeys::refusal::Refusal;
use crate::passkeys::relying_party::RelyingParty;
use crate::passkeys::responses::RegistrationResponse;

/// A key that may be stored, if its challenge is one of the caller's.
pub(crate) struct NewCredential {
    pub(crate) challenge: Challenge,
    pub(crate) credential: AttestedCredential,
    pub(crate) sign_count: u32,
}

/// Checks everything but the challenge, which it returns. The statement of attestation is parsed and not judged (7.1, step 20: the
/// attestation type `none`, or one that no trust anchor is configured for).
pub(crate) fn check_registration(
    response: &RegistrationResponse,
    relying_party: &RelyingParty,
) -> Result<NewCredential, Refusal> {
    let client_data = response.response.client_data_json.bytes();
    let challenge = check_client_data(client_data, Ceremony::Registration, relying_party)?;
    let data = read_attestation_object(response.response.attestation_object.bytes())?;
    data.check(relying_party)?;
    let sign_count = data.sign_count;
    let credential = data.credential.filter(|credential| credential.id == response.id).ok_or(Refusal::Credential)?;
    Ok(NewCredential { challenge, credential, sign_count })
}

/// The authenticator data of an attestation object (6.5.4).
pub(crate) fn read_attestation_object(mut bytes: &[u8]) -> Result<AuthenticatorData, Refusal> {
    let Value::Map(map) = read_item(&mut bytes)? else { return Err(Refusal::AuthenticatorData) };
    let is_whole = bytes.is_empty() && member(&map, "fmt")?.is_text() && member(&map, "attStmt")?.is_map();
    match member(&map, "authData")? {
        Value::Bytes(data) if is_whole => AuthenticatorData::parse(data),
        _ => Err(Refusal::AuthenticatorData),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passkeys::software_key::{Draft, SoftwareKey, attestation_object};

    fn check(draft: &Draft) -> Result<NewCredential, Refusal> {
        let shop = RelyingParty::parse("shop.example", "https://shop.example").unwrap();
        check_registration(&draft.registration(), &shop)
    }

    #[test]
    fn new_key_of_each_algorithm_is_accepted_with_its_challenge_and_count() {
        for key in SoftwareKey::all() {
            let new = check(&Draft { sign_count: 3, ..Draft::registered_with(&key) }).unwrap();
            assert!(new.challenge == Challenge::of(&[1; 32]) && new.sign_count == 3);
            assert_eq!(new.credential.public_key.verify(b"m", &key.sign(b"m")), Ok(()));
        }
    }

    #[test]
    fn every_broken_rule_is_refused() {
        let key = SoftwareKey::es256();
        let good = || Draft::registered_with(&key);
        for (draft, refusal) in [
            (Draft { kind: "webauthn.get", ..good() }, Refusal::Type),
            (Draft { origin: "https://evil.example", ..good() }, Refusal::Origin),
            (Draft { cross_origin: true, ..good() }, Refusal::Embedding),
            (Draft { rp_id: "evil.example", ..good() }, Refusal::RelyingParty),
            (Draft { flags: 0x44, ..good() }, Refusal::UserPresence),
            (Draft { flags: 0x41, ..good() }, Refusal::UserVerification),
            (Draft { flags: 0x05, credential: None, ..good() }, Refusal::Credential),
            (Draft { id: &[8; 16], ..good() }, Refusal::Credential),
        ] {
            assert_eq!(check(&draft).err(), Some(refusal));
        }
        assert!(check(&good()).is_ok());
    }

    #[test]
    fn attestation_object_needs_its_three_members_and_nothing_after_them() {
        let data = Draft::registered_with(&SoftwareKey::es256()).authenticator_data();
        let map = |members: &[(&str, Value)]| attestation_object(members);
        let (format, statement) = (("fmt", Value::from("none")), ("attStmt", Value::Map(Vec::new())));
        let bytes = ("authData", Value::from(data.clone()));
        let good = map(&[format.clone(), statement.clone(), bytes.clone()]);
        assert!(read_attestation_object(&good).is_ok());
        let packed = ("fmt", Value::from("packed"));
        let unknown = ("attStmt", Value::Map(vec![(Value::from("sig"), Value::from(vec![1_u8, 2]))]));
        assert!(read_attestation_object(&map(&[packed, unknown, bytes.clone()])).is_ok(), "not trusted, not refused");
        for bad in [
            [good.as_slice(), &[0]].concat(),
            map(&[format.clone(), statement.clone()]),
            map(&[format.clone(), bytes.clone()]),
            map(&[statement.clone(), bytes.clone()]),
            map(&[format.clone(), statement.clone(), bytes.clone(), bytes.clone()]),
            map(&[format.clone(), statement.clone(), ("authData", Value::from("text"))]),
            map(&[format.clone(), ("attStmt", Value::from(1)), bytes.clone()]),
            map(&[("fmt", Value::from(1)), statement, bytes]),
            data,
            Vec::new(),
        ] {
            assert!(read_attestation_object(&bad).is_err(), "{bad:x?}");
        }
    }
}
