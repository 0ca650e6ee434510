//! The texts of a product: name, brand, description, tags.

use serde::{Deserialize, Serialize};
use values::Text;

pub(crate) const MAX_TAGS: usize = 20;
pub(crate) const MAX_DESCRIPTION_LENGTH: usize = 5000;

/// The name of a product.
pub type Name = Text<200>;

/// The maker of a product.
pub type Brand = Text<100>;

/// At most 5000 characters. Line breaks and tabs are the only control characters allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Description(String);

impl Description {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Description {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        match text.chars().count() <= MAX_DESCRIPTION_LENGTH && !text.chars().any(is_forbidden) {
            true => Ok(Self(text)),
            false => Err(format!("must be at most {MAX_DESCRIPTION_LENGTH} characters without control characters")),
        }
    }
}

/// At most 20 different tags, in the shop's order.
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
        let mut tags: Vec<Text<50>> = Vec::with_capacity(given.len().min(MAX_TAGS));
        for tag in given {
            if tags.contains(&tag) {
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
}
