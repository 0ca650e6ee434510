//! A response of the API, and assertions on it.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// A response that was read to its end.
#[derive(Debug, Clone)]
pub struct Response {
    /// The request, for messages: `POST /api/v1/orders`.
    pub request_line: String,
    pub status: u16,
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

/// A problem document (RFC 9457).
#[derive(Debug, Clone)]
pub struct Problem {
    request_line: String,
    pub body: Value,
}

impl Response {
    /// Panics unless the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} should answer {status}: {}", self.request_line, self.text);
        self
    }

    /// Panics unless the status is 2xx.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        assert!(
            (200..300).contains(&self.status),
            "{} should succeed: {} {}",
            self.request_line,
            self.status,
            self.text
        );
        self
    }

    /// Panics unless the response is a problem with this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Problem {
        let problem = self.expect_refusal(status);
        assert_eq!(problem.code(), code, "{}: {}", problem.request_line, problem.body);
        problem
    }

    /// Panics unless the response is a complete problem document with this status; its code may be any.
    #[track_caller]
    pub fn expect_refusal(self, status: u16) -> Problem {
        let response = self.expect(status);
        let media = response.header("content-type").unwrap_or_default();
        assert!(
            media.starts_with("application/problem+json"),
            "{}: {media:?} should be a problem document",
            response.request_line
        );
        let body = response.json();
        for member in ["type", "title", "detail", "code", "requestId"] {
            let has_member = body[member].as_str().is_some_and(|text| !text.is_empty());
            assert!(has_member, "{}: a problem should have {member}: {body}", response.request_line);
        }
        assert_eq!(body["status"], status, "{}: the document should repeat the status: {body}", response.request_line);
        Problem { request_line: response.request_line, body }
    }

    /// Panics unless the response is a 422 with exactly one error: this code for this field.
    #[track_caller]
    pub fn expect_fault(self, field: &str, code: &str) {
        let problem = self.expect_refusal(422);
        let found = problem.errors().iter().map(|error| (error["field"].as_str(), error["code"].as_str()));
        assert_eq!(
            found.collect::<Vec<_>>(),
            [(Some(field), Some(code))],
            "{}: {}",
            problem.request_line,
            problem.body
        );
    }

    /// The JSON body.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{} should answer JSON ({error}): {:?}", self.request_line, self.text))
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The value of a header; panics if it is missing.
    #[track_caller]
    pub fn expect_header(&self, name: &str) -> &str {
        self.header(name)
            .unwrap_or_else(|| panic!("{} should answer with {name}: {:?}", self.request_line, self.headers))
    }

    /// The number in a header; panics if it is missing or no number.
    #[track_caller]
    pub fn number(&self, header: &str) -> u64 {
        let text = self.expect_header(header);
        text.parse().unwrap_or_else(|_| panic!("{header} should be a number: {text}"))
    }

    /// Panics unless it is a complete 429; returns the seconds to wait.
    #[track_caller]
    pub fn expect_rate_limited(self) -> u64 {
        let wait = self.number("retry-after");
        assert!((1..=7_200).contains(&wait), "{wait}");
        assert_eq!((self.number("ratelimit-remaining"), self.number("ratelimit-reset")), (0, wait));
        self.expect_problem(429, "rate_limited");
        wait
    }

    /// Is it the stored response of an earlier request with the same Idempotency-Key?
    pub fn is_replayed(&self) -> bool {
        self.header("idempotency-replayed") == Some("true")
    }
}

impl Problem {
    /// The problem's code.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Panics unless an error names this field, at any depth (`items[0].quantity` is `quantity`).
    #[track_caller]
    pub fn names_field(self, field: &str) -> Self {
        let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
        let is_named = self
            .errors()
            .iter()
            .any(|error| error["field"].as_str().is_some_and(|path| path == field || last(path) == field));
        assert!(is_named, "{} should name the field {field}: {}", self.request_line, self.body);
        self
    }

    /// Panics unless an error of a field has this code.
    #[track_caller]
    pub fn has_error_code(self, code: &str) -> Self {
        let has_code = self.errors().iter().any(|error| error["code"] == code);
        assert!(has_code, "{} should have an error with the code {code}: {}", self.request_line, self.body);
        self
    }

    /// Panics unless the document contains this text.
    #[track_caller]
    pub fn mentions(self, text: &str) -> Self {
        assert!(self.body.to_string().contains(text), "{} should mention {text}: {}", self.request_line, self.body);
        self
    }

    /// The errors of fields.
    pub fn errors(&self) -> &[Value] {
        self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// The document without its request id.
    pub fn without_request_id(&self) -> Value {
        let mut body = self.body.clone();
        if let Some(members) = body.as_object_mut() {
            members.remove("requestId");
        }
        body
    }
}
