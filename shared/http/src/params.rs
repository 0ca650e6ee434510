//! What a path, a query string and the idempotency header say.

use aws_kit::{Idempotency, Idempotent};
use axum::extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use values::{Error, Kind, Result, invalid_field};

use crate::ApiError;

/// Parameters of a path. What does not parse names nothing that exists: 404.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let parsed = AxumPath::<T>::from_request_parts(parts, state).await;
        let AxumPath(value) = parsed.map_err(|_| Error::not_found("thing at this path"))?;
        Ok(Self(value))
    }
}

/// Parameters of a query string; what does not parse is named in a 422.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let parsed = AxumQuery::<T>::from_request_parts(parts, state).await;
        let AxumQuery(value) = parsed.map_err(|rejection| {
            // axum words it as "Failed to deserialize query string: limit: invalid digit …".
            let text = rejection.body_text();
            let told = text.split_once("query string: ").map_or(text.as_str(), |(_, told)| told);
            let (field, message) = told.split_once(": ").unwrap_or((".", told));
            invalid_field(field, message)
        })?;
        Ok(Self(value))
    }
}

/// The `Idempotency-Key` header: 1 to 255 visible characters.
#[derive(Debug, Clone)]
pub struct IdempotencyKey(pub Option<String>);

impl IdempotencyKey {
    /// The keyed request, where a key is accepted and was sent. `caller` is an account or what stands for a guest, `action`
    /// the method and path.
    pub fn of(self, caller: &str, action: &str, body: &impl Serialize) -> Result<Option<Idempotency>> {
        self.0.map(|key| Idempotency::new(caller, action, &key, body)).transpose()
    }

    /// The key where the contract wants one.
    pub fn required(self) -> Result<String> {
        self.0.ok_or_else(|| {
            let detail =
                "Send an `Idempotency-Key` header: a new random value for each new request, the same for a repetition.";
            Error::new(Kind::Malformed, "idempotency_key_required", detail)
        })
    }
}

/// Carries the token by which a guest may see an order and its payment.
pub const ORDER_TOKEN: &str = "x-order-token";

/// The token in [`ORDER_TOKEN`], if it is text.
pub fn order_token(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORDER_TOKEN).and_then(|value| value.to_str().ok())
}

/// The answer to a request that may be a repetition; one that is says so in `Idempotency-Replayed`.
pub fn idempotent_response<T, R: IntoResponse>(attempt: Idempotent<T>, shape: impl FnOnce(T) -> R) -> Response {
    match attempt {
        Idempotent::Fresh(done) => shape(done).into_response(),
        Idempotent::Replayed(done) => {
            let mut answer = shape(done).into_response();
            answer.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
            answer
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
                let detail = "An Idempotency-Key is 1 to 255 visible ASCII characters.";
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
    struct Asked {
        limit: Option<u32>,
    }

    #[tokio::test]
    async fn a_parameter_at_fault_is_named() {
        for (query, code, detail) in [
            ("limit=ten", "invalid_value", "`limit`: must be a single_page number"),
            ("limit=-1", "invalid_value", "`limit`: must be a single_page number"),
            ("limit=1&limit=2", "duplicate_field", "`limit`: comes twice"),
            ("colour=red", "unknown_field", "`colour`: is not known here"),
        ] {
            let mut parts = Request::get(format!("/?{query}")).body(()).unwrap().into_parts().0;
            let refused = Query::<Asked>::from_request_parts(&mut parts, &()).await.unwrap_err();
            assert_eq!((refused.0.fields[0].code, refused.0.detail.as_str()), (code, detail));
        }
    }
}
