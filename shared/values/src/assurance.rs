//! How strongly a person has proved who they are in a session.

use serde::{Deserialize, Serialize};

/// A method of authentication, as access tokens name it (RFC 8176, 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Amr {
    /// A password.
    Pwd,
    /// A one-time password: of an authenticator app, or a recovery code.
    Otp,
    /// Proof of possession of a key: a passkey.
    Hwk,
    /// More than one factor.
    Mfa,
    /// Any other method; a newer release or another issuer may name one.
    #[serde(other)]
    Unknown,
}

/// How strongly a session was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assurance {
    /// With a password, or by a provider.
    OneFactor,
    /// With a second factor, or with a passkey that has verified its user.
    SecondFactor,
    /// With one factor, by an admin of a shop whose admins need two: such a session can only add a second factor.
    EnrolmentDue,
}

impl Assurance {
    /// The assurance of the methods that a token names.
    pub fn of(methods: &[Amr]) -> Self {
        if methods.contains(&Amr::Mfa) { Self::SecondFactor } else { Self::OneFactor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_several_factors_are_a_second_factor() {
        let of = |text| Assurance::of(&serde_json::from_str::<Vec<Amr>>(text).unwrap());
        assert_eq!(of(r#"["pwd", "otp", "mfa"]"#), Assurance::SecondFactor);
        for text in ["[]", r#"["pwd"]"#, r#"["otp"]"#, r#"["face"]"#] {
            assert_eq!(of(text), Assurance::OneFactor, "{text}");
        }
    }
}
