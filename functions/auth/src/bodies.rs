//! The bodies of requests. They have no `Debug`, so that no password or token gets into a log.

use identity::{NewName, Password, PasswordChange, PasswordReset, Registration};
use serde::Deserialize;
use values::{Email, NewEmail, Result};

use crate::client::Client;

/// The request to register an account.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Registration"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    email: NewEmail,
    // Parsed as text, so that its refusal has an error code of its own.
    #[cfg_attr(feature = "openapi", schemars(with = "Password"))]
    password: String,
    /// The name by which mails greet the person. It must not contain a URL or a domain.
    #[cfg_attr(feature = "openapi", schemars(with = "identity::Name"))]
    name: NewName,
}

impl Register {
    pub(crate) fn registration(self, client: Client) -> Result<Registration> {
        let password = Password::new("password", &self.password)?;
        let Client { device, network, .. } = client;
        Ok(Registration { email: self.email.into(), password, name: self.name.into(), device, network })
    }
}

/// The request to log in. The password is not checked by today's rules, which may be newer than the password.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Credentials"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Login {
    email: Email,
    #[cfg_attr(feature = "openapi", schemars(extend("format" = "password")))]
    password: String,
    /// The `deviceToken` of the last login from this device. One that is not valid is ignored.
    device_token: Option<String>,
}

impl Login {
    pub(crate) fn login(self, client: Client) -> identity::LoginRequest {
        let Client { device, network, .. } = client;
        let Self { email, password, device_token } = self;
        identity::LoginRequest { email, password, device, device_token, network }
    }
}

/// The request for the next tokens.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Refresh {
    pub(crate) refresh_token: String,
}

/// The request for the tokens of a sign-in with a provider.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SignInCode"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Redeem {
    /// The `code` that the page of the front end received.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "Zr0cGyWJ4m1pMzq0Sx3bq1oXv0c8l5tq9Jd2kWc4n6E")))]
    pub(crate) code: String,
}

/// The request for a link that resets a password.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ResetRequest"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Reset {
    pub(crate) email: Email,
}

/// The request to set a new password.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ResetConfirmation"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConfirmReset {
    /// The token in the mailed link.
    token: String,
    #[cfg_attr(feature = "openapi", schemars(with = "Password"))]
    new_password: String,
    /// Whether API keys stay valid. Without it, all of them are revoked: a thief may have made one.
    #[serde(default)]
    keep_api_keys: bool,
}

impl ConfirmReset {
    pub(crate) fn reset(self) -> Result<PasswordReset> {
        let password = Password::new("newPassword", &self.new_password)?;
        Ok(PasswordReset { token: self.token, password, keeps_api_keys: self.keep_api_keys })
    }
}

/// The request to replace a password. The old one is not checked by today's rules, which may be newer than the password.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PasswordChange"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChangePassword {
    #[cfg_attr(feature = "openapi", schemars(extend("format" = "password")))]
    old_password: String,
    #[cfg_attr(feature = "openapi", schemars(with = "Password"))]
    new_password: String,
}

impl ChangePassword {
    pub(crate) fn change(self) -> Result<PasswordChange> {
        let next = Password::new("newPassword", &self.new_password)?;
        Ok(PasswordChange { old: self.old_password, next })
    }
}

/// The request to verify an email address.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Verification"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Verify {
    /// The token in the mailed link.
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
