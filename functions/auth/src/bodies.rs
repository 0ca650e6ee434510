//! What clients send. `Debug` is left out, so that no password or token finds its way into a log.

use identity::{Name, Password, Registration};
use serde::Deserialize;
use values::{Email, Error, Result};

/// POST …/register.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Register {
    email: Email,
    /// Read as it is, so that its refusal has a code of its own.
    password: String,
    name: Name,
}

impl TryFrom<Register> for Registration {
    type Error = Error;

    fn try_from(body: Register) -> Result<Self> {
        Ok(Self { email: body.email, password: Password::new(body.password)?, name: body.name })
    }
}

/// POST …/login. The password is whatever it is: rules may have changed since it was chosen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    pub(crate) email: Email,
    pub(crate) password: String,
}

/// POST /auth/refresh.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Refresh {
    pub(crate) refresh_token: String,
}
