//! Passwords: what may be chosen, and Argon2id hashes kept as PHC strings, at the cost that the configuration says (the OWASP
//! Password Storage Cheat Sheet's 19 MiB, 2 passes, 1 lane, unless told otherwise).
//!
//! A password is normalised (NFKC) before it is measured, compared and hashed, because keyboards differ in how they write the same
//! character (NIST SP 800-63B, 5.1.1.2). ASCII is its own normal form, so hashes from before that stay good.
//!
//! Hashing runs inline. A sandbox serves one request at a time on one thread, so there is nobody to keep waiting, and a
//! thread of its own would cost a start and share the same CPU.

use std::fmt;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use aws_kit::Settings;
use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};
use values::{Error, Result};

use crate::common_password::is_common;

/// The fewest characters (NIST SP 800-63B, 5.1.1.2).
const FEWEST: usize = 8;
/// The most characters: far beyond any passphrase, and a bound for the work of hashing.
const MOST: usize = 128;
/// The most bytes that are normalised: 128 characters of eight code points each, more than any script needs.
const MOST_BYTES: usize = MOST * 8 * 4;
/// The least memory that the cheat sheet knows of (with 5 passes).
const LEAST_MEMORY_KIB: u32 = 7 * 1024;
/// Half of the memory that the template gives to `auth`.
const MOST_MEMORY_KIB: u32 = 512 * 1024;
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 4;
/// Salt and output of nobody's hash: no password is known to have it.
const NOBODY: &str = "aeY3CTCcK/+dN+OC6Vf24Q$r+xc06IHRZmzQyBwc0MNrEgbSZjKPYf4SReMS6L3ERA";

/// In its normal form; none if it is longer than any password.
fn normal(text: &str) -> Option<String> {
    (text.len() <= MOST_BYTES).then(|| ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned())
}

/// A password somebody chose: 8 to 128 characters, none of the commonest. `Debug` hides it.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Refuses what is too short, too long or too common, in the name of the request's `field`; nothing is demanded of its characters.
    pub fn new(field: &str, text: &str) -> Result<Self> {
        let too_long = || Error::invalid(field, "password_too_long", "must be at most 128 characters");
        let normal = normal(text).ok_or_else(too_long)?;
        match normal.chars().count() {
            0..FEWEST => Err(Error::invalid(field, "password_too_short", "must be at least 8 characters")),
            FEWEST..=MOST if is_common(&normal) => {
                let detail = "is one of the passwords that are guessed first; choose another";
                Err(Error::invalid(field, "password_too_common", detail))
            }
            FEWEST..=MOST => Ok(Self(normal)),
            _ => Err(too_long()),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// How passwords are hashed from now on.
#[derive(Debug, Clone)]
pub(crate) struct Hashing {
    params: Params,
}

impl Hashing {
    /// As `SOUK_ARGON2_MEMORY_KIB`, `SOUK_ARGON2_PASSES` and `SOUK_ARGON2_LANES` say. What would be no protection, or more than a function
    /// has, stops the start.
    pub(crate) fn from_env() -> Result<Self> {
        Self::new(
            Settings.parsed("SOUK_ARGON2_MEMORY_KIB")?,
            Settings.parsed("SOUK_ARGON2_PASSES")?,
            Settings.parsed("SOUK_ARGON2_LANES")?,
        )
    }

    /// With that cost: 7 to 512 MiB, 1 to 16 passes, 1 to 4 lanes.
    pub(crate) fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self> {
        let within = (LEAST_MEMORY_KIB..=MOST_MEMORY_KIB).contains(&memory_kib)
            && (1..=MOST_PASSES).contains(&passes)
            && (1..=MOST_LANES).contains(&lanes);
        if !within {
            return Err(Error::internal(format!("argon2 cannot cost m={memory_kib},t={passes},p={lanes}")));
        }
        Ok(Self { params: Params::new(memory_kib, passes, lanes, None).map_err(Error::internal)? })
    }

    /// Hashes a password under a fresh salt: some 20 ms of a whole CPU.
    pub(crate) fn hash(&self, password: &Password) -> Result<Credential> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let hash = argon2.hash_password(password.0.as_bytes()).map_err(Error::internal)?;
        Ok(Credential(hash.to_string()))
    }

    /// What no password matches, at the price of one that could.
    pub(crate) fn of_nobody(&self) -> Credential {
        Credential(format!("$argon2id$v=19${}${NOBODY}", self.params))
    }

    /// The hash that should stand in the place of one that cost less in any respect; none while it is good enough.
    pub(crate) fn renewed(&self, held: &Credential, typed: &Typed) -> Result<Option<Credential>> {
        let hash = PasswordHash::new(&held.0).map_err(Error::internal)?;
        let was = Params::try_from(&hash).map_err(Error::internal)?;
        let cheaper = was.m_cost() < self.params.m_cost()
            || was.t_cost() < self.params.t_cost()
            || was.p_cost() < self.params.p_cost();
        match &typed.0 {
            Some(text) if cheaper => self.hash(&Password(text.clone())).map(Some),
            _ => Ok(None),
        }
    }
}

/// What somebody types who logs in: whatever it is, since rules may have changed after it was chosen.
pub(crate) struct Typed(Option<String>);

impl Typed {
    /// Longer than any password is no password, but costs the same to refuse.
    pub(crate) fn new(text: &str) -> Self {
        Self(normal(text).filter(|normal| normal.chars().count() <= MOST))
    }
}

/// A hash in PHC string format, its salt and cost within. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credential(String);

impl Credential {
    /// Is it the password behind this hash? The cost is the one written in the hash, whatever was typed.
    pub(crate) fn matches(&self, typed: &Typed) -> Result<bool> {
        let hash = PasswordHash::new(&self.0).map_err(Error::internal)?;
        let text = typed.0.as_deref().unwrap_or_default();
        Ok(Argon2::default().verify_password(text.as_bytes(), &hash).is_ok() && typed.0.is_some())
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

#[cfg(test)]
impl Hashing {
    /// The template's defaults.
    pub(crate) fn usual() -> Self {
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
        Hashing::usual().hash(&password(text)).unwrap()
    }

    fn opens(hash: &Credential, text: &str) -> bool {
        hash.matches(&Typed::new(text)).unwrap()
    }

    fn refusal(text: &str) -> &'static str {
        Password::new("newPassword", text).unwrap_err().fields[0].code
    }

    fn cost(hash: &Credential) -> String {
        hash.0.split('$').nth(3).unwrap().to_owned()
    }

    #[test]
    fn a_password_opens_its_own_hash_alone() {
        let first = hash("correct horse");
        assert!(first.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", first.0);
        assert!(opens(&first, "correct horse") && !opens(&first, "Correct horse"));
        assert_ne!(first, hash("correct horse"), "every hash has its own salt");
    }

    #[test]
    fn a_hash_from_before_passwords_were_normalised_still_opens() {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19_456, 2, 1, None).unwrap());
        let raw = Credential(argon2.hash_password(b"Correct-Horse ~4711").unwrap().to_string());
        assert!(opens(&raw, "Correct-Horse ~4711"));
    }

    #[test]
    fn one_password_has_one_hash_however_a_keyboard_writes_it() {
        // Composed, decomposed; a ligature; full width.
        let hash = hash("caf\u{e9} \u{fb01}sh \u{ff11}\u{ff12}");
        assert!(opens(&hash, "cafe\u{301} fish 12"));
        assert!(!opens(&hash, "cafe fish 12"));
    }

    #[test]
    fn nobodys_hash_costs_what_everybodys_does_and_opens_to_none() {
        for hashing in [Hashing::usual(), Hashing::new(8_192, 3, 2).unwrap()] {
            let real = hashing.hash(&password("correct horse")).unwrap();
            assert_eq!(cost(&hashing.of_nobody()), cost(&real));
            assert!(!opens(&hashing.of_nobody(), ""));
        }
    }

    #[test]
    fn what_is_too_long_to_be_a_password_matches_nothing_and_is_hashed_all_the_same() {
        let longest = "x".repeat(128);
        let hash = hash(&longest);
        assert!(opens(&hash, &longest));
        for long in ["x".repeat(129), "x".repeat(300_000)] {
            assert!(!opens(&hash, &long) && Typed::new(&long).0.is_none());
        }
    }

    #[test]
    fn a_password_is_8_to_128_characters_of_any_script() {
        assert_eq!(refusal("1234567"), "password_too_short");
        assert_eq!(refusal(&"xy".repeat(65)), "password_too_long");
        assert_eq!(refusal(&"x".repeat(300_000)), "password_too_long");
        for good in ["пароль密码", &"é".repeat(128), &"e\u{301}".repeat(128), "🐎🐎🐎🐎🐎🐎🐎🐎"]
        {
            assert!(Password::new("password", good).is_ok(), "{good}");
        }
        // Measured as it is kept: this is written with nine code points, and is seven characters.
        assert_eq!(refusal("e\u{301}e\u{301}12345"), "password_too_short");
        assert!(Password::new("password", &"e\u{301}".repeat(129)).is_err());
    }

    #[test]
    fn what_is_guessed_first_is_refused_however_it_is_written() {
        for common in ["password", "12345678", "PassWord1", "\u{ff50}assword", "1qaz2wsx", "iloveyou"] {
            assert_eq!(refusal(common), "password_too_common", "{common}");
        }
        for good in ["correct horse", "password of mine", "local-admin-only-4711"] {
            assert!(Password::new("password", good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_hash_that_cost_less_is_made_anew_and_one_that_cost_as_much_is_kept() {
        let (cheap, usual) = (Hashing::new(7_168, 1, 1).unwrap(), Hashing::new(8_192, 2, 1).unwrap());
        let typed = Typed::new("correct horse");
        let held = cheap.hash(&password("correct horse")).unwrap();
        assert!(cheap.renewed(&held, &typed).unwrap().is_none());
        let renewed = usual.renewed(&held, &typed).unwrap().unwrap();
        assert_eq!(cost(&renewed), "m=8192,t=2,p=1");
        assert!(opens(&renewed, "correct horse"));
        assert!(usual.renewed(&renewed, &typed).unwrap().is_none());
        assert!(cheap.renewed(&renewed, &typed).unwrap().is_none(), "parameters that fall leave hashes alone");
    }

    #[test]
    fn a_cost_that_protects_nobody_or_that_nobody_has_stops_the_start() {
        for (memory, passes, lanes) in
            [(1_024, 2, 1), (19_456, 0, 1), (19_456, 2, 0), (4_000_000, 2, 1), (19_456, 99, 1)]
        {
            assert!(Hashing::new(memory, passes, lanes).is_err(), "m={memory},t={passes},p={lanes}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_its_own_normal_form(text in "\\PC{0,40}") {
            let idempotency = normal(&text).unwrap();
            prop_assert_eq!(normal(&idempotency).unwrap(), idempotency);
        }

        #[test]
        fn ascii_is_kept_as_it_is(text in "[ -~]{0,200}") {
            prop_assert_eq!(normal(&text).unwrap(), text);
        }
    }
}
