//! The attributes of a product. Each value is a text, a number or a flag, so that a filter knows how to compare it.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use values::{Error, LineError, Result, Sourced, check_line, comparison_key, nfc_up_to};

pub(crate) const MAX_ATTRIBUTES: usize = 50;
pub(crate) const MAX_NAME_LENGTH: usize = 64;
pub(crate) const MAX_TEXT_LENGTH: usize = 500;
/// The bounds of numbers. Within them, f64 and DynamoDB are exact enough to return a number as it was sent.
pub(crate) const MAX_NUMBER: f64 = 1e15;
const MIN_NUMBER: f64 = 1e-9;

/// The value of one attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, try_from = "Sourced<Value>")]
pub enum Attribute {
    /// True or false.
    Flag(bool),
    /// A number, in the unit that the attribute's name states.
    Number(Number),
    /// A line of at most 500 characters, in NFC. Input is trimmed.
    Text(String),
}

impl TryFrom<Sourced<Value>> for Attribute {
    type Error = String;

    fn try_from(value: Sourced<Value>) -> Result<Self, String> {
        match value {
            Sourced::Input(Value::String(text)) => match check_line(&text) {
                Ok(()) | Err(LineError::Empty) if text.chars().count() <= MAX_TEXT_LENGTH => {
                    Ok(Self::Text(text.trim().to_owned()))
                }
                Err(error @ (LineError::Direction | LineError::Joiner)) => Err(error.to_string()),
                _ => Err(expected_value()),
            },
            Sourced::Input(value) | Sourced::Stored(value) => Self::stored(value),
        }
    }
}

impl Attribute {
    fn stored(value: Value) -> Result<Self, String> {
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
                Ok(Self::Text(nfc_up_to(&text, MAX_TEXT_LENGTH).into_owned()))
            }
            _ => Err(expected_value()),
        }
    }
}

fn expected_value() -> String {
    format!("must be a text of at most {MAX_TEXT_LENGTH} characters, a number, or true or false")
}

/// The name of an attribute: a line of 1 to 64 characters, in NFC.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Sourced<String>")]
pub struct AttributeName(String);

impl TryFrom<Sourced<String>> for AttributeName {
    type Error = String;

    fn try_from(name: Sourced<String>) -> Result<Self, String> {
        match name {
            Sourced::Input(name) if name.chars().count() > MAX_NAME_LENGTH => Err(expected_names()),
            Sourced::Input(name) => match check_line(&name) {
                Ok(()) => Ok(Self(name)),
                Err(LineError::Empty | LineError::Invisible) => Err(expected_names()),
                Err(error) => Err(format!("has a name that is refused: it {error}")),
            },
            Sourced::Stored(name) => Ok(Self(name)),
        }
    }
}

fn expected_names() -> String {
    format!("must be at most {MAX_ATTRIBUTES} attributes with names of 1 to {MAX_NAME_LENGTH} characters")
}

/// At most 50 attributes by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<AttributeName, Attribute>")]
pub struct Attributes(BTreeMap<String, Attribute>);

impl TryFrom<BTreeMap<AttributeName, Attribute>> for Attributes {
    type Error = String;

    fn try_from(named: BTreeMap<AttributeName, Attribute>) -> Result<Self, String> {
        let normal = |name: &str| nfc_up_to(name, MAX_NAME_LENGTH).into_owned();
        let named = named.into_iter().map(|(AttributeName(name), value)| (name, value));
        let (mut attributes, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            named.partition(|(name, _)| normal(name) == *name);
        for (name, value) in others {
            // An old row may have a name in two forms. Both are kept until an admin decides.
            let normal = normal(&name);
            let name = if attributes.contains_key(&normal) { name } else { normal };
            attributes.insert(name, value);
        }
        Self(attributes).bounded()
    }
}

impl Attributes {
    /// All attributes, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Attribute)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Rejects input with two names that differ in form or letter case only. Old rows may have them.
    pub(crate) fn check_distinct(&self) -> Result<()> {
        check_distinct(self.0.keys())
    }

    /// The attributes with changes applied: a value sets an attribute, `None` removes it (RFC 7396). A name means the attribute with the
    /// same comparison key, which keeps its spelling.
    pub fn merged(mut self, changes: BTreeMap<AttributeName, Option<Attribute>>) -> Result<Self> {
        check_distinct(changes.keys().map(|AttributeName(name)| name))?;
        for (AttributeName(name), change) in changes {
            let key = comparison_key(&name);
            let same: Vec<String> = self.0.keys().filter(|there| comparison_key(there) == key).cloned().collect();
            for there in &same {
                self.0.remove(there);
            }
            if let Some(value) = change {
                self.0.insert(same.into_iter().next().unwrap_or(name), value);
            }
        }
        self.bounded().map_err(|message| Error::invalid("attributes", "invalid_value", message))
    }

    fn bounded(self) -> Result<Self, String> {
        if self.0.len() <= MAX_ATTRIBUTES { Ok(self) } else { Err(expected_names()) }
    }
}

fn check_distinct<'a>(names: impl Iterator<Item = &'a String>) -> Result<()> {
    let mut keys = HashSet::new();
    for name in names {
        if !keys.insert(comparison_key(name)) {
            let message = "differs from another name only in letter case or Unicode form";
            return Err(Error::invalid(&format!("attributes.{name}"), "attribute_twice", message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use values::read_json_value;

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
        let named = |n: usize| json!((0..n).map(|i| (format!("a{i}"), true)).collect::<BTreeMap<_, _>>());
        assert!(read(named(50)).is_ok() && read(named(51)).is_err());
        let merged = |changes: Value| read(named(50)).unwrap().merged(read_json_value(changes).unwrap());
        assert!(merged(json!({ "z": true })).is_err());
        assert!(merged(json!({ "z": true, "a0": null })).is_ok());
    }

    fn read(attributes: Value) -> Result<Attributes> {
        read_json_value(attributes)
    }

    fn shown(attributes: Attributes) -> Value {
        serde_json::to_value(attributes).unwrap()
    }

    #[test]
    fn names_and_texts_of_input_are_visible_lines_in_nfc() {
        assert_eq!(
            shown(read(json!({ "Cafe\u{301}": "Zoe\u{308}", "e": "" })).unwrap()),
            json!({ "Café": "Zoë", "e": "" })
        );
        assert_eq!(shown(read(json!({ "a": " oak\u{a0}", "b": "  " })).unwrap()), json!({ "a": "oak", "b": "" }));
        for bad in ["", "a\nb", "a\u{202e}b", "a\u{200d}b", "\u{200b}", &"x".repeat(65)] {
            assert!(read(json!({ bad: true })).is_err(), "{bad:?} must be refused as a name");
        }
        for bad in ["a\nb", "a\u{61c}b", "a\u{200c}b", "\u{feff}"] {
            assert!(read(json!({ "a": bad })).is_err(), "{bad:?} must be refused as a value");
        }
        assert!(read(json!({ "نوع\u{200c}ها": "می\u{200c}خواهم" })).is_ok());
    }

    #[test]
    fn two_spellings_of_a_name_are_refused() {
        for twice in
            [json!({ "Colour": 1, "colour": 2 }), json!({ "Straße": 1, "STRASSE": 2 }), json!({ "ｓ": 1, "S": 2 })]
        {
            let error = read(twice.clone()).unwrap().check_distinct().unwrap_err();
            assert_eq!(error.fields[0].code, "attribute_twice", "{twice}");
            let changes = read_json_value(twice).unwrap();
            assert_eq!(Attributes::default().merged(changes).unwrap_err().fields[0].code, "attribute_twice");
        }
        assert!(read(json!({ "colour": 1, "color": 2 })).unwrap().check_distinct().is_ok());
    }

    #[test]
    fn patch_means_the_attribute_in_every_spelling() {
        let before = || read(json!({ "Colour": "red", "size": 1 })).unwrap();
        let merged = |changes: Value| shown(before().merged(read_json_value(changes).unwrap()).unwrap());
        assert_eq!(merged(json!({ "colour": "blue" })), json!({ "Colour": "blue", "size": 1 }));
        assert_eq!(merged(json!({ "COLOUR": null })), json!({ "size": 1 }));
        assert_eq!(merged(json!({ "weight": 2 })), json!({ "Colour": "red", "size": 1, "weight": 2 }));
    }

    #[test]
    fn old_row_with_two_spellings_stays_readable_and_a_patch_makes_one_of_them() {
        let row =
            json!({ "Colour": "red", "colour": "blue", "Cafe\u{301}": 1, "Caf\u{e9}": 2, "old\u{202e}": "\u{202e}" });
        let old: Attributes = serde_json::from_value(row.clone()).unwrap();
        assert_eq!(shown(old.clone()), row, "it loses nothing");
        let patched = old.merged(read_json_value(json!({ "COLOUR": "green" })).unwrap()).unwrap();
        let names: Vec<_> = patched.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Cafe\u{301}", "Caf\u{e9}", "Colour", "old\u{202e}"]);
        let decomposed: Attributes = serde_json::from_value(json!({ "Cafe\u{301}": "Cafe\u{301}" })).unwrap();
        assert_eq!(shown(decomposed), json!({ "Café": "Café" }));
    }
}
