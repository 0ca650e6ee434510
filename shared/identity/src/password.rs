//! Passwords: Argon2id as the OWASP Password Storage Cheat Sheet sizes it (19 MiB, 2 passes, 1 lane), kept as PHC strings.
//!
//! Hashing runs inline. A sandbox serves one request at a time on one thread, so there is nobody to keep waiting, and a
//! thread of its own would cost a start and share the same CPU.

use std::fmt;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use serde::{Deserialize, Serialize};
use values::{Error, Result};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// The fewest characters (NIST SP 800-63B, 5.1.1.2).
const FEWEST: usize = 8;
/// The most characters: far beyond any passphrase, and a bound for the work of hashing.
const MOST: usize = 128;
/// A hash of nobody's password, with the same cost as every other: what an unknown email is checked against.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$aeY3CTCcK/+dN+OC6Vf24Q$r+xc06IHRZmzQyBwc0MNrEgbSZjKPYf4SReMS6L3ERA";

/// A password somebody chose: 8 to 128 characters. `Debug` hides it.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Refuses what is too short or too long; nothing is demanded of its characters.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        match text.chars().count() {
            FEWEST..=MOST => Ok(Self(text)),
            0..FEWEST => Err(Error::invalid("password", "password_too_short", "must be at least 8 characters")),
            _ => Err(Error::invalid("password", "password_too_long", "must be at most 128 characters")),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A hash in PHC string format, its salt and cost within. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credential(String);

impl Credential {
    /// Hashes a password under a fresh salt: some 20 ms of a whole CPU.
    pub(crate) fn of(password: &Password) -> Result<Self> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash = argon2.hash_password(password.0.as_bytes()).map_err(Error::internal)?;
        Ok(Self(hash.to_string()))
    }

    /// What no password matches, at the price of one that could.
    pub(crate) fn of_nobody() -> Self {
        Self(DUMMY.to_owned())
    }

    /// Is it the password behind this hash? The cost is the one written in the hash.
    pub(crate) fn matches(&self, password: &str) -> Result<bool> {
        let hash = PasswordHash::new(&self.0).map_err(Error::internal)?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_opens_its_own_hash_alone() {
        let hash = Credential::of(&Password::new("correct horse").unwrap()).unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        assert!(hash.matches("correct horse").unwrap());
        assert!(!hash.matches("Correct horse").unwrap());
        assert_ne!(
            hash,
            Credential::of(&Password::new("correct horse").unwrap()).unwrap(),
            "every hash has its own salt"
        );
    }

    #[test]
    fn nobodys_hash_costs_what_everybodys_does_and_opens_to_none() {
        let cost = |hash: &Credential| hash.0.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        let real = Credential::of(&Password::new("correct horse").unwrap()).unwrap();
        assert_eq!(cost(&Credential::of_nobody()), cost(&real));
        assert!(!Credential::of_nobody().matches("").unwrap());
    }

    #[test]
    fn a_password_is_8_to_128_characters_of_any_script() {
        let refusal = |text: String| Password::new(text).unwrap_err().fields[0].code;
        assert_eq!(refusal("1234567".into()), "password_too_short");
        assert_eq!(refusal("x".repeat(129)), "password_too_long");
        assert!(Password::new("пароль密码").is_ok());
        assert!(Password::new("é".repeat(128)).is_ok());
    }
}
