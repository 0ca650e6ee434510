//! The bodies of requests that prove a second factor. They have no `Debug`, so that no code or token gets into a log.

use identity::{PasskeyResponse, Proof, SecondFactorLogin, SecondFactorProof};
use serde::Deserialize;
use values::{Error, Result};

use crate::client::Client;

/// A code of an authenticator app.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "TotpCode"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    /// Six digits.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "492039")))]
    pub(crate) code: String,
}

/// The second step of a login. It has exactly one of `code`, `passkey` and `recoveryCode`.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SecondFactorLogin"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LoginMfa {
    /// The `mfaToken` of the login's first step.
    mfa_token: String,
    /// Six digits of an authenticator app.
    code: Option<String>,
    /// `toJSON()` of what `navigator.credentials.get` returned, with the options of `POST /auth/passkeys/login/options`.
    passkey: Option<PasskeyResponse>,
    /// One of the recovery codes, with or without hyphens.
    recovery_code: Option<String>,
}

impl LoginMfa {
    pub(crate) fn login(self, client: Client) -> Result<SecondFactorLogin> {
        let proofs = [
            self.code.map(SecondFactorProof::Code),
            self.passkey.map(Box::new).map(SecondFactorProof::Passkey),
            self.recovery_code.map(SecondFactorProof::RecoveryCode),
        ];
        let proof = only(proofs, "code", "`code`, `passkey` and `recoveryCode`")?;
        let Client { device, network, .. } = client;
        Ok(SecondFactorLogin { mfa_token: self.mfa_token, proof, device, network })
    }
}

/// The request to prove a credential again. It has exactly one of `password`, `code` and `passkey`. An account with a second factor
/// proves that one.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct StepUp {
    #[cfg_attr(feature = "openapi", schemars(extend("format" = "password")))]
    password: Option<String>,
    /// Six digits of an authenticator app.
    code: Option<String>,
    /// `toJSON()` of what `navigator.credentials.get` returned, with the options of `POST /auth/passkeys/login/options`.
    passkey: Option<PasskeyResponse>,
}

impl StepUp {
    pub(crate) fn proof(self) -> Result<Proof> {
        let proofs = [
            self.password.map(Proof::Password),
            self.code.map(SecondFactorProof::Code).map(Proof::SecondFactor),
            self.passkey.map(Box::new).map(SecondFactorProof::Passkey).map(Proof::SecondFactor),
        ];
        only(proofs, "password", "`password`, `code` and `passkey`")
    }
}

/// The only proof of a request; 422 for none and for several.
fn only<T, const N: usize>(proofs: [Option<T>; N], field: &str, names: &str) -> Result<T> {
    let mut proofs = proofs.into_iter().flatten();
    match (proofs.next(), proofs.next()) {
        (Some(proof), None) => Ok(proof),
        _ => Err(Error::invalid(field, "one_proof_required", format!("send exactly one of {names}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json};

    #[test]
    fn request_has_exactly_one_proof() {
        let code = |body: Value| from_value::<StepUp>(body).unwrap().proof().err().map(|error| error.fields[0].code);
        assert_eq!(code(json!({ "password": "x" })), None);
        assert_eq!(code(json!({ "code": "123456" })), None);
        for bad in [json!({}), json!({ "password": "x", "code": "123456" })] {
            assert_eq!(code(bad.clone()), Some("one_proof_required"), "{bad}");
        }
    }
}
