//! The attributes of a product. Each value is a text, a number or a flag, so that a filter knows how to compare it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

pub(crate) const MAX_ATTRIBUTES: usize = 50;
pub(crate) const MAX_NAME_LENGTH: usize = 64;
pub(crate) const MAX_TEXT_LENGTH: usize = 500;
/// The bounds of numbers. Within them, f64 and DynamoDB are exact enough to return a number as it was sent.
pub(crate) const MAX_NUMBER: f64 = 1e15;
const MIN_NUMBER: f64 = 1e-9;

/// The value of one attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, try_from = "Value")]
pub enum Attribute {
    /// True or false.
    Flag(bool),
    /// A number, in the unit that the attribute's name states.
    Number(Number),
    /// A text of at most 500 characters.
    Text(String),
}

impl TryFrom<Value> for Attribute {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::Bool(flag) => Ok(Self::Flag(flag)),
            Value::Number(number) => {
                let size = number.as_f64().unwrap_or(f64::INFINITY).abs();
                match size == 0.0 || (MIN_NUMBER..MAX_NUMBER).contains(&size) {
                    true => Ok(Self::Number(number)),
                    false => Err("is a number that is too large or too small".to_owned()),
                }
            }
            Value::String(text) if text.chars().count() <= MAX_TEXT_LENGTH && !text.chars().any(char::is_control) => {
                Ok(Self::Text(text))
            }
            _ => Err(format!("must be a text of at most {MAX_TEXT_LENGTH} characters, a number, or true or false")),
        }
    }
}

/// At most 50 attributes by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Attribute>")]
pub struct Attributes(BTreeMap<String, Attribute>);

impl TryFrom<BTreeMap<String, Attribute>> for Attributes {
    type Error = String;

    fn try_from(named: BTreeMap<String, Attribute>) -> Result<Self, String> {
        let legal = |name: &String| {
            (1..=MAX_NAME_LENGTH).contains(&name.chars().count()) && !name.chars().any(char::is_control)
        };
        match named.len() <= MAX_ATTRIBUTES && named.keys().all(legal) {
            true => Ok(Self(named)),
            false => Err(format!(
                "must be at most {MAX_ATTRIBUTES} attributes with names of 1 to {MAX_NAME_LENGTH} characters"
            )),
        }
    }
}

impl Attributes {
    /// All attributes, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Attribute)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The attributes with changes applied: a value sets an attribute, `None` removes it (RFC 7396).
    pub fn merged(mut self, changes: BTreeMap<String, Option<Attribute>>) -> Result<Self, String> {
        for (name, change) in changes {
            match change {
                Some(value) => self.0.insert(name, value),
                None => self.0.remove(&name),
            };
        }
        Self::try_from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn attribute_is_a_text_a_number_or_a_flag() {
        for good in [json!("oak"), json!(4), json!(4.5), json!(-1), json!(true)] {
            let attribute: Attribute = serde_json::from_value(good.clone()).unwrap();
            assert_eq!(serde_json::to_value(attribute).unwrap(), good, "it must read back unchanged");
        }
        for bad in [json!(null), json!([1]), json!({"a": 1}), json!("x".repeat(501)), json!(1e300), json!("a\u{0}b")] {
            assert!(serde_json::from_value::<Attribute>(bad.clone()).is_err(), "{bad} must be refused");
        }
    }

    #[test]
    fn more_than_50_are_rejected() {
        let named = |n: usize| (0..n).map(|i| (format!("a{i}"), Attribute::Flag(true))).collect::<BTreeMap<_, _>>();
        assert!(Attributes::try_from(named(50)).is_ok() && Attributes::try_from(named(51)).is_err());
        let one_more = BTreeMap::from([("z".to_owned(), Some(Attribute::Flag(true)))]);
        assert!(Attributes(named(50)).merged(one_more.clone()).is_err());
        let swapped = one_more.into_iter().chain([("a0".to_owned(), None)]).collect();
        assert!(Attributes(named(50)).merged(swapped).is_ok());
    }
}
