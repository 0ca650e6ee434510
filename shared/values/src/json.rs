//! JSON input: bodies of requests and lines of imports. It is parsed strictly, and an error names the invalid field.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;

use crate::strict::Strict;
use crate::{Error, Kind, Result};

/// Parses an object. Fails with 400 `malformed_json` if it is not JSON, or with 422 and the invalid field.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // Syntax comes first: the fields of an incomplete document must not be checked.
    let document: Strict = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => invalid_field(".", &error.to_string()),
        _ => Error::new(
            Kind::Malformed,
            "malformed_json",
            format!("The body is not valid JSON: line {}, column {}.", error.line(), error.column()),
        ),
    })?;
    if !document.0.is_object() {
        return Err(Error::invalid("body", "wrong_type", "must be a JSON object"));
    }
    parse(document)
}

/// Parses a JSON value as strictly.
pub fn read_json_value<T: DeserializeOwned>(value: Value) -> Result<T> {
    parse(Strict(value))
}

fn parse<T: DeserializeOwned>(document: Strict) -> Result<T> {
    serde_path_to_error::deserialize(document)
        .map_err(|error| invalid_field(&error.path().to_string(), &error.inner().to_string()))
}

/// The error for an invalid field. It rewrites the message of serde, which speaks of Rust types, for the author of the request.
pub fn invalid_field(path: &str, message: &str) -> Error {
    let expected = || {
        let type_name = message.rsplit_once(", expected ").map_or("another value", |(_, expected)| expected);
        format!("must be {}", describe(type_name))
    };
    let (code, text) = match message.split(' ').next() {
        Some("duplicate") => ("duplicate_field", "must not be repeated".to_owned()),
        Some("unknown") if message.starts_with("unknown field") => ("unknown_field", "is not a known field".to_owned()),
        Some("missing") => ("required", "is missing".to_owned()),
        Some("invalid") if message.starts_with("invalid type") => ("wrong_type", expected()),
        Some("invalid" | "unknown") if message.contains(", expected ") => ("invalid_value", expected()),
        // The standard library's message for a number in a query string.
        Some("invalid") if message.starts_with("invalid digit") => {
            ("invalid_value", "must be a whole number".to_owned())
        }
        _ => ("invalid_value", message.to_owned()),
    };
    // serde names the field of the first three in backticks, and its path may stop at the object around it.
    let named = message.split('`').nth(1).filter(|_| matches!(code, "duplicate_field" | "required" | "unknown_field"));
    let field = match (path, named) {
        (".", name) => name.unwrap_or("request").to_owned(),
        (_, Some(name)) if code == "required" || !path.ends_with(name) => format!("{path}.{name}"),
        _ => path.to_owned(),
    };
    Error::invalid(&field, code, text)
}

/// Describes a type that serde names as in Rust.
fn describe(expected: &str) -> &str {
    match expected {
        "u32" => "a whole number from 0 to 4294967295",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "i64" | "u64" => "a whole number",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        _ if expected.starts_with("a string") => "a text",
        _ if expected == "a map" || expected.starts_with("struct ") => "an object",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Money, Quantity};
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its parsing is tested")]
    struct Order {
        items: Vec<Item>,
        total: Option<Money>,
        note: Option<String>,
        place: Option<i32>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its parsing is tested")]
    struct Item {
        quantity: Quantity,
    }

    fn error_of(body: &str) -> (Kind, String, &'static str) {
        let error = read_json::<Order>(body.as_bytes()).unwrap_err();
        let field = error.fields.first();
        (error.kind, field.map(|f| f.field.clone()).unwrap_or_default(), field.map_or("", |f| f.code))
    }

    #[test]
    fn error_names_the_field() {
        assert_eq!(error_of("{").0, Kind::Malformed);
        assert_eq!(error_of("[[]]"), (Kind::Invalid, "body".into(), "wrong_type"));
        assert_eq!(error_of(r#"{}"#), (Kind::Invalid, "items".into(), "required"));
        assert_eq!(error_of(r#"{"items":[],"x":1}"#), (Kind::Invalid, "x".into(), "unknown_field"));
        assert_eq!(
            error_of(r#"{"items":[{"quantity":0}]}"#),
            (Kind::Invalid, "items[0].quantity".into(), "invalid_value")
        );
        assert_eq!(
            error_of(r#"{"items":[{"quantity":1,"price":2}]}"#),
            (Kind::Invalid, "items[0].price".into(), "unknown_field")
        );
        assert_eq!(error_of(r#"{"items":7}"#), (Kind::Invalid, "items".into(), "wrong_type"));
    }

    fn message_of(body: &str) -> (&'static str, String) {
        let field = read_json::<Order>(body.as_bytes()).unwrap_err().fields.remove(0);
        (field.code, format!("{} {}", field.field, field.message))
    }

    #[test]
    fn array_does_not_replace_an_object_at_any_depth() {
        assert!(read_json::<Order>(br#"{"items":[],"total":{"amount":890,"currency":"EUR"}}"#).is_ok());
        assert_eq!(message_of(r#"{"items":[],"total":[890,"EUR"]}"#), ("wrong_type", "total must be an object".into()));
        assert_eq!(message_of(r#"{"items":[[1]]}"#), ("wrong_type", "items[0] must be an object".into()));
    }

    #[test]
    fn repeated_name_is_refused() {
        assert_eq!(message_of(r#"{"items":[],"items":[]}"#), ("duplicate_field", "items must not be repeated".into()));
        let nested = r#"{"items":[{"quantity":1,"quantity":2}]}"#;
        assert_eq!(message_of(nested), ("duplicate_field", "quantity must not be repeated".into()));
        assert!(
            read_json::<serde_json::Value>(br#"{"a":{"b":1},"c":{"b":1}}"#).is_ok(),
            "the same name in another object"
        );
        assert!(
            read_json::<serde_json::Value>(br#"{"a":{"b":1,"b":1}}"#).is_err(),
            "also in an object with arbitrary names"
        );
    }

    #[test]
    fn message_is_for_the_author_of_the_request() {
        let total = r#"{"items":[],"total":{"currency":"EUR"}}"#;
        assert_eq!(message_of(total), ("required", "total.amount is missing".into()));
        for (body, words) in [
            (r#"{"items":7}"#, "items must be a list"),
            (r#"{"items":[],"note":7}"#, "note must be a text"),
            (r#"{"items":[],"place":"one"}"#, "place must be a whole number from -2147483648 to 2147483647"),
            (r#"{"items":[],"place":5000000000}"#, "place must be a whole number from -2147483648 to 2147483647"),
            (r#"{"items":[],"total":{"amount":1.5,"currency":"EUR"}}"#, "total.amount must be a whole number"),
            (
                r#"{"items":[],"total":{"amount":"a, expected b","currency":"EUR"}}"#,
                "total.amount must be a whole number",
            ),
            (r#"{"items":[],"colour":"red"}"#, "colour is not a known field"),
            (r#"{"total":null}"#, "items is missing"),
            (r#"{"items":[{"quantity":1000}]}"#, "items[0].quantity must be from 1 to 999"),
        ] {
            assert_eq!(message_of(body).1, words, "{body}");
        }
    }

    #[test]
    fn valid_value_is_read_unchanged() {
        let body = br#"{"a":[1,-1,1.5,"x",null,true],"b":{}}"#;
        assert_eq!(
            read_json::<serde_json::Value>(body).unwrap(),
            serde_json::from_slice::<serde_json::Value>(body).unwrap()
        );
    }

    #[test]
    fn unknown_currency_is_refused_in_a_request_and_read_from_a_row() {
        let json = |code: &str| format!(r#"{{"amount":890,"currency":"{code}"}}"#);
        assert!(read_json::<Money>(json("EUR").as_bytes()).is_ok());
        for code in ["AAA", "eur"] {
            let field = read_json::<Money>(json(code).as_bytes()).unwrap_err().fields.remove(0);
            assert_eq!(
                (field.field.as_str(), field.code, field.message.as_str()),
                ("currency", "invalid_value", "must be a currency code of ISO 4217, such as EUR")
            );
        }
        let row: Money = serde_json::from_str(&json("AAA")).unwrap();
        assert_eq!((row.currency.code(), row.currency.exponent()), ("AAA", 2));
        assert_eq!(serde_json::to_string(&row).unwrap(), json("AAA"));
        assert!(serde_json::from_str::<Money>(&json("eur")).is_err());
    }
}
