//! What clients send. `Debug` is left out, so that no password or token finds its way into a log.

use identity::{Name, Password, Registration};
use serde::Deserialize;
use values::{Email, NewEmail, Result};

use crate::guest::Guest;

/// POST …/register.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    email: NewEmail,
    /// Read as it is, so that its refusal has a code of its own.
    password: String,
    name: Name,
}

impl Register {
    pub(crate) fn of(self, guest: Guest) -> Result<Registration> {
        let password = Password::new("password", &self.password)?;
        let Guest { device, network, .. } = guest;
        Ok(Registration { email: self.email.into(), password, name: self.name, device, network })
    }
}

/// POST …/login. The password is whatever it is: rules may have changed since it was chosen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    email: Email,
    password: String,
}

impl Login {
    pub(crate) fn of(self, guest: Guest) -> identity::Login {
        let Guest { device, network, .. } = guest;
        identity::Login { email: self.email, password: self.password, device, network }
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
