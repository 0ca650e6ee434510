//! JSON bodies: limited in size, parsed strictly. An error names the invalid field.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use values::{Error, Kind, Result, read_json};

use crate::ApiError;

/// The largest body that the API accepts.
const MAX_BYTES: usize = 256 * 1024;

/// A JSON body of a request or a response.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(cause) => ApiError::from(Error::internal(cause)).into_response(),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        check_media_type(&parts.headers)?;
        let bytes = axum::body::to_bytes(body, MAX_BYTES)
            .await
            .map_err(|_| Error::new(Kind::TooLarge, "body_too_large", "The body is larger than 256 KB."))?;
        Ok(Self(read_json(&bytes)?))
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<()> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        true => Ok(()),
        false => Err(Error::new(
            Kind::UnsupportedMedia,
            "not_json",
            "Send `Content-Type: application/json` and a JSON body.",
        )),
    }
}
