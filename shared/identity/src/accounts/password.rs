//! Passwords, and their Argon2id hashes as PHC strings. The configuration sets the cost; its default is the OWASP Password Storage
//! Cheat Sheet's: 19 MiB, 2 passes, 1 lane.
//!
//! A password is normalised (NFKC) before it is measured, compared and hashed, because keyboards encode the same character
//! differently (NIST SP 800-63B, 5.1.1.2). NFKC leaves ASCII as it is, so hashes from before normalisation stay valid.
//!
//! PasswordHashing runs inline. An execution environment serves one request at a time on one thread, so no other request waits. A thread
//! of its own would cost a start and share the same CPU.

use std::fmt;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use aws_kit::Settings;
use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};
use values::{Error, Result};

use crate::accounts::common_password::is_common;

/// In characters (NIST SP 800-63B, 5.1.1.2).
const MIN_CHARS: usize = 8;
/// In characters: longer than any passphrase, and a bound for the work of hashing.
const MAX_CHARS: usize = 128;
/// The longest input that is normalised: 128 characters of eight code points each, more than any script needs.
const MAX_BYTES: usize = MAX_CHARS * 8 * 4;
/// The smallest memory that the cheat sheet recommends (with 5 passes).
const MIN_MEMORY_KIB: u32 = 7 * 1024;
/// Less than a third of the memory that the template gives to `auth`.
const MAX_MEMORY_KIB: u32 = 512 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 4;
/// Salt and output of a hash that no known password has.
const UNMATCHABLE: &str = "aeY3CTCcK/+dN+OC6Vf24Q$r+xc06IHRZmzQyBwc0MNrEgbSZjKPYf4SReMS6L3ERA";

/// The text in NFKC; none if it is longer than any password.
fn normal(text: &str) -> Option<String> {
    (text.len() <= MAX_BYTES).then(|| ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned())
}

/// A new password: 8 to 128 characters, normalised to Unicode NFKC. Common passwords are refused (`password_too_common`).
#[derive(Clone)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline, extend("format" = "password")))]
pub struct Password(#[cfg_attr(feature = "openapi", schemars(length(min = MIN_CHARS, max = MAX_CHARS)))] String);

impl Password {
    /// 422 `password_too_short`, `password_too_long` or `password_too_common`, for the request's `field`. Any characters are allowed.
    pub fn new(field: &str, text: &str) -> Result<Self> {
        let too_long = || Error::invalid(field, "password_too_long", "must be at most 128 characters");
        let normal = normal(text).ok_or_else(too_long)?;
        match normal.chars().count() {
            0..MIN_CHARS => Err(Error::invalid(field, "password_too_short", "must be at least 8 characters")),
            MIN_CHARS..=MAX_CHARS if is_common(&normal) => {
                let detail = "is one of the most common passwords; choose another one";
                Err(Error::invalid(field, "password_too_common", detail))
            }
            MIN_CHARS..=MAX_CHARS => Ok(Self(normal)),
            _ => Err(too_long()),
        }
    }
}

/// Hides the password.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Hashes new passwords at the configured cost.
#[derive(Debug, Clone)]
pub(crate) struct PasswordHashing {
    params: Params,
}

impl PasswordHashing {
    /// Reads `SOUK_ARGON2_MEMORY_KIB`, `SOUK_ARGON2_PASSES` and `SOUK_ARGON2_LANES`. Fails for a cost that protects too little or that
    /// a function does not have.
    pub(crate) fn from_env() -> Result<Self> {
        Self::new(
            Settings.parsed("SOUK_ARGON2_MEMORY_KIB")?,
            Settings.parsed("SOUK_ARGON2_PASSES")?,
            Settings.parsed("SOUK_ARGON2_LANES")?,
        )
    }

    /// Allows 7 to 512 MiB, 1 to 16 passes and 1 to 4 lanes.
    pub(crate) fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self> {
        let within = (MIN_MEMORY_KIB..=MAX_MEMORY_KIB).contains(&memory_kib)
            && (1..=MAX_PASSES).contains(&passes)
            && (1..=MAX_LANES).contains(&lanes);
        if !within {
            return Err(Error::internal(format!(
                "the argon2 cost m={memory_kib},t={passes},p={lanes} is out of range"
            )));
        }
        Ok(Self { params: Params::new(memory_kib, passes, lanes, None).map_err(Error::internal)? })
    }

    /// Hashes a password with a new salt: about 20 ms of a whole CPU.
    pub(crate) fn hash(&self, password: &Password) -> Result<Credential> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let hash = argon2.hash_password(password.0.as_bytes()).map_err(Error::internal)?;
        Ok(Credential(hash.to_string()))
    }

    /// A hash that no password matches, which costs as much to check as a real one.
    pub(crate) fn unmatchable(&self) -> Credential {
        Credential(format!("$argon2id$v=19${}${UNMATCHABLE}", self.params))
    }

    /// A new hash of the password if `stored` costs less in any respect; otherwise none.
    pub(crate) fn upgrade(&self, stored: &Credential, input: &PasswordInput) -> Result<Option<Credential>> {
        let hash = PasswordHash::new(&stored.0).map_err(Error::internal)?;
        let cost = Params::try_from(&hash).map_err(Error::internal)?;
        let is_cheaper = cost.m_cost() < self.params.m_cost()
            || cost.t_cost() < self.params.t_cost()
            || cost.p_cost() < self.params.p_cost();
        match &input.0 {
            Some(text) if is_cheaper => self.hash(&Password(text.clone())).map(Some),
            _ => Ok(None),
        }
    }
}

/// The password in a login. It is not checked by today's rules, which may be newer than the password.
pub(crate) struct PasswordInput(Option<String>);

impl PasswordInput {
    /// Input that is longer than any password matches none, and costs the same to refuse.
    pub(crate) fn new(text: &str) -> Self {
        Self(normal(text).filter(|normal| normal.chars().count() <= MAX_CHARS))
    }
}

/// A password hash as a PHC string, with its salt and cost. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credential(String);

impl Credential {
    /// Whether the input is the password of this hash. The hash states the cost, so every input takes the same time.
    pub(crate) fn matches(&self, input: &PasswordInput) -> Result<bool> {
        let hash = PasswordHash::new(&self.0).map_err(Error::internal)?;
        let text = input.0.as_deref().unwrap_or_default();
        Ok(Argon2::default().verify_password(text.as_bytes(), &hash).is_ok() && input.0.is_some())
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

#[cfg(test)]
impl PasswordHashing {
    /// The template's defaults.
    pub(crate) fn default_cost() -> Self {
        Self::new(19_456, 2, 1).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn password(text: &str) -> Password {
        Password::new("password", text).unwrap()
    }

    fn hash(text: &str) -> Credential {
        PasswordHashing::default_cost().hash(&password(text)).unwrap()
    }

    fn matches(hash: &Credential, text: &str) -> bool {
        hash.matches(&PasswordInput::new(text)).unwrap()
    }

    fn error_code(text: &str) -> &'static str {
        Password::new("newPassword", text).unwrap_err().fields[0].code
    }

    fn cost(hash: &Credential) -> String {
        hash.0.split('$').nth(3).unwrap().to_owned()
    }

    #[test]
    fn password_matches_only_its_own_hash() {
        let first = hash("correct horse");
        assert!(first.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", first.0);
        assert!(matches(&first, "correct horse") && !matches(&first, "Correct horse"));
        assert_ne!(first, hash("correct horse"), "every hash has its own salt");
    }

    #[test]
    fn hash_from_before_normalisation_still_matches() {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19_456, 2, 1, None).unwrap());
        let raw = Credential(argon2.hash_password(b"Correct-Horse ~4711").unwrap().to_string());
        assert!(matches(&raw, "Correct-Horse ~4711"));
    }

    #[test]
    fn password_matches_in_every_unicode_encoding() {
        // Composed, decomposed; a ligature; full width.
        let hash = hash("caf\u{e9} \u{fb01}sh \u{ff11}\u{ff12}");
        assert!(matches(&hash, "cafe\u{301} fish 12"));
        assert!(!matches(&hash, "cafe fish 12"));
    }

    #[test]
    fn unmatchable_hash_costs_the_same_and_matches_nothing() {
        for hashing in [PasswordHashing::default_cost(), PasswordHashing::new(8_192, 3, 2).unwrap()] {
            let real = hashing.hash(&password("correct horse")).unwrap();
            assert_eq!(cost(&hashing.unmatchable()), cost(&real));
            assert!(!matches(&hashing.unmatchable(), ""));
        }
    }

    #[test]
    fn input_longer_than_any_password_matches_nothing() {
        let longest = "x".repeat(128);
        let hash = hash(&longest);
        assert!(matches(&hash, &longest));
        for long in ["x".repeat(129), "x".repeat(300_000)] {
            assert!(!matches(&hash, &long) && PasswordInput::new(&long).0.is_none());
        }
    }

    #[test]
    fn password_has_8_to_128_characters_of_any_script() {
        assert_eq!(error_code("1234567"), "password_too_short");
        assert_eq!(error_code(&"xy".repeat(65)), "password_too_long");
        assert_eq!(error_code(&"x".repeat(300_000)), "password_too_long");
        for good in ["пароль密码", &"é".repeat(128), &"e\u{301}".repeat(128), "🐎🐎🐎🐎🐎🐎🐎🐎"]
        {
            assert!(Password::new("password", good).is_ok(), "{good}");
        }
        // Measured after normalisation: nine code points become seven characters.
        assert_eq!(error_code("e\u{301}e\u{301}12345"), "password_too_short");
        assert!(Password::new("password", &"e\u{301}".repeat(129)).is_err());
    }

    #[test]
    fn common_password_is_refused_in_every_spelling() {
        for common in ["password", "12345678", "PassWord1", "\u{ff50}assword", "1qaz2wsx", "iloveyou"] {
            assert_eq!(error_code(common), "password_too_common", "{common}");
        }
        for good in ["correct horse", "password of mine", "local-admin-only-4711"] {
            assert!(Password::new("password", good).is_ok(), "{good}");
        }
    }

    #[test]
    fn cheaper_hash_is_upgraded_and_equal_one_is_kept() {
        let (cheap, costly) = (PasswordHashing::new(7_168, 1, 1).unwrap(), PasswordHashing::new(8_192, 2, 1).unwrap());
        let input = PasswordInput::new("correct horse");
        let stored = cheap.hash(&password("correct horse")).unwrap();
        assert!(cheap.upgrade(&stored, &input).unwrap().is_none());
        let upgraded = costly.upgrade(&stored, &input).unwrap().unwrap();
        assert_eq!(cost(&upgraded), "m=8192,t=2,p=1");
        assert!(matches(&upgraded, "correct horse"));
        assert!(costly.upgrade(&upgraded, &input).unwrap().is_none());
        assert!(cheap.upgrade(&upgraded, &input).unwrap().is_none(), "a lower cost leaves hashes alone");
    }

    #[test]
    fn cost_out_of_range_is_refused() {
        for (memory, passes, lanes) in
            [(1_024, 2, 1), (19_456, 0, 1), (19_456, 2, 0), (4_000_000, 2, 1), (19_456, 99, 1)]
        {
            assert!(PasswordHashing::new(memory, passes, lanes).is_err(), "m={memory},t={passes},p={lanes}");
        }
    }

    proptest! {
        #[test]
        fn normal_form_is_stable(text in "\\PC{0,40}") {
            let once = normal(&text).unwrap();
            prop_assert_eq!(normal(&once).unwrap(), once);
        }

        #[test]
        fn ascii_is_unchanged(text in "[ -~]{0,200}") {
            prop_assert_eq!(normal(&text).unwrap(), text);
        }
    }
}
