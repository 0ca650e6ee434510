//! Customers with passkeys.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::{Authenticator, Customer, Response, Shop};

/// The routes of passkeys.
pub const PASSKEYS: &str = "/api/v1/auth/passkeys";

/// `PasskeyOrigins` of the local stacks.
pub const SHOP_PAGE: &str = "http://localhost:3000";

/// A passkey that a customer has just added.
#[derive(Debug, Clone)]
pub struct AddedPasskey {
    /// The customer in the session after it.
    pub customer: Customer,
    /// `psk_…`.
    pub id: String,
    /// The recovery codes, if it is the account's first second factor.
    pub recovery_codes: Vec<String>,
}

impl Customer {
    /// The options of a new passkey.
    pub async fn begins_passkey(&self) -> Value {
        self.api.post(&format!("{PASSKEYS}/options"), &json!({})).await.expect(200).json()
    }

    /// Tries to add what a device has made, as `Phone`.
    pub async fn tries_to_add_passkey(&self, credential: &Value) -> Response {
        self.api.post(PASSKEYS, &json!({ "name": "Phone", "credential": credential })).await
    }

    /// Makes a passkey on the device and adds it, as `Phone`.
    pub async fn adds_passkey(&self, device: &mut Authenticator) -> AddedPasskey {
        self.adds_passkey_as("Phone", device).await
    }

    /// The same with a name.
    pub async fn adds_passkey_as(&self, name: &str, device: &mut Authenticator) -> AddedPasskey {
        let credential = device.creates(&self.begins_passkey().await);
        let body = json!({ "name": name, "credential": credential });
        let added = self.api.post(PASSKEYS, &body).await.expect(201).json();
        let api = match added["accessToken"].as_str() {
            Some(token) => self.api.with_token(token),
            None => self.api.clone(),
        };
        let codes = added["recoveryCodes"].as_array().into_iter().flatten();
        let recovery_codes = codes.map(|code| code.as_str().unwrap_or_default().to_owned()).collect();
        let id = added["passkey"]["id"].as_str();
        let id = id.unwrap_or_else(|| panic!("a passkey should have an id: {added}")).to_owned();
        AddedPasskey { customer: self.through(&api), id, recovery_codes }
    }

    /// Lists the account's passkeys.
    pub async fn passkeys(&self) -> Vec<Value> {
        self.api.get(PASSKEYS).await.expect(200).json()["data"].as_array().cloned().unwrap_or_default()
    }
}

impl Shop {
    /// A customer with a verified email address and one passkey, on that device.
    pub async fn new_customer_with_passkey(&self, device: &mut Authenticator) -> AddedPasskey {
        self.new_verified_customer().await.adds_passkey(device).await
    }

    /// The options of a login with a passkey.
    pub async fn begins_passkey_login(&self) -> Value {
        self.anonymous().post(&format!("{PASSKEYS}/login/options"), &json!({})).await.expect(200).json()
    }

    /// Tries to log in with what a device has signed.
    pub async fn tries_to_log_in_with(&self, credential: &Value) -> Response {
        self.anonymous().post(&format!("{PASSKEYS}/login"), &json!({ "credential": credential })).await
    }
}

/// The partition of the row of a challenge, whose sort key is `CHALLENGE`.
pub fn row_of_challenge(challenge: &str) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(challenge).unwrap_or_else(|error| panic!("{challenge}: {error}"));
    let hex: String = digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("CHALLENGE#{hex}")
}
