//! The bodies of requests. They have no `Debug`, so that no password or token gets into a log.

use identity::{Name, Password, Registration};
use serde::Deserialize;
use values::{Email, NewEmail, Result};

use crate::client::Client;

/// POST …/register.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    email: NewEmail,
    /// Parsed as text, so that its refusal has an error code of its own.
    password: String,
    name: Name,
}

impl Register {
    pub(crate) fn registration(self, client: Client) -> Result<Registration> {
        let password = Password::new("password", &self.password)?;
        let Client { device, network, .. } = client;
        Ok(Registration { email: self.email.into(), password, name: self.name, device, network })
    }
}

/// POST …/login. The password is not checked by today's rules, which may be newer than the password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    email: Email,
    password: String,
}

impl Login {
    pub(crate) fn login(self, client: Client) -> identity::LoginRequest {
        let Client { device, network, .. } = client;
        identity::LoginRequest { email: self.email, password: self.password, device, network }
    }
}

/// POST /auth/refresh.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Refresh {
    pub(crate) refresh_token: String,
}

/// POST /auth/oauth/token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redeem {
    pub(crate) code: String,
}

/// POST /auth/reset-password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reset {
    pub(crate) email: Email,
}

/// POST /auth/reset-password/confirm.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConfirmReset {
    pub(crate) token: String,
    new_password: String,
}

impl ConfirmReset {
    pub(crate) fn password(&self) -> Result<Password> {
        Password::new("newPassword", &self.new_password)
    }
}

/// POST /auth/verify-email.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verify {
    pub(crate) token: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn old_email_can_log_in_and_reset_but_not_register() {
        let old = "a..b@example.com";
        assert!(from_value::<Login>(json!({ "email": old, "password": "x" })).is_ok());
        assert!(from_value::<Reset>(json!({ "email": old })).is_ok());
        assert!(from_value::<Register>(json!({ "email": old, "password": "x", "name": "Ada" })).is_err());
    }
}
