//! JSON bodies: limited in size, parsed strictly. An error names the invalid field.
//!
//! A gateway passes a body of `application/json` as text, and writes U+FFFD in the place of bytes that are not UTF-8. So U+FFFD in such
//! a text is refused: nobody can tell which bytes it stands for. As the escape `\ufffd` it is what the caller has sent, so it is
//! accepted. Bodies of other media types, such as `application/merge-patch+json`, come in base64, with their exact bytes.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use lambda_http::Body;
use serde::Serialize;
use serde::de::DeserializeOwned;
use values::{Error, Kind, Result, not_utf8, read_json};

use crate::ApiError;

/// The largest body that the API accepts.
const MAX_BYTES: usize = 256 * 1024;

/// What a gateway writes in the place of bytes that are not UTF-8.
const REPLACEMENT_CHARACTER: &str = "\u{FFFD}";

/// The body came with the bytes that the caller sent. An extension of the request.
#[derive(Debug, Clone, Copy)]
struct ExactBytes;

/// Notes on a request whether its body came with the bytes that the caller sent.
pub(crate) fn note_exact_bytes(mut request: lambda_http::Request) -> lambda_http::Request {
    if matches!(request.body(), Body::Binary(_)) {
        request.extensions_mut().insert(ExactBytes);
    }
    request
}

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
        if parts.extensions.get::<ExactBytes>().is_none() {
            refuse_replaced(&bytes)?;
        }
        Ok(Self(read_json(&bytes)?))
    }
}

/// Fails with 400 `not_utf8` if a gateway may have replaced bytes.
fn refuse_replaced(bytes: &[u8]) -> Result<()> {
    let character = REPLACEMENT_CHARACTER.as_bytes();
    match bytes.windows(character.len()).any(|bytes| bytes == character) {
        false => Ok(()),
        true => Err(not_utf8(
            "The body is not UTF-8, or it contains the replacement character U+FFFD. Send JSON in UTF-8 (RFC 8259, 8.1). If you mean \
             the character, write it as `\\ufffd`.",
        )),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// The code of the refusal, or the note that was read.
    async fn read(body: Body) -> std::result::Result<String, &'static str> {
        let request = http::Request::post("/").header(header::CONTENT_TYPE, "application/json").body(body).unwrap();
        let (parts, body) = note_exact_bytes(request).into_parts();
        let request = Request::from_parts(parts, axum::body::Body::from(body.to_vec()));
        let Json(read) = Json::<Value>::from_request(request, &()).await.map_err(|error| error.error.code)?;
        Ok(read["note"].as_str().unwrap_or_default().to_owned())
    }

    fn text(body: &str) -> Body {
        Body::Text(body.to_owned())
    }

    #[tokio::test]
    async fn bytes_that_a_gateway_replaced_are_refused() {
        // What Latin-1 becomes on its way.
        let replaced = String::from_utf8_lossy(b"{\"note\":\"M\xfcsli\"}").into_owned();
        assert_eq!(read(text(&replaced)).await, Err("not_utf8"));
        assert_eq!(read(text("{\"\u{FFFD}\":1}")).await, Err("not_utf8"));
        assert_eq!(
            read(text("\u{FFFD}\u{FFFD}{")).await,
            Err("not_utf8"),
            "rather than a position in what nobody sent"
        );
        assert_eq!(read(text(r#"{"note":"M\ufffdsli"}"#)).await.as_deref(), Ok("M\u{FFFD}sli"));
        // Its neighbours share two of its three bytes.
        assert_eq!(read(text("{\"note\":\"\u{FFFC}\u{FF3D}Müsli\"}")).await.as_deref(), Ok("\u{FFFC}\u{FF3D}Müsli"));
    }

    #[tokio::test]
    async fn exact_bytes_are_what_the_caller_sent() {
        let binary = |bytes: &[u8]| Body::Binary(bytes.to_vec());
        assert_eq!(read(binary("{\"note\":\"M\u{FFFD}sli\"}".as_bytes())).await.as_deref(), Ok("M\u{FFFD}sli"));
        assert_eq!(read(binary(b"{\"note\":\"M\xfcsli\"}")).await, Err("not_utf8"));
    }
}
