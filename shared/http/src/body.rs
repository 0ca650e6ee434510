//! JSON bodies: bounded, strict, and refused with the name of the field at fault.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use values::{Error, Kind, Result};

use crate::Failure;

/// The contract's bound of a body.
const MOST_BYTES: usize = 256 * 1024;

/// A JSON body, in or out.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(cause) => Failure::from(Error::internal(cause)).into_response(),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        check_media_type(&parts.headers)?;
        let bytes = axum::body::to_bytes(body, MOST_BYTES)
            .await
            .map_err(|_| Error::new(Kind::TooLarge, "body_too_large", "The body is larger than 256 KB."))?;
        Ok(Self(parse(&bytes)?))
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<()> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        true => Ok(()),
        false => Err(Error::new(
            Kind::UnsupportedMedia,
            "not_json",
            "Send `Content-Type: application/json` and a JSON body.",
        )),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // Syntax first, by itself: half a document must not be judged by its fields.
    let document: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| {
        Error::new(
            Kind::Malformed,
            "malformed_json",
            format!("The body is not JSON: line {}, column {}.", error.line(), error.column()),
        )
    })?;
    // serde would take an array for an object, field by field in the order they are declared in.
    if !document.is_object() {
        return Err(Error::invalid("body", "wrong_type", "must be a JSON object"));
    }
    serde_path_to_error::deserialize(document).map_err(|error| {
        let field = error.path().to_string();
        let message = error.into_inner().to_string();
        let code = match &message {
            m if m.starts_with("unknown field") => "unknown_field",
            m if m.starts_with("missing field") => "required",
            m if m.starts_with("invalid type") => "wrong_type",
            _ => "invalid_value",
        };
        // serde names the field of "missing" and "unknown" in backticks, and its path stops at the object around it.
        let named = message.split('`').nth(1).filter(|_| matches!(code, "required" | "unknown_field"));
        let field = match (field.as_str(), named) {
            (".", Some(name)) => name.to_owned(),
            (_, Some(name)) if !field.ends_with(name) => format!("{field}.{name}"),
            _ => field,
        };
        Error::invalid(&field, code, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use values::Quantity;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its parsing is tested")]
    struct Order {
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its parsing is tested")]
    struct Item {
        quantity: Quantity,
    }

    fn refused(body: &str) -> (Kind, String, &'static str) {
        let error = parse::<Order>(body.as_bytes()).unwrap_err();
        let field = error.fields.first();
        (error.kind, field.map(|f| f.field.clone()).unwrap_or_default(), field.map_or("", |f| f.code))
    }

    #[test]
    fn a_refusal_names_its_field() {
        assert_eq!(refused("{").0, Kind::Malformed);
        assert_eq!(refused("[[]]"), (Kind::Invalid, "body".into(), "wrong_type"));
        assert_eq!(refused(r#"{}"#), (Kind::Invalid, "items".into(), "required"));
        assert_eq!(refused(r#"{"items":[],"x":1}"#), (Kind::Invalid, "x".into(), "unknown_field"));
        assert_eq!(
            refused(r#"{"items":[{"quantity":0}]}"#),
            (Kind::Invalid, "items[0].quantity".into(), "invalid_value")
        );
        assert_eq!(
            refused(r#"{"items":[{"quantity":1,"price":2}]}"#),
            (Kind::Invalid, "items[0].price".into(), "unknown_field")
        );
        assert_eq!(refused(r#"{"items":7}"#), (Kind::Invalid, "items".into(), "wrong_type"));
    }
}
