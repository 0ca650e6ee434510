//! The use of a passkey (Web Authentication, 7.2).

use aws_lc_rs::digest::{SHA256, digest};

use crate::passkeys::authenticator_data::AuthenticatorData;
use crate::passkeys::challenge::Challenge;
use crate::passkeys::client_data::{Ceremony, check_client_data};
use crate::passkeys::public_key::PublicKey;
use crate::passkeys::refusal::Refusal;
use crate::passkeys::relying_party::RelyingParty;
use crate::passkeys::responses::PasskeyResponse;

/// A response whose page, relying party and flags are right. Its challenge, its signature and its count are not checked yet.
pub(crate) struct Assertion<'a> {
    pub(crate) challenge: Challenge,
    response: &'a PasskeyResponse,
    sign_count: u32,
}

impl<'a> Assertion<'a> {
    /// Checks what needs no row.
    pub(crate) fn read(response: &'a PasskeyResponse, relying_party: &RelyingParty) -> Result<Self, Refusal> {
        let client_data = response.response.client_data_json.bytes();
        let challenge = check_client_data(client_data, Ceremony::Login, relying_party)?;
        let data = AuthenticatorData::parse(response.response.authenticator_data.bytes())?;
        data.check(relying_party)?;
        Ok(Self { challenge, response, sign_count: data.sign_count })
    }

    /// Checks the signature by the stored key, and then the count against the stored one. Returns the count to store.
    pub(crate) fn verify(&self, key: &PublicKey, stored_count: u32) -> Result<u32, Refusal> {
        let response = &self.response.response;
        let hash = digest(&SHA256, response.client_data_json.bytes());
        let message = [response.authenticator_data.bytes(), hash.as_ref()].concat();
        key.verify(&message, response.signature.bytes())?;
        match count_grows(stored_count, self.sign_count) {
            true => Ok(self.sign_count),
            false => Err(Refusal::SignCount),
        }
    }
}

/// Whether a count is plausible after the stored one. Authenticators that do not count always say zero (6.1.1).
fn count_grows(stored: u32, count: u32) -> bool {
    count > stored || (count == 0 && stored == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passkeys::software_key::{Draft, SoftwareKey};

    fn shop() -> RelyingParty {
        RelyingParty::parse("shop.example", "https://shop.example").unwrap()
    }

    fn public(key: &SoftwareKey) -> PublicKey {
        PublicKey::read(&mut key.encoded().as_slice()).unwrap()
    }

    #[test]
    fn signature_of_each_algorithm_is_accepted() {
        for key in SoftwareKey::all() {
            let response = Draft { sign_count: 8, ..Draft::used_with(&key) }.assertion();
            let assertion = Assertion::read(&response, &shop()).unwrap();
            assert!(assertion.challenge == Challenge::of(&[1; 32]));
            assert_eq!(assertion.verify(&public(&key), 7), Ok(8));
        }
    }

    #[test]
    fn every_broken_rule_is_refused() {
        let key = SoftwareKey::es256();
        let good = || Draft::used_with(&key);
        for (draft, refusal) in [
            (Draft { kind: "webauthn.create", ..good() }, Refusal::Type),
            (Draft { origin: "http://shop.example", ..good() }, Refusal::Origin),
            (Draft { cross_origin: true, ..good() }, Refusal::Embedding),
            (Draft { rp_id: "www.shop.example", ..good() }, Refusal::RelyingParty),
            (Draft { flags: 0x04, ..good() }, Refusal::UserPresence),
            (Draft { flags: 0x01, ..good() }, Refusal::UserVerification),
        ] {
            assert_eq!(Assertion::read(&draft.assertion(), &shop()).err(), Some(refusal));
        }
    }

    #[test]
    fn signature_covers_the_client_data_and_the_authenticator_data() {
        let key = SoftwareKey::eddsa();
        let good = Draft::used_with(&key).assertion();
        let other = Draft { challenge: [2; 32], sign_count: 9, ..Draft::used_with(&key) }.assertion();
        let verify = |response: &PasskeyResponse, key: &SoftwareKey| {
            Assertion::read(response, &shop()).unwrap().verify(&public(key), 0)
        };
        assert_eq!(verify(&good, &key), Ok(0));
        assert_eq!(verify(&good, &SoftwareKey::eddsa()), Err(Refusal::Signature), "another key");
        let mut moved = good.clone();
        moved.response.client_data_json = other.response.client_data_json.clone();
        assert_eq!(verify(&moved, &key), Err(Refusal::Signature), "another challenge");
        let mut moved = good.clone();
        moved.response.authenticator_data = other.response.authenticator_data.clone();
        assert_eq!(verify(&moved, &key), Err(Refusal::Signature), "another count");
        let mut moved = good;
        moved.response.signature = other.response.signature;
        assert_eq!(verify(&moved, &key), Err(Refusal::Signature), "another signature");
    }

    #[test]
    fn count_must_grow_unless_it_is_always_zero() {
        let key = SoftwareKey::es256();
        for (stored, count, is_valid) in
            [(0, 0, true), (0, 1, true), (7, 8, true), (7, u32::MAX, true), (7, 7, false), (7, 6, false), (1, 0, false)]
        {
            let response = Draft { sign_count: count, ..Draft::used_with(&key) }.assertion();
            let verified = Assertion::read(&response, &shop()).unwrap().verify(&public(&key), stored);
            let expected = if is_valid { Ok(count) } else { Err(Refusal::SignCount) };
            assert_eq!(verified, expected, "{count} after {stored}");
        }
    }

    #[test]
    fn wrong_signature_is_refused_before_its_count_is_looked_at() {
        let response = Draft { sign_count: 1, ..Draft::used_with(&SoftwareKey::es256()) }.assertion();
        let assertion = Assertion::read(&response, &shop()).unwrap();
        assert_eq!(assertion.verify(&public(&SoftwareKey::es256()), 7), Err(Refusal::Signature));
    }
}
