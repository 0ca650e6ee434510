//! The language of a person's mails.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};
use values::{Error, Result};

/// A language tag of BCP 47 (RFC 5646): a language of two or three letters, then optionally a script and a region. It is kept in
/// the recommended case: `de`, `pt-BR`, `zh-Hant-TW`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline, extend("example" = "pt-BR")))]
pub struct Language(#[cfg_attr(feature = "openapi", schemars(regex(pattern = PATTERN)))] String);

/// [`Language::from_str`] as a regular expression.
#[cfg(feature = "openapi")]
const PATTERN: &str = "^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$";

impl Language {
    /// The tag, such as `pt-BR`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Language {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = || {
            Error::invalid(
                "language",
                "language_invalid",
                "must be a language tag of BCP 47, such as en, pt-BR or zh-Hant",
            )
        };
        let mut parts = text.split('-').peekable();
        let letters = |part: &str, least, most| {
            (least..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic())
        };
        let language = parts.next().filter(|part| letters(part, 2, 3)).ok_or_else(invalid)?;
        let mut tag = language.to_ascii_lowercase();
        if let Some(script) = parts.next_if(|part| letters(part, 4, 4)) {
            let (first, rest) = script.split_at(1);
            tag += &format!("-{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase());
        }
        let is_area = |part: &&str| part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit());
        if let Some(region) = parts.next_if(|part| letters(part, 2, 2) || is_area(part)) {
            tag += &format!("-{}", region.to_ascii_uppercase());
        }
        if parts.next().is_some() { Err(invalid()) } else { Ok(Self(tag)) }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|error: Error| de::Error::custom(error.detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tag_gets_the_recommended_case() {
        for (input, tag) in
            [("en", "en"), ("PT-br", "pt-BR"), ("ZH-hant-tw", "zh-Hant-TW"), ("es-419", "es-419"), ("gsw", "gsw")]
        {
            assert_eq!(input.parse::<Language>().unwrap().as_str(), tag);
        }
        for bad in ["", "e", "english", "en_GB", "en-", "en-GB-x", "419", "en-GB-Latn", "ён", "en-USA"] {
            assert!(bad.parse::<Language>().is_err(), "{bad:?} must be refused");
        }
    }
}
