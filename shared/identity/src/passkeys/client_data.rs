//! The client data: what the browser says about the page that used the passkey (Web Authentication, 5.8.1).

use serde::Deserialize;
use values::read_json;

use crate::passkeys::challenge::Challenge;
use crate::passkeys::refusal::Refusal;
use crate::passkeys::relying_party::RelyingParty;

/// What a passkey is used for. A response of one ceremony is never one of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ceremony {
    Registration,
    Login,
}

impl Ceremony {
    fn client_type(self) -> &'static str {
        match self {
            Self::Registration => "webauthn.create",
            Self::Login => "webauthn.get",
        }
    }
}

/// Browsers may add members (5.8.1.2), so unknown ones are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: Challenge,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    token_binding: Option<TokenBinding>,
}

#[derive(Deserialize)]
struct TokenBinding {
    status: String,
}

/// Checks the client data and returns its challenge, which the caller must know. Steps 5 to 10 of 7.1, and 9 to 14 of 7.2.
pub(crate) fn check_client_data(
    bytes: &[u8],
    ceremony: Ceremony,
    relying_party: &RelyingParty,
) -> Result<Challenge, Refusal> {
    let data: ClientData = read_json(bytes).map_err(|_| Refusal::ClientData)?;
    if data.kind != ceremony.client_type() {
        return Err(Refusal::Type);
    }
    if !relying_party.has_origin(&data.origin) {
        return Err(Refusal::Origin);
    }
    // The shop's pages are in no other page's frame, and no server of it binds connections to tokens.
    if data.cross_origin || data.token_binding.is_some_and(|binding| binding.status == "present") {
        return Err(Refusal::Embedding);
    }
    Ok(data.challenge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(data: &Value) -> Result<Challenge, Refusal> {
        let shop = RelyingParty::parse("shop.example", "https://shop.example").unwrap();
        check_client_data(data.to_string().as_bytes(), Ceremony::Login, &shop)
    }

    fn data() -> Value {
        json!({
            "type": "webauthn.get",
            "challenge": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            "origin": "https://shop.example",
            "crossOrigin": false,
            "other_keys_can_be_added_here": "do not compare clientDataJSON against a template",
        })
    }

    #[test]
    fn client_data_of_the_shop_gives_its_challenge() {
        let bytes: Vec<u8> = (0..32).collect();
        assert!(check(&data()) == Ok(Challenge::of(&bytes)));
        let mut binding = data();
        binding["tokenBinding"] = json!({ "status": "supported" });
        assert!(check(&binding).is_ok(), "supported, and not used");
    }

    #[test]
    fn client_data_of_another_purpose_or_page_is_refused() {
        for (member, value, refusal) in [
            ("type", json!("webauthn.create"), Refusal::Type),
            ("type", json!("payment.get"), Refusal::Type),
            ("origin", json!("https://shop.example.evil.example"), Refusal::Origin),
            ("origin", json!("http://shop.example"), Refusal::Origin),
            ("origin", json!("https://admin.shop.example"), Refusal::Origin),
            ("crossOrigin", json!(true), Refusal::Embedding),
            ("tokenBinding", json!({ "status": "present", "id": "AA" }), Refusal::Embedding),
            ("challenge", json!("AAEC"), Refusal::ClientData),
            ("challenge", json!("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), Refusal::ClientData),
            ("challenge", json!(null), Refusal::ClientData),
            ("origin", json!(7), Refusal::ClientData),
        ] {
            let mut bad = data();
            bad[member] = value;
            assert_eq!(check(&bad).err(), Some(refusal), "{bad}");
        }
    }

    #[test]
    fn client_data_that_is_no_plain_object_is_refused() {
        let shop = RelyingParty::parse("shop.example", "https://shop.example").unwrap();
        let good = data().to_string();
        let twice = good.replacen('{', r#"{"origin":"https://evil.example","#, 1);
        for bad in ["", "null", "[]", "{", &twice, &good[1..], &format!("\u{feff}{good}")] {
            let refused = check_client_data(bad.as_bytes(), Ceremony::Login, &shop).err();
            assert_eq!(refused, Some(Refusal::ClientData), "{bad}");
        }
        assert_eq!(check_client_data(&[0xff], Ceremony::Login, &shop).err(), Some(Refusal::ClientData));
    }
}
