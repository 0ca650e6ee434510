//! The texts of a product: name, brand, description, tags.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use values::{Sourced, Text, comparison_key, nfc_up_to, reorders_text};

pub(crate) const MAX_TAGS: usize = 20;
pub(crate) const MAX_DESCRIPTION_LENGTH: usize = 5000;

/// The name of a product.
pub type Name = Text<200>;

/// The maker of a product.
pub type Brand = Text<100>;

/// At most 5000 characters, in NFC. Line breaks and tabs are the only control characters allowed. Input must not have characters that
/// can show the text in another order; a long text in two directions may have direction marks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Sourced<String>")]
pub struct Description(String);

impl Description {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<Sourced<String>> for Description {
    type Error = String;

    fn try_from(text: Sourced<String>) -> Result<Self, String> {
        let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        let (text, is_valid) = match text {
            Sourced::Input(text) => {
                let is_valid = !text.chars().any(|c| is_control(c) || reorders_text(c));
                (text, is_valid)
            }
            Sourced::Stored(text) => {
                (nfc_up_to(&text, MAX_DESCRIPTION_LENGTH).into_owned(), !text.chars().any(is_control))
            }
        };
        match is_valid && text.chars().count() <= MAX_DESCRIPTION_LENGTH {
            true => Ok(Self(text)),
            false => Err(format!("must be at most {MAX_DESCRIPTION_LENGTH} characters without control characters")),
        }
    }
}

/// At most 20 tags with different comparison keys, in the shop's order. Of several spellings of a tag, the first stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Text<50>>")]
pub struct Tags(Vec<Text<50>>);

impl Tags {
    /// All tags.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Text::as_str)
    }
}

impl TryFrom<Vec<Text<50>>> for Tags {
    type Error = String;

    fn try_from(given: Vec<Text<50>>) -> Result<Self, String> {
        let (mut tags, mut keys) = (Vec::with_capacity(given.len().min(MAX_TAGS)), HashSet::new());
        for tag in given {
            if !keys.insert(comparison_key(tag.as_str())) {
                continue;
            }
            if tags.len() == MAX_TAGS {
                return Err(format!("must be at most {MAX_TAGS} tags"));
            }
            tags.push(tag);
        }
        Ok(Self(tags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use values::read_json_value;

    #[test]
    fn tags_and_description_are_bounded() {
        let tags =
            |n: usize| serde_json::from_value::<Tags>(json!((0..n).map(|i| format!("t{i}")).collect::<Vec<_>>()));
        assert!(tags(20).is_ok() && tags(21).is_err());
        let twice: Tags = serde_json::from_value(json!(["mug", "mug"])).unwrap();
        assert_eq!(serde_json::to_value(twice).unwrap(), json!(["mug"]));
        let described = |text: String| serde_json::from_value::<Description>(json!(text));
        assert!(described(String::new()).is_ok() && described("x".repeat(5000)).is_ok());
        assert!(described("x".repeat(5001)).is_err() && described("a\u{0}".into()).is_err());
    }

    #[test]
    fn spellings_of_a_tag_are_one_tag() {
        let tags: Tags = read_json_value(json!(["Café", "Tea", "CAFE\u{301}", "tea", "ｔｅａ", "cafe"])).unwrap();
        assert_eq!(serde_json::to_value(tags).unwrap(), json!(["Café", "Tea", "cafe"]));
    }

    #[test]
    fn description_of_input_cannot_be_reordered() {
        let input = |text: &str| read_json_value::<Description>(json!(text));
        for good in ["שלום\u{200f}, abc\u{200e}.\nمی\u{200c}خواهم", "a\u{200b}b"] {
            assert_eq!(input(good).unwrap().as_str(), good);
        }
        assert_eq!(input("Cafe\u{301}").unwrap().as_str(), "Café");
        for bad in ["a\u{202e}b", "a\u{2066}b\u{2069}", "a\u{0}"] {
            assert!(input(bad).is_err(), "{bad:?} must be refused");
        }
        let row: Description = serde_json::from_value(json!("\u{202e}Cafe\u{301}")).unwrap();
        assert_eq!(row.as_str(), "\u{202e}Café", "what is stored stays readable");
    }
}
