//! An authenticator app (RFC 6238), written without souk, and customers who have one.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::{Customer, Response, Shop};

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP_SECONDS: u64 = 30;

/// The route that begins and ends an app.
pub const TOTP: &str = "/api/v1/auth/mfa/totp";

/// An app that knows the secret of one account.
#[derive(Debug, Clone)]
pub struct AuthenticatorApp {
    secret: Vec<u8>,
    user: String,
    /// The code that confirmed it.
    pub used: String,
}

impl AuthenticatorApp {
    /// An app into which the answer of the first step was typed.
    pub fn of(customer: &Customer, enrolled: &Value) -> Self {
        let text = enrolled["secret"].as_str().unwrap_or_else(|| panic!("there should be a secret: {enrolled}"));
        let (mut secret, mut bits, mut length) = (Vec::new(), 0u32, 0);
        for letter in text.bytes() {
            let value = BASE32.iter().position(|other| *other == letter);
            let value = value.unwrap_or_else(|| panic!("a secret should be base32: {text}"));
            bits = bits << 5 | u32::try_from(value).unwrap_or_default();
            length += 5;
            if length >= 8 {
                length -= 8;
                secret.push((bits >> length & 0xff) as u8);
            }
        }
        assert_eq!(secret.len(), 20, "a secret should have 160 bits: {text}");
        Self { secret, user: customer.id().to_owned(), used: String::new() }
    }

    /// The code of the present step, or of one that is some steps away.
    pub fn code(&self, steps_away: i64) -> String {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let step = (seconds / STEP_SECONDS).wrapping_add_signed(steps_away);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let mac = hmac::sign(&key, &step.to_be_bytes());
        let mac = mac.as_ref();
        let offset = usize::from(mac[mac.len() - 1] & 15);
        let number = mac[offset..offset + 4].iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }

    /// A code that no step has.
    pub fn wrong_code(&self) -> String {
        let codes: Vec<_> = (-2..=3).map(|away| self.code(away)).collect();
        let free = (0..10).map(|digit| digit.to_string().repeat(6)).find(|code| !codes.contains(code));
        free.unwrap_or_else(|| panic!("one of ten codes should be wrong: {codes:?}"))
    }
}

impl Shop {
    /// Adds an app to a customer with a verified email address. Returns the app, the customer in the session that took the place of
    /// the first one, and the answer. The code of the present step is used up.
    pub async fn adds_app(&self, customer: &Customer) -> (AuthenticatorApp, Customer, Value) {
        let enrolled = customer.api.post(TOTP, &json!({})).await.expect(200).json();
        let mut app = AuthenticatorApp::of(customer, &enrolled);
        app.used = app.code(0);
        let body = json!({ "code": app.used });
        let added = customer.api.post(&format!("{TOTP}/confirm"), &body).await.expect(200).json();
        let token = added["accessToken"].as_str().unwrap_or_else(|| panic!("a new session should begin: {added}"));
        let customer = customer.through(&self.anonymous().with_token(token));
        (app, customer, added)
    }

    /// Lets an app's codes be used again, so that a test need not wait for the next step.
    pub async fn forgets_codes(&self, app: &AuthenticatorApp) {
        self.rows.sets("identity", &format!("MFA#{}", app.user), "TOTP", "lastStep", json!({ "N": "0" })).await;
    }

    /// The first step of a login, whose answer may be any.
    pub async fn tries_password(&self, customer: &Customer) -> Response {
        let body = json!({ "email": customer.email, "password": customer.password });
        self.anonymous().post("/api/v1/auth/login", &body).await
    }

    /// The first step of a login to an account with a second factor: returns the token for the second step.
    pub async fn mfa_token(&self, customer: &Customer) -> String {
        let problem = self.tries_password(customer).await.expect_problem(403, "mfa_required");
        let token = problem.body["mfaToken"].as_str();
        token.unwrap_or_else(|| panic!("there should be a token: {}", problem.body)).to_owned()
    }

    /// The second step of a login, with that proof.
    pub async fn tries_factor(&self, mfa_token: &str, mut proof: Value) -> Response {
        proof["mfaToken"] = json!(mfa_token);
        self.anonymous().post("/api/v1/auth/login/mfa", &proof).await
    }
}
