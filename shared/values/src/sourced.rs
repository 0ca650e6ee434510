//! Input or a stored row? A value that both contain is read by one type, but the rules for input are stricter: rows of older releases
//! have to stay readable.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// The name under which it is deserialised. [`crate::strict`] marks a text of this name as input.
pub(crate) const TYPE_NAME: &str = "Sourced";

/// A text, or a value that may be one, with its source. Types with stricter rules for input are deserialised from it:
/// `#[serde(try_from = "Sourced<String>")]`.
///
/// Input is what [`crate::read_json`] and [`crate::read_json_value`] read. Everything else counts as stored, also a query string and a
/// path: their texts are parsed by the constructors of their types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sourced<T> {
    /// A text of a request or of an imported file, in NFC.
    Input(T),
    /// A text of a row as it is, or a value that is no text.
    Stored(T),
}

struct SourcedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + From<String>> Visitor<'de> for SourcedVisitor<T> {
    type Value = Sourced<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Sourced::Input(text.into()))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        T::deserialize(deserializer).map(Sourced::Stored)
    }
}

impl<'de, T: Deserialize<'de> + From<String>> Deserialize<'de> for Sourced<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(TYPE_NAME, SourcedVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{read_json, read_json_value};
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    #[test]
    fn text_of_a_request_is_input_in_nfc_and_text_of_a_row_is_as_it_is() {
        let decomposed = json!("Zoe\u{308}");
        assert_eq!(
            read_json_value::<Sourced<String>>(decomposed.clone()).unwrap(),
            Sourced::Input("Zo\u{eb}".to_owned())
        );
        let row: Sourced<String> = serde_json::from_value(decomposed).unwrap();
        assert_eq!(row, Sourced::Stored("Zoe\u{308}".to_owned()));
        let text: Sourced<String> = serde_json::from_str("\"a\"").unwrap();
        assert_eq!(text, Sourced::Stored("a".to_owned()));
    }

    #[test]
    fn name_in_two_forms_is_a_repeated_name() {
        let twice = "{\"a\":{\"Caf\u{e9}\":1,\"Cafe\u{301}\":2}}";
        let error = read_json::<Value>(twice.as_bytes()).unwrap_err();
        assert_eq!((error.code, error.fields[0].field.as_str()), ("duplicate_field", "a.Caf\u{e9}"));
        let once: Value = read_json("{\"Cafe\u{301}\":1}".as_bytes()).unwrap();
        assert_eq!(once, json!({ "Caf\u{e9}": 1 }));
    }

    #[test]
    fn source_is_known_in_lists_options_and_names() {
        type Named = BTreeMap<String, Option<Vec<Sourced<Value>>>>;
        let document = json!({ "a": ["b", 1], "c": null });
        let items = |input: &Named| input["a"].clone().unwrap();
        let text = |text: &str| json!(text);
        let input = read_json_value(document.clone()).unwrap();
        assert_eq!(items(&input), [Sourced::Input(text("b")), Sourced::Stored(json!(1))]);
        let row = serde_json::from_value(document).unwrap();
        assert_eq!(items(&row), [Sourced::Stored(text("b")), Sourced::Stored(json!(1))]);
        let error = read_json_value::<Vec<Sourced<String>>>(json!([1])).unwrap_err();
        assert_eq!((error.fields[0].field.as_str(), error.fields[0].code), ("[0]", "wrong_type"));
    }
}
