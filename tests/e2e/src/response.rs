//! An answer of the API, and what is expected of it.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Response {
    /// What was asked, for messages: `POST /api/v1/orders`.
    pub asked: String,
    /// HTTP status.
    pub status: u16,
    /// As they came.
    pub headers: HeaderMap,
    /// As it came.
    pub text: String,
}

/// A problem document (RFC 9457).
#[derive(Debug, Clone)]
pub struct Problem {
    asked: String,
    /// The document.
    pub body: Value,
}

impl Response {
    /// Fails unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} should answer {status}: {}", self.asked, self.text);
        self
    }

    /// Fails unless it is a success of whatever kind.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        assert!((200..300).contains(&self.status), "{} should succeed: {} {}", self.asked, self.status, self.text);
        self
    }

    /// Fails unless it is a problem with this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Problem {
        let problem = self.expect_refusal(status);
        assert_eq!(problem.code(), code, "{}: {}", problem.asked, problem.body);
        problem
    }

    /// Fails unless it is a whole problem document with this status; its code may be any.
    #[track_caller]
    pub fn expect_refusal(self, status: u16) -> Problem {
        let response = self.expect(status);
        let media = response.header("content-type").unwrap_or_default();
        assert!(media.starts_with("application/problem+json"), "{}: {media:?} is no problem document", response.asked);
        let body = response.json();
        for member in ["type", "title", "detail", "code", "requestId"] {
            let told = body[member].as_str().is_some_and(|text| !text.is_empty());
            assert!(told, "{}: a problem has a {member}: {body}", response.asked);
        }
        assert_eq!(body["status"], status, "{}: the document repeats the status: {body}", response.asked);
        Problem { asked: response.asked, body }
    }

    /// Fails unless it is a 422 that says this of that field, and of no other.
    #[track_caller]
    pub fn expect_fault(self, field: &str, code: &str) {
        let problem = self.expect_refusal(422);
        let told = problem.errors().iter().map(|error| (error["field"].as_str(), error["code"].as_str()));
        assert_eq!(told.collect::<Vec<_>>(), [(Some(field), Some(code))], "{}: {}", problem.asked, problem.body);
    }

    /// The body.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{} should answer JSON ({error}): {:?}", self.asked, self.text))
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header that has to be there.
    #[track_caller]
    pub fn expect_header(&self, name: &str) -> &str {
        self.header(name).unwrap_or_else(|| panic!("{} should answer with {name}: {:?}", self.asked, self.headers))
    }

    /// Was it kept from an earlier request with the same Idempotency-Key?
    pub fn is_replayed(&self) -> bool {
        self.header("idempotency-replayed") == Some("true")
    }
}

impl Problem {
    /// The stable code.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Fails unless one of the fields at fault is this one, wherever in the body it lies (`items[0].quantity` is `quantity`).
    #[track_caller]
    pub fn names_field(self, field: &str) -> Self {
        let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        let named = self
            .errors()
            .iter()
            .any(|error| error["field"].as_str().is_some_and(|path| path == field || last(path) == field));
        assert!(named, "{} should name the field {field}: {}", self.asked, self.body);
        self
    }

    /// Fails unless one of the fields at fault has this code.
    #[track_caller]
    pub fn says(self, code: &str) -> Self {
        let said = self.errors().iter().any(|error| error["code"] == code);
        assert!(said, "{} should say {code} of a field: {}", self.asked, self.body);
        self
    }

    /// Fails unless the document says this, anywhere.
    #[track_caller]
    pub fn mentions(self, text: &str) -> Self {
        assert!(self.body.to_string().contains(text), "{} should mention {text}: {}", self.asked, self.body);
        self
    }

    /// The fields at fault.
    pub fn errors(&self) -> &[Value] {
        self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// The document without what differs from request to request.
    pub fn without_request_id(&self) -> Value {
        let mut body = self.body.clone();
        if let Some(members) = body.as_object_mut() {
            members.remove("requestId");
        }
        body
    }
}
