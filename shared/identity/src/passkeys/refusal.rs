//! Why a passkey is refused.

use values::{Error, Kind};

/// Why a response of an authenticator is refused. Every refusal has the code `passkey_invalid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The client data is not the JSON object of the standard.
    ClientData,
    /// The attestation object or the authenticator data cannot be parsed.
    AuthenticatorData,
    /// It was made for the other ceremony.
    Type,
    /// The challenge is unknown, was used, has expired, or was made for another purpose or account.
    Challenge,
    /// The page is not one of the shop's.
    Origin,
    /// The page was in a frame of another origin, or its connection was bound to a token.
    Embedding,
    /// The key belongs to another relying party.
    RelyingParty,
    /// Nobody touched the authenticator.
    UserPresence,
    /// The authenticator has not verified its user by PIN or biometrics.
    UserVerification,
    /// A registration without a key, or whose key has another id than the response says.
    Credential,
    /// The key's algorithm is none of those that the shop asks for, or its parameters are no valid key.
    PublicKey,
    /// The account does not exist or has no such passkey, or the signature is not its key's. The caller cannot distinguish them.
    Signature,
    /// The count of signatures has not grown: the key was copied.
    SignCount,
}

impl Refusal {
    /// What the caller reads.
    fn detail(self) -> &'static str {
        match self {
            Self::ClientData => "The client data of the passkey is not what a browser makes.",
            Self::AuthenticatorData => "The authenticator data of the passkey cannot be read.",
            Self::Type => "The passkey was used for another purpose. Begin again.",
            Self::Challenge => "The challenge was used already, or it took too long. Begin again.",
            Self::Origin | Self::Embedding => "The passkey was used on a page that does not belong to the shop.",
            Self::RelyingParty => "The passkey belongs to another site.",
            Self::UserPresence => "The passkey was used without its owner. Touch the device and try again.",
            Self::UserVerification => {
                "The device must verify its owner by a PIN or biometrics. Set one up and try again."
            }
            Self::Credential => "The response contains no new passkey. Begin again.",
            Self::PublicKey => "The key of the passkey must be ES256, EdDSA (Ed25519) or RS256.",
            Self::Signature | Self::SignCount => "This passkey is not valid here. Use another way to log in.",
        }
    }

    /// The error of a login or step-up: 401.
    pub(crate) fn of_login(self) -> Error {
        Error::new(Kind::Unauthenticated, "passkey_invalid", self.detail()).caused_by(format!("{self:?}"))
    }

    /// The error of a registration: 422. The caller is logged in already.
    pub(crate) fn of_registration(self) -> Error {
        Error::new(Kind::Invalid, "passkey_invalid", self.detail())
            .with_field("credential", "passkey_invalid", self.detail())
            .caused_by(format!("{self:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_key_is_refused_in_the_words_of_an_unknown_one() {
        let (unknown, copied) = (Refusal::Signature.of_login(), Refusal::SignCount.of_login());
        assert_eq!((unknown.kind, unknown.detail), (copied.kind, copied.detail));
    }
}
