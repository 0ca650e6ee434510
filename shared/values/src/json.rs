//! JSON input: bodies of requests and lines of imports. It is parsed strictly, and an error names the invalid field.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::strict::{self, Refusal, Strict};
use crate::{Error, Kind, Result};

/// Parses an object. Fails with 400 `not_utf8`, `malformed_json` or `duplicate_field` if it is not JSON of one meaning, or with 422 and
/// the invalid field.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let first = error.valid_up_to() + 1;
        not_utf8(format!("Byte {first} of the body is not UTF-8. Send JSON in UTF-8 (RFC 8259, 8.1)."))
    })?;
    // Syntax comes first: the fields of an incomplete document must not be checked.
    let document = parse_json(text)?;
    if !document.is_object() {
        return Err(Error::invalid("body", "wrong_type", "must be a JSON object"));
    }
    read_json_value(document)
}

/// Parses any JSON value, in linear time. Fails with 400 `malformed_json`, or with 400 `duplicate_field` and the path of the name.
pub fn parse_json(text: &str) -> Result<Value> {
    strict::parse(text).map_err(|refusal| match refusal {
        Refusal::RepeatedName(path) => repeated_name(path),
        Refusal::Syntax(error) => Error::new(
            Kind::Malformed,
            "malformed_json",
            format!("The body is not valid JSON: line {}, column {}.", error.line(), error.column()),
        ),
    })
}

/// The error for a text that is not UTF-8: 400 `not_utf8`.
pub fn not_utf8(detail: impl Into<String>) -> Error {
    Error::new(Kind::Malformed, "not_utf8", detail)
}

/// Parsers differ in which of two equal names counts (RFC 8259, 4), so none does.
fn repeated_name(path: String) -> Error {
    let detail = format!("`{path}` is there twice. Write each name of an object once.");
    Error::new(Kind::Malformed, "duplicate_field", detail).with_field(path, "duplicate_field", "must not be repeated")
}

/// Reads a value that was parsed. Fails with 422 and the invalid field.
pub fn read_json_value<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_path_to_error::deserialize(Strict(value))
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
    // It ends with a dot if the name of a member is empty.
    let path = path.trim_end_matches('.');
    let field = match (path, named) {
        ("", name) => name.unwrap_or("request").to_owned(),
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
        for (body, path) in [
            (r#"{"items":[],"items":[]}"#, "items"),
            (r#"{"items":[{"quantity":1,"quantity":2}]}"#, "items[0].quantity"),
            (r#"{"items":[{},{"a":{"b":[1,[{"c":1,"d":2,"c":3}]]}}]}"#, "items[1].a.b[1][0].c"),
            (r#"{"a":{"a":{"b":1},"a":2}}"#, "a.a"),
            (r#"{"a":1,"\u0061":2}"#, "a"),
            (r#"[{"a":1,"a":1}]"#, "[0].a"),
        ] {
            let error = read_json::<Order>(body.as_bytes()).unwrap_err();
            assert_eq!((error.kind, error.code), (Kind::Malformed, "duplicate_field"), "{body}");
            assert_eq!((error.fields[0].field.as_str(), error.fields[0].code), (path, "duplicate_field"), "{body}");
            assert!(error.detail.starts_with(&format!("`{path}` ")), "{}", error.detail);
        }
        let elsewhere = br#"{"a":{"b":1},"c":{"b":1},"d":[{"b":1},{"b":1}],"A":1}"#;
        assert!(read_json::<serde_json::Value>(elsewhere).is_ok(), "the same name in another object");
    }

    #[test]
    fn repeated_name_is_found_before_the_fields_and_its_path_is_short() {
        assert_eq!(error_of(r#"{"colour":1,"items":7,"colour":2}"#).0, Kind::Malformed);
        let name = "x".repeat(10_000);
        let error = read_json::<Order>(format!(r#"{{"{name}":{{"{name}":1,"{name}":2}}}}"#).as_bytes()).unwrap_err();
        assert_eq!(error.fields[0].field.len(), 2 * 64 + 1);
    }

    #[test]
    fn body_that_is_not_utf8_is_named_as_such() {
        for bytes in [
            &b"{\"note\":\"M\xfcsli\"}"[..],
            b"{\"note\":\"\xc3\"}",
            b"{\"note\":\"\xc0\xaf\"}",
            b"{\"note\":\"\xed\xa0\x80\"}",
            b"{\"\xe9\":1}",
            b"\xff\xfe{\x00}\x00",
        ] {
            let error = read_json::<Order>(bytes).unwrap_err();
            assert_eq!((error.kind, error.code), (Kind::Malformed, "not_utf8"), "{bytes:?}");
        }
        let position = read_json::<Order>(b"{\"note\":\"M\xfcsli\"}").unwrap_err().detail;
        assert!(position.starts_with("Byte 11 "), "{position}");
        // Half of a surrogate pair is no character either.
        assert_eq!(read_json::<Order>(br#"{"note":"\ud83c"}"#).unwrap_err().code, "malformed_json");
        let read = |body: &str| read_json::<serde_json::Value>(body.as_bytes()).unwrap()["note"].clone();
        assert_eq!((read(r#"{"note":"\ud83c\udf75"}"#), read(r#"{"note":"🍵"}"#)), ("🍵".into(), "🍵".into()));
        assert_eq!(read(r#"{"note":"\ufffd"}"#), "\u{FFFD}", "as an escape it is what was sent");
    }

    #[test]
    fn deep_document_is_refused_and_wide_one_read_in_linear_time() {
        let deep = format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        assert_eq!(error_of(&deep).0, Kind::Malformed);
        let members: Vec<String> = (0..30_000).map(|n| format!("\"{n}\":{n}")).collect();
        let wide = format!("{{{},\"0\":1}}", members.join(","));
        assert_eq!(error_of(&wide).1, "0");
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
