//! Recovery codes: ten codes of 80 bits, each used once, for the loss of a second factor. Pure.

use std::collections::BTreeMap;

use aws_lc_rs::rand;
use serde::{Deserialize, Serialize};
use totp_rs::Secret;
use values::{Error, Result, Timestamp, UserId};

use crate::second_factors::factor_keys::FactorKeys;

const COUNT: usize = 10;
const BYTES: usize = 10;
/// 80 bits in base32.
const CHARACTERS: usize = 16;
const GROUP: usize = 4;

/// New recovery codes. Only this answer contains them.
// It has no `Debug`, so that no code can get into a log.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NewRecoveryCodes {
    /// Ten codes, each for one login. Keep them in a safe place.
    #[cfg_attr(feature = "openapi", schemars(length(equal = 10)))]
    pub recovery_codes: Vec<String>,
}

/// The row of an account's codes that were not used yet.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecoveryRow {
    /// Their keyed digests. A map, so that one can be removed on the condition that it is there.
    pub(crate) codes: BTreeMap<String, bool>,
    pub(crate) created_at: Timestamp,
}

impl RecoveryRow {
    /// New codes of an account, and their row.
    pub(crate) fn random(keys: &FactorKeys, user: UserId, now: Timestamp) -> Result<(Self, NewRecoveryCodes)> {
        let (mut codes, mut texts) = (BTreeMap::new(), Vec::new());
        for _ in 0..COUNT {
            let mut bytes = [0; BYTES];
            rand::fill(&mut bytes).map_err(Error::internal)?;
            let text = Secret::new(Box::new(bytes)).to_base32();
            codes.insert(keys.recovery_digest(user, text.as_bytes()), true);
            texts.push(in_groups(&text));
        }
        Ok((Self { codes, created_at: now }, NewRecoveryCodes { recovery_codes: texts }))
    }
}

/// The digest of a code as it was typed: in any case, with or without hyphens and spaces. None if it cannot be a code.
pub(crate) fn digest_of(keys: &FactorKeys, user: UserId, typed: &str) -> Option<String> {
    let is_separator = |character: &char| *character == '-' || character.is_whitespace();
    // Longer than any code with a separator after each character.
    let typed = typed.get(..typed.len().min(2 * CHARACTERS + 2))?;
    let code: String = typed.chars().filter(|character| !is_separator(character)).collect();
    let code = code.to_ascii_uppercase();
    let is_base32 = |byte: u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte);
    (code.len() == CHARACTERS && code.bytes().all(is_base32)).then(|| keys.recovery_digest(user, code.as_bytes()))
}

fn in_groups(code: &str) -> String {
    let groups: Vec<_> = code.as_bytes().chunks(GROUP).map(String::from_utf8_lossy).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn code_is_found_however_it_is_typed() {
        let (keys, user) = (FactorKeys::of("a secret of the test").unwrap(), Clock::System.mint());
        let (row, new) = RecoveryRow::random(&keys, user, Timestamp::from_millis(7)).unwrap();
        assert_eq!((row.codes.len(), new.recovery_codes.len()), (10, 10));
        for code in &new.recovery_codes {
            assert_eq!(code.len(), 19, "{code}");
            for typed in [code.clone(), code.to_lowercase(), code.replace('-', " "), code.replace('-', "")] {
                assert!(row.codes.contains_key(&digest_of(&keys, user, &typed).unwrap()), "{typed}");
            }
        }
        let other = digest_of(&keys, Clock::System.mint(), &new.recovery_codes[0]).unwrap();
        assert!(!row.codes.contains_key(&other), "a code of another account");
        for bad in ["", "AAAA", "AAAA-AAAA-AAAA-AAA1", "AAAA-AAAA-AAAA-AAAA-A", "äääääääääääääääääääääääää"]
        {
            assert_eq!(digest_of(&keys, user, bad), None, "{bad:?}");
        }
    }

    #[test]
    fn row_holds_no_code() {
        let (keys, user) = (FactorKeys::of("a secret of the test").unwrap(), Clock::System.mint());
        let (row, new) = RecoveryRow::random(&keys, user, Timestamp::from_millis(7)).unwrap();
        let row = serde_json::to_string(&row).unwrap();
        assert!(new.recovery_codes.iter().all(|code| !row.contains(&code.replace('-', ""))));
    }
}
