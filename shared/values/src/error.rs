//! The error type of souk: a kind, a stable code, a sentence for the caller, and the cause for the log.
//! It knows no HTTP; `http-kit` maps a kind to a status in one place.

use serde::Serialize;
use serde_json::{Map, Value};

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of an error, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be parsed.
    Malformed,
    /// The credential is missing or not valid.
    Unauthenticated,
    /// The credential is valid but lacks the permission.
    Forbidden,
    /// The resource does not exist or belongs to someone else. The caller cannot distinguish the two.
    NotFound,
    /// The request contradicts the current state.
    Conflict,
    /// The version that the caller has read is not the current one.
    PreconditionFailed,
    /// The request must name a version and does not.
    PreconditionRequired,
    /// The body is too large.
    TooLarge,
    /// The headers are larger than API Gateway accepts.
    HeadersTooLarge,
    /// The body has an unsupported media type.
    UnsupportedMedia,
    /// The path does not support the method.
    MethodNotAllowed,
    /// The request can be parsed but is not valid.
    Invalid,
    /// The caller has reached a rate limit; retry after that many seconds.
    RateLimited(u32),
    /// A dependency does not answer; retry after that many seconds.
    Unavailable(u32),
    /// A bug or a misconfiguration. The caller sees no detail.
    Internal,
}

/// An invalid field (or SKU), and facts for programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldError {
    /// The path of the field in the request, such as `items[0].quantity`.
    pub field: String,
    /// A stable code for programs.
    pub code: &'static str,
    /// What is wrong with the field, for the caller.
    pub message: String,
    /// Facts beside the message, such as `available`.
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

/// An error. The caller sees everything but the cause, which is only for the log.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Error {
    pub kind: Kind,
    /// A stable code for programs, such as `insufficient_stock`.
    pub code: &'static str,
    /// What is wrong and what to do, in one or two sentences.
    pub detail: String,
    /// The invalid fields, if the error is about fields.
    pub fields: Vec<FieldError>,
    /// The cause, for the log. The place that handles the error logs it once; no response has it.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of any kind. Prefer the named constructors below where they fit.
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, code, detail: detail.into(), fields: Vec::new(), cause: None }
    }

    /// The request contradicts the current state.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, detail)
    }

    /// There is no such `what`, or it belongs to someone else.
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("There is no such {what}."))
    }

    /// The version of `what` that the caller has read is not the current one.
    pub fn version_mismatch(what: &str) -> Self {
        let detail = format!("The {what} was changed since you read it. Read it again and repeat your change.");
        Self::new(Kind::PreconditionFailed, "version_mismatch", detail)
    }

    /// One field of the request is not valid.
    pub fn invalid(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(Kind::Invalid, "validation_failed", format!("`{field}`: {message}")).with_field(field, code, message)
    }

    /// A dependency did not answer. A retry is safe, because it completes or repeats what was done.
    pub fn unavailable(dependency: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(Kind::Unavailable(2), "unavailable", format!("The {dependency} did not answer in time. Try again."))
            .caused_by(cause)
    }

    /// A bug or a misconfiguration. `what` is only for the log.
    pub fn internal(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(Kind::Internal, "internal", "An internal error occurred. Try again later.").caused_by(what)
    }

    /// What is wrong with the only invalid field; the detail if there is no field. For errors that serde reports.
    pub(crate) fn message(&self) -> &str {
        self.fields.first().map_or(&self.detail, |field| &field.message)
    }

    /// Adds an invalid field.
    #[must_use]
    pub fn with_field(self, field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        self.with_facts(field, code, message, Map::new())
    }

    /// Adds an invalid field with facts for programs.
    #[must_use]
    pub fn with_facts(
        mut self,
        field: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
        facts: Map<String, Value>,
    ) -> Self {
        self.fields.push(FieldError { field: field.into(), code, message: message.into(), facts });
        self
    }

    /// Adds the cause, for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The cause and its own causes, for the log. Written by `Display`, because the `Debug` of an SDK error contains whole responses
    /// with data that must never be logged.
    pub fn causes(&self) -> Option<String> {
        let first = self.cause.as_deref()? as &dyn std::error::Error;
        let chain = std::iter::successors(Some(first), |error| error.source());
        Some(chain.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    }

    /// Can a retry succeed? True for an outage, false for an error that would be the same again.
    pub fn is_outage(&self) -> bool {
        matches!(self.kind, Kind::Unavailable(_) | Kind::Internal)
    }
}
