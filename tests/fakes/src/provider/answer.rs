//! What the provider answers: a status and JSON, errors in Stripe's envelope.

use serde_json::{Value, json};

/// An answer, and whether the provider keeps it under the request's idempotency key.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) keep: Keep,
}

/// Stripe keeps what an endpoint answered once it had begun its work, errors and 500s included; it does not keep what was
/// refused before (bad parameters, a key in use).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Yes,
    No,
}

impl Answer {
    /// 200 with an object.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body, keep: Keep::Yes }
    }

    fn error(status: u16, keep: Keep, error: Value) -> Self {
        Self { status, body: json!({ "error": error }), keep }
    }
}

/// 400: the request itself is at fault.
pub(crate) fn refused(code: &str, param: Option<&str>, message: impl Into<String>) -> Answer {
    let mut error = json!({ "type": "invalid_request_error", "code": code, "message": message.into() });
    if let Some(param) = param {
        error["param"] = param.into();
    }
    Answer::error(400, Keep::No, error)
}

/// 400: the intent's state does not allow the move. The intent comes along, as Stripe sends it.
pub(crate) fn wrong_state(message: String, intent: Value) -> Answer {
    let code = "payment_intent_unexpected_state";
    Answer::error(
        400,
        Keep::Yes,
        json!({ "type": "invalid_request_error", "code": code, "message": message, "payment_intent": intent }),
    )
}

/// 400: more money than there is.
pub(crate) fn too_much(code: &str, param: &str, message: String) -> Answer {
    Answer { keep: Keep::Yes, ..refused(code, Some(param), message) }
}

/// 400: the customer has asked the bank for the money; it is not given back twice.
pub(crate) fn disputed(charge: &str) -> Answer {
    let message = format!("Charge {charge} has been charged back; cannot issue a refund.");
    Answer { keep: Keep::Yes, ..refused("charge_disputed", None, message) }
}

/// 402: the card was not accepted. `error` has type, code, decline code and message.
pub(crate) fn card_refused(mut error: Value, intent: Value) -> Answer {
    error["payment_intent"] = intent;
    Answer::error(402, Keep::Yes, error)
}

/// 401: no key, or one that is not a secret key.
pub(crate) fn unauthorised(message: &str) -> Answer {
    Answer::error(401, Keep::No, json!({ "type": "invalid_request_error", "message": message }))
}

/// 404: no such object. In a body Stripe answers the same with 400; `status` says which.
pub(crate) fn missing(status: u16, what: &str, id: &str, param: &str) -> Answer {
    let message = format!("No such {what}: '{id}'");
    Answer::error(
        status,
        Keep::No,
        json!({ "type": "invalid_request_error", "code": "resource_missing", "message": message, "param": param }),
    )
}

/// 404: no such endpoint here.
pub(crate) fn unknown_url(method: &str, path: &str) -> Answer {
    let message = format!(
        "Unrecognized request URL ({method}: {path}). The fake provider knows PaymentIntents and Refunds only."
    );
    Answer::error(404, Keep::No, json!({ "type": "invalid_request_error", "message": message }))
}

/// 400: the key was used for another request.
pub(crate) fn key_mismatch() -> Answer {
    let message = "Keys for idempotent requests can only be used with the same parameters and endpoint they were first used with.";
    Answer::error(400, Keep::No, json!({ "type": "idempotency_error", "message": message }))
}

/// 409: the first request with this key is still running.
pub(crate) fn key_in_use() -> Answer {
    let message = "There is currently another in-progress request using this Idempotent Key.";
    Answer::error(
        409,
        Keep::No,
        json!({ "type": "idempotency_error", "code": "idempotency_key_in_use", "message": message }),
    )
}

/// 500: a fault of the provider's.
pub(crate) fn broken(keep: Keep) -> Answer {
    Answer::error(500, keep, json!({ "type": "api_error", "message": "An unknown error occurred (on request)." }))
}
