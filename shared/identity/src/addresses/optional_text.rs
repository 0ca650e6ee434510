//! Fields that forms send empty.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use values::{Sourced, Text};

/// Reads an optional text. An empty one is none: forms send every field that they show, also those that a country's addresses lack.
pub(crate) fn blank_as_none<'de, D: Deserializer<'de>, const MAX: usize>(
    deserializer: D,
) -> Result<Option<Text<MAX>>, D::Error> {
    let is_blank = |text: &str| text.trim().is_empty() && text.chars().count() <= MAX;
    match Option::<Sourced<String>>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Sourced::Input(text) | Sourced::Stored(text)) if is_blank(&text) => Ok(None),
        Some(text) => Text::try_from(text).map(Some).map_err(D::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use values::read_json_value;

    use crate::addresses::address::Address;

    fn line2(address: &Address) -> Option<&str> {
        address.line2.as_ref().map(values::Text::as_str)
    }

    fn with_line2(line2: &str) -> Value {
        json!({ "name": "Ada", "line1": "Rue 1", "line2": line2, "city": "Bruxelles", "postalCode": "1000", "country": "BE" })
    }

    #[test]
    fn rules_for_input_do_not_concern_stored_addresses() {
        for old in ["a\u{61c}b", "a\u{200d}b"] {
            assert!(read_json_value::<Address>(with_line2(old)).is_err(), "{old:?}");
            let row: Address = serde_json::from_value(with_line2(old)).unwrap();
            assert_eq!(line2(&row), Some(old));
        }
        let decomposed = with_line2("Cafe\u{301}");
        assert_eq!(line2(&serde_json::from_value(decomposed.clone()).unwrap()), Some("Café"));
        assert_eq!(line2(&read_json_value(decomposed).unwrap()), Some("Café"));
        assert_eq!(line2(&read_json_value(with_line2(" ")).unwrap()), None);
    }
}
