//! Which second factors an account has.

use serde::{Deserialize, Serialize};
use values::Timestamp;

/// The second factors of an account, as its row says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SecondFactors {
    /// Whether there is an authenticator app.
    pub(crate) totp: bool,
    /// The number of passkeys.
    pub(crate) passkeys: u32,
}

impl SecondFactors {
    /// Does a login need a second factor?
    pub(crate) fn is_any(self) -> bool {
        self.totp || self.passkeys > 0
    }

    /// The ways to prove it.
    pub(crate) fn methods(self) -> Vec<FactorMethod> {
        let totp = self.totp.then_some(FactorMethod::Totp);
        let passkey = (self.passkeys > 0).then_some(FactorMethod::Passkey);
        let recovery = self.is_any().then_some(FactorMethod::RecoveryCode);
        [totp, passkey, recovery].into_iter().flatten().collect()
    }
}

/// A way to prove a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FactorMethod {
    /// A code of an authenticator app.
    Totp,
    /// A passkey (WebAuthn).
    Passkey,
    /// One of the recovery codes.
    RecoveryCode,
}

impl FactorMethod {
    /// The name of the method in answers and log lines.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

/// The second factors of an account, as its owner sees them.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SecondFactors"))]
#[serde(rename_all = "camelCase")]
pub struct FactorsView {
    /// The authenticator app, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totp: Option<TotpView>,
    /// The number of passkeys.
    pub passkeys: u32,
    /// The recovery codes that were not used yet.
    pub recovery_codes_left: usize,
}

/// The authenticator app of an account.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Totp"))]
#[serde(rename_all = "camelCase")]
pub struct TotpView {
    /// The time when it was confirmed.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_a_way_only_beside_another() {
        let methods = |totp, passkeys| SecondFactors { totp, passkeys }.methods();
        assert_eq!(methods(false, 0), []);
        assert_eq!(methods(true, 0), [FactorMethod::Totp, FactorMethod::RecoveryCode]);
        assert_eq!(methods(false, 2), [FactorMethod::Passkey, FactorMethod::RecoveryCode]);
    }

    #[test]
    fn row_of_an_older_release_has_no_factor() {
        assert_eq!(serde_json::from_str::<SecondFactors>("{}").unwrap(), SecondFactors::default());
    }
}
