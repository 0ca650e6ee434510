//! The provider's responses: a status and JSON, with errors in Stripe's envelope.

use serde_json::{Value, json};

/// A response, and whether the provider stores it under the request's idempotency key.
#[derive(Debug, Clone)]
pub(crate) struct ApiResponse {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) retention: Retention,
}

/// Stripe stores every response of an endpoint that has started its work, also errors and 500s. It does not store responses to
/// requests that it refused before (invalid parameters, a key in use).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retention {
    Stored,
    NotStored,
}

impl ApiResponse {
    /// 200 with an object.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body, retention: Retention::Stored }
    }

    fn error(status: u16, retention: Retention, error: Value) -> Self {
        Self { status, body: json!({ "error": error }), retention }
    }
}

/// 400: the request is invalid.
pub(crate) fn invalid_request(code: &str, param: Option<&str>, message: impl Into<String>) -> ApiResponse {
    let mut error = json!({ "type": "invalid_request_error", "code": code, "message": message.into() });
    if let Some(param) = param {
        error["param"] = param.into();
    }
    ApiResponse::error(400, Retention::NotStored, error)
}

/// 400: the intent's status does not allow the change. Like Stripe, the response contains the intent.
pub(crate) fn unexpected_state(message: String, intent: Value) -> ApiResponse {
    let code = "payment_intent_unexpected_state";
    ApiResponse::error(
        400,
        Retention::Stored,
        json!({ "type": "invalid_request_error", "code": code, "message": message, "payment_intent": intent }),
    )
}

/// 400: the amount is too large.
pub(crate) fn invalid_amount(code: &str, param: &str, message: String) -> ApiResponse {
    ApiResponse { retention: Retention::Stored, ..invalid_request(code, Some(param), message) }
}

/// 400: the customer has disputed the charge, so it cannot be refunded.
pub(crate) fn charge_disputed(charge: &str) -> ApiResponse {
    let message = format!("Charge {charge} has been charged back; cannot issue a refund.");
    ApiResponse { retention: Retention::Stored, ..invalid_request("charge_disputed", None, message) }
}

/// 402: the card was declined. `error` has type, code, decline code and message.
pub(crate) fn card_declined(mut error: Value, intent: Value) -> ApiResponse {
    error["payment_intent"] = intent;
    ApiResponse::error(402, Retention::Stored, error)
}

/// 401: the API key is missing or is no secret key.
pub(crate) fn unauthorised(message: &str) -> ApiResponse {
    ApiResponse::error(401, Retention::NotStored, json!({ "type": "invalid_request_error", "message": message }))
}

/// The object does not exist: 404, or 400 if the id was a parameter of the body, as Stripe does.
pub(crate) fn not_found(status: u16, what: &str, id: &str, param: &str) -> ApiResponse {
    let message = format!("No such {what}: '{id}'");
    ApiResponse::error(
        status,
        Retention::NotStored,
        json!({ "type": "invalid_request_error", "code": "resource_missing", "message": message, "param": param }),
    )
}

/// 404: the fake has no such endpoint.
pub(crate) fn unknown_url(method: &str, path: &str) -> ApiResponse {
    let message = format!(
        "Unrecognized request URL ({method}: {path}). The fake provider knows PaymentIntents and Refunds only."
    );
    ApiResponse::error(404, Retention::NotStored, json!({ "type": "invalid_request_error", "message": message }))
}

/// 400: the key was used for another request.
pub(crate) fn key_mismatch() -> ApiResponse {
    let message = "Keys for idempotent requests can only be used with the same parameters and endpoint they were first used with.";
    ApiResponse::error(400, Retention::NotStored, json!({ "type": "idempotency_error", "message": message }))
}

/// 409: the first request with this key is still running.
pub(crate) fn key_in_use() -> ApiResponse {
    let message = "There is currently another in-progress request using this Idempotent Key.";
    ApiResponse::error(
        409,
        Retention::NotStored,
        json!({ "type": "idempotency_error", "code": "idempotency_key_in_use", "message": message }),
    )
}

/// 500: the provider failed.
pub(crate) fn server_error(retention: Retention) -> ApiResponse {
    ApiResponse::error(
        500,
        retention,
        json!({ "type": "api_error", "message": "An unknown error occurred (on request)." }),
    )
}
