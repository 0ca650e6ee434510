//! GitHub, as far as a sign-in sees it: the page that asks, the endpoint that trades codes, and two answers of its API. Stricter than
//! the real one: it wants PKCE, every parameter, and who asks. Like the real one it refuses in a 200.
//!
//! People are put there by a suite; `login` says who sits at the browser, because this fake has no passwords.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{lock, now_ms};

/// The one client it knows; `infra/local/profiles.py` has the same two.
const CLIENT: &str = "souk-local";
const SECRET: &str = "github-secret-local-only";
/// The one page that client has named to it.
const CALLBACK: &str = "/api/v1/auth/oauth/github/callback";
const SCOPES: [&str; 2] = ["read:user", "user:email"];
/// GitHub's own.
const CODE_LIVES_MS: u64 = 600_000;

/// Somebody with an account there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    id: u64,
    name: Option<String>,
    /// As `GET /user/emails` lists them.
    emails: Value,
    /// What fails with a 503 for this person: `token`, `user` or `emails`.
    #[serde(default)]
    failing: Option<String>,
}

/// A code that was given out, and what has to come with it.
#[derive(Debug)]
struct Code {
    login: String,
    redirect_uri: String,
    challenge: String,
    until_ms: u64,
}

#[derive(Debug, Default)]
struct Books {
    people: HashMap<String, Person>,
    codes: HashMap<String, Code>,
    /// Whose an access token is.
    tokens: HashMap<String, String>,
}

type Shared = Arc<Mutex<Books>>;
type Fields = HashMap<String, String>;

/// The fake, ready to be served.
pub fn router() -> Router {
    Router::new()
        .route("/github/login/oauth/authorize", get(authorize))
        .route("/github/login/oauth/access_token", post(trade))
        .route("/github/api/user", get(user))
        .route("/github/api/user/emails", get(emails))
        .route("/_fake/github/people/{login}", put(known))
        .with_state(Shared::default())
}

async fn known(State(books): State<Shared>, Path(login): Path<String>, Json(person): Json<Person>) -> StatusCode {
    lock(&books).people.insert(login, person);
    StatusCode::NO_CONTENT
}

/// The page that asks. With `deny` the person says no.
async fn authorize(State(books): State<Shared>, Query(asked): Query<Fields>) -> Response {
    let said = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let faults = [
        ("client_id", said("client_id") == CLIENT),
        ("redirect_uri", said("redirect_uri").ends_with(CALLBACK)),
        ("response_type", said("response_type") == "code"),
        ("state", said("state").len() >= 32),
        ("code_challenge", said("code_challenge").len() == 43),
        ("code_challenge_method", said("code_challenge_method") == "S256"),
        ("scope", SCOPES.iter().all(|scope| said("scope").split(' ').any(|said| said == *scope))),
        ("login", lock(&books).people.contains_key(said("login"))),
    ];
    if let Some((name, _)) = faults.iter().find(|(_, good)| !good) {
        return (StatusCode::BAD_REQUEST, format!("{name} is not what it should be")).into_response();
    }
    let outcome = if asked.contains_key("deny") {
        ("error", "access_denied".to_owned())
    } else {
        let code = random();
        let (login, redirect_uri) = (said("login").to_owned(), said("redirect_uri").to_owned());
        let challenge = said("code_challenge").to_owned();
        let until_ms = now_ms() + CODE_LIVES_MS;
        lock(&books).codes.insert(code.clone(), Code { login, redirect_uri, challenge, until_ms });
        ("code", code)
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair(outcome.0, &outcome.1)
        .append_pair("state", said("state"))
        .finish();
    (StatusCode::FOUND, [(header::LOCATION, format!("{}?{query}", said("redirect_uri")))]).into_response()
}

/// Trades a code, once: whatever comes of it, it is gone.
async fn trade(State(books): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let form: Fields = form_urlencoded::parse(&body).into_owned().collect();
    let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if text(&headers, header::ACCEPT) != "application/json" {
        return (StatusCode::NOT_ACCEPTABLE, "access_token=none&scope=").into_response();
    }
    if said("client_id") != CLIENT || said("client_secret") != SECRET {
        return refused("incorrect_client_credentials");
    }
    let mut books = lock(&books);
    let Some(code) = books.codes.remove(said("code")).filter(|code| now_ms() < code.until_ms) else {
        return refused("bad_verification_code");
    };
    if said("redirect_uri") != code.redirect_uri {
        return refused("redirect_uri_mismatch");
    }
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, said("code_verifier").as_bytes()));
    if challenge != code.challenge || said("code_verifier").len() < 43 {
        return refused("bad_verification_code");
    }
    if books.fails(&code.login, "token") {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let token = format!("gho_{}", random());
    books.tokens.insert(token.clone(), code.login);
    Json(json!({ "access_token": token, "scope": SCOPES.join(","), "token_type": "bearer" })).into_response()
}

async fn user(State(books): State<Shared>, headers: HeaderMap) -> Response {
    told(&books, &headers, "user", |login, person| json!({ "id": person.id, "login": login, "name": person.name }))
}

async fn emails(State(books): State<Shared>, headers: HeaderMap) -> Response {
    told(&books, &headers, "emails", |_, person| person.emails.clone())
}

/// An answer of the API about whoever the token was given for.
fn told(books: &Shared, headers: &HeaderMap, what: &str, tell: impl FnOnce(&str, &Person) -> Value) -> Response {
    if text(headers, header::USER_AGENT).is_empty() {
        return (StatusCode::FORBIDDEN, "Request forbidden by administrative rules.").into_response();
    }
    let books = lock(books);
    let token = text(headers, header::AUTHORIZATION).strip_prefix("Bearer ").unwrap_or_default();
    let known = books.tokens.get(token).and_then(|login| Some((login, books.people.get(login)?)));
    match known {
        Some((login, _)) if books.fails(login, what) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some((login, person)) => Json(tell(login, person)).into_response(),
        None => (StatusCode::UNAUTHORIZED, Json(json!({ "message": "Bad credentials" }))).into_response(),
    }
}

impl Books {
    fn fails(&self, login: &str, what: &str) -> bool {
        self.people.get(login).is_some_and(|person| person.failing.as_deref() == Some(what))
    }
}

fn refused(error: &str) -> Response {
    Json(json!({ "error": error, "error_description": "It is refused.", "error_uri": "https://docs.github.com" }))
        .into_response()
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn random() -> String {
    format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))
}
