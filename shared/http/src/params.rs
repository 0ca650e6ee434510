//! Parameters of the path and the query string, the idempotency key and the order token.

use aws_kit::{Idempotency, Idempotent};
use axum::extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;
use values::{Error, Kind, Result, invalid_field, not_utf8};

use crate::ApiError;

/// Parameters of a path. A value that does not parse cannot name anything, so it is a 404.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let parsed = AxumPath::<T>::from_request_parts(parts, state).await;
        let AxumPath(value) = parsed.map_err(|_| Error::not_found("resource at this path"))?;
        Ok(Self(value))
    }
}

/// Parameters of a query string, in UTF-8 (400 `not_utf8`). A 422 names the one that does not parse.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // The parser would replace other bytes by U+FFFD, so the answer would be to another question.
        let query = parts.uri.query().unwrap_or_default();
        percent_decode_str(query).decode_utf8().map_err(|_| {
            not_utf8("The query string is not UTF-8. Encode its values in UTF-8 before the percent-encoding (RFC 3986, 2.5).")
        })?;
        let parsed = AxumQuery::<T>::from_request_parts(parts, state).await;
        let AxumQuery(value) = parsed.map_err(|rejection| {
            // axum writes "Failed to deserialize query string: limit: invalid digit …".
            let text = rejection.body_text();
            let error = text.split_once("query string: ").map_or(text.as_str(), |(_, error)| error);
            let (field, message) = error.split_once(": ").unwrap_or((".", error));
            invalid_field(field, message)
        })?;
        Ok(Self(value))
    }
}

/// The `Idempotency-Key` header: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone)]
pub struct IdempotencyKey(pub Option<String>);

impl IdempotencyKey {
    /// The idempotency of a request for which a key is optional; none if no key was sent. `caller` is an account, or an id that
    /// stands for a guest. `action` is the method and the path.
    pub fn of(self, caller: &str, action: &str, body: &impl Serialize) -> Result<Option<Idempotency>> {
        self.0.map(|key| Idempotency::new(caller, action, &key, body)).transpose()
    }

    /// The key of a request that must have one. Fails with 400 `idempotency_key_required`.
    pub fn required(self) -> Result<String> {
        self.0.ok_or_else(|| {
            let detail =
                "Send an `Idempotency-Key` header: a new random value for each new request, the same value for a retry.";
            Error::new(Kind::Malformed, "idempotency_key_required", detail)
        })
    }
}

/// The header with the token that lets a guest see an order and its payment.
pub const ORDER_TOKEN: &str = "x-order-token";

/// The value of [`ORDER_TOKEN`], if it is visible ASCII.
pub fn order_token(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORDER_TOKEN).and_then(|value| value.to_str().ok())
}

/// The response to a request that may be a retry. A stored response has the header `Idempotency-Replayed: true`.
pub fn idempotent_response<T, R: IntoResponse>(outcome: Idempotent<T>, shape: impl FnOnce(T) -> R) -> Response {
    match outcome {
        Idempotent::Fresh(value) => shape(value).into_response(),
        Idempotent::Replayed(value) => {
            let mut response = shape(value).into_response();
            response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
            response
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(header) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        match header.to_str().ok().filter(|key| (1..=255).contains(&key.len())) {
            Some(key) => Ok(Self(Some(key.to_owned()))),
            None => {
                let detail = "The `Idempotency-Key` must have 1 to 255 visible ASCII characters.";
                Err(Error::new(Kind::Malformed, "idempotency_key_invalid", detail).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its parsing is tested")]
    struct Filter {
        limit: Option<u32>,
    }

    #[tokio::test]
    async fn error_names_the_invalid_parameter() {
        for (query, code, detail) in [
            ("limit=ten", "invalid_value", "`limit`: must be a whole number"),
            ("limit=-1", "invalid_value", "`limit`: must be a whole number"),
            ("limit=1&limit=2", "duplicate_field", "`limit`: must not be repeated"),
            ("colour=red", "unknown_field", "`colour`: is not a known field"),
        ] {
            let mut parts = Request::get(format!("/?{query}")).body(()).unwrap().into_parts().0;
            let error = Query::<Filter>::from_request_parts(&mut parts, &()).await.unwrap_err();
            assert_eq!((error.error.fields[0].code, error.error.detail.as_str()), (code, detail));
        }
    }

    #[tokio::test]
    async fn query_that_is_not_utf8_is_refused() {
        for (query, is_read) in [
            ("m=%FC", false),
            ("m=%C3", false),
            ("%FC=m", false),
            ("m=%C3%BC", true),
            ("m=%EF%BF%BD", true),
            ("m=%", true),
        ] {
            let mut parts = Request::get(format!("/?{query}")).body(()).unwrap().into_parts().0;
            let read = Query::<Vec<(String, String)>>::from_request_parts(&mut parts, &()).await;
            assert_eq!(read.map_err(|error| error.error.code).err(), (!is_read).then_some("not_utf8"), "{query}");
        }
    }
}
