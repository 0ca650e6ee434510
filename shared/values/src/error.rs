//! The one error of souk: what kind it is, a stable code, a sentence for a person, and the inner cause for the log.
//! It knows no HTTP; `http-kit` turns a kind into a status in one place.

use serde::Serialize;
use serde_json::{Map, Value};

/// Shorthand used by every use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be read at all.
    Malformed,
    /// No credential, or one that does not hold.
    Unauthenticated,
    /// A good credential without the permission.
    Forbidden,
    /// Not there, or not the caller's: the two are never told apart.
    NotFound,
    /// Well-formed, but against the present state.
    Conflict,
    /// The version the caller holds is not the present one.
    PreconditionFailed,
    /// A version is required and missing.
    PreconditionRequired,
    /// More bytes than are read.
    TooLarge,
    /// More of them than API Gateway lets through.
    HeadersTooLarge,
    /// Not the media type that is read.
    UnsupportedMedia,
    /// The path is known, the method is not.
    MethodNotAllowed,
    /// Readable, but not acceptable.
    Invalid,
    /// Too many calls; try again after so many seconds.
    RateLimited(u32),
    /// A dependency is down; try again after so many seconds.
    Unavailable(u32),
    /// A fault of ours. Nothing of it is told to the caller.
    Internal,
}

/// One field (or SKU) that is at fault, and further facts a program can use.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldError {
    /// Path of the field in the request, such as `items[0].quantity`.
    pub field: String,
    /// Stable code.
    pub code: &'static str,
    /// For a person.
    pub message: String,
    /// Facts beside the message, such as `available`.
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

/// An error that can be told to a caller. The cause is for the log alone.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Error {
    /// What the caller can do about it.
    pub kind: Kind,
    /// Stable and machine-readable, such as `insufficient_stock`.
    pub code: &'static str,
    /// One sentence that tells a person what to do.
    pub detail: String,
    /// The fields at fault, if any.
    pub fields: Vec<FieldError>,
    /// The inner cause: logged once where the error is handled, never told.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of any kind; the named constructors below read better where they fit.
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, code, detail: detail.into(), fields: Vec::new(), cause: None }
    }

    /// Against the present state of things.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, detail)
    }

    /// There is no such `what`, or it is not the caller's.
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("There is no such {what}."))
    }

    /// The caller insists on a version of `what` that is not the present one.
    pub fn version_mismatch(what: &str) -> Self {
        let detail = format!("The {what} was changed since you read it. Read it again and repeat your change.");
        Self::new(Kind::PreconditionFailed, "version_mismatch", detail)
    }

    /// One field of the request is not acceptable.
    pub fn invalid(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(Kind::Invalid, "validation_failed", format!("`{field}`: {message}")).with_field(field, code, message)
    }

    /// A dependency did not answer; nothing was half done that a retry would not settle.
    pub fn unavailable(dependency: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(Kind::Unavailable(2), "unavailable", format!("The {dependency} did not answer in time. Try again."))
            .caused_by(cause)
    }

    /// A fault of ours. `what` goes to the log, never to the caller.
    pub fn internal(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(Kind::Internal, "internal", "Something went wrong on our side.").caused_by(what)
    }

    /// Adds a field at fault.
    #[must_use]
    pub fn with_field(self, field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        self.with_facts(field, code, message, Map::new())
    }

    /// Adds a field at fault with facts a program can use.
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

    /// Keeps the inner cause for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The inner cause and what caused that, for the log. Written by `Display`, because the `Debug` of an SDK's error holds whole
    /// answers, and with them what must never be logged.
    pub fn causes(&self) -> Option<String> {
        let first = self.cause.as_deref()? as &dyn std::error::Error;
        let chain = std::iter::successors(Some(first), |error| error.source());
        Some(chain.map(ToString::to_string).collect::<Vec<_>>().join(": "))
    }

    /// Is it worth trying the same again: an outage rather than an answer?
    pub fn is_outage(&self) -> bool {
        matches!(self.kind, Kind::Unavailable(_) | Kind::Internal)
    }
}
