//! A fake of GitHub for sign-in: the authorisation page, the token endpoint and two API calls. It is stricter than GitHub: it
//! requires PKCE, every parameter and a user agent. Like GitHub, the token endpoint reports errors with status 200.
//!
//! Tests create the users. The parameter `login` of the page names the user, because the fake has no passwords.

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

/// The only client. `infra/local/profiles.py` has the same id and secret.
const CLIENT: &str = "souk-local";
const SECRET: &str = "github-secret-local-only";
/// The client's registered callback.
const CALLBACK: &str = "/api/v1/auth/oauth/github/callback";
const SCOPES: [&str; 2] = ["read:user", "user:email"];
/// As long as GitHub's codes.
const CODE_LIFETIME_MS: u64 = 600_000;

/// A user of GitHub.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    id: u64,
    name: Option<String>,
    /// As `GET /user/emails` lists them.
    emails: Value,
    /// The call that fails with 503 for this user: `token`, `user` or `emails`.
    #[serde(default)]
    failing: Option<String>,
}

/// An issued code, and the values that its exchange must repeat.
#[derive(Debug)]
struct Code {
    login: String,
    redirect_uri: String,
    challenge: String,
    until_ms: u64,
}

#[derive(Debug, Default)]
struct Accounts {
    users: HashMap<String, User>,
    codes: HashMap<String, Code>,
    /// The login of each access token.
    tokens: HashMap<String, String>,
}

type Shared = Arc<Mutex<Accounts>>;
type Fields = HashMap<String, String>;

/// The routes of a new GitHub without users.
pub fn router() -> Router {
    Router::new()
        .route("/github/login/oauth/authorize", get(authorize))
        .route("/github/login/oauth/access_token", post(exchange_code))
        .route("/github/api/user", get(user))
        .route("/github/api/user/emails", get(emails))
        .route("/_fake/github/people/{login}", put(put_user))
        .with_state(Shared::default())
}

async fn put_user(State(accounts): State<Shared>, Path(login): Path<String>, Json(user): Json<User>) -> StatusCode {
    lock(&accounts).users.insert(login, user);
    StatusCode::NO_CONTENT
}

/// The authorisation page. With the parameter `deny` the user refuses.
async fn authorize(State(accounts): State<Shared>, Query(parameters): Query<Fields>) -> Response {
    let parameter = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    let conditions = [
        ("client_id", parameter("client_id") == CLIENT),
        ("redirect_uri", parameter("redirect_uri").ends_with(CALLBACK)),
        ("response_type", parameter("response_type") == "code"),
        ("state", parameter("state").len() >= 32),
        ("code_challenge", parameter("code_challenge").len() == 43),
        ("code_challenge_method", parameter("code_challenge_method") == "S256"),
        ("scope", SCOPES.iter().all(|scope| parameter("scope").split(' ').any(|parameter| parameter == *scope))),
        ("login", lock(&accounts).users.contains_key(parameter("login"))),
    ];
    if let Some((name, _)) = conditions.iter().find(|(_, holds)| !holds) {
        return (StatusCode::BAD_REQUEST, format!("{name} is missing or wrong")).into_response();
    }
    let outcome = if parameters.contains_key("deny") {
        ("error", "access_denied".to_owned())
    } else {
        let code = random();
        let (login, redirect_uri) = (parameter("login").to_owned(), parameter("redirect_uri").to_owned());
        let challenge = parameter("code_challenge").to_owned();
        let until_ms = now_ms() + CODE_LIFETIME_MS;
        lock(&accounts).codes.insert(code.clone(), Code { login, redirect_uri, challenge, until_ms });
        ("code", code)
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair(outcome.0, &outcome.1)
        .append_pair("state", parameter("state"))
        .finish();
    (StatusCode::FOUND, [(header::LOCATION, format!("{}?{query}", parameter("redirect_uri")))]).into_response()
}

/// Exchanges a code for an access token. A code can be used once, also when the exchange fails.
async fn exchange_code(State(accounts): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let form: Fields = form_urlencoded::parse(&body).into_owned().collect();
    let parameter = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if text(&headers, header::ACCEPT) != "application/json" {
        return (StatusCode::NOT_ACCEPTABLE, "access_token=none&scope=").into_response();
    }
    if parameter("client_id") != CLIENT || parameter("client_secret") != SECRET {
        return oauth_error("incorrect_client_credentials");
    }
    let mut accounts = lock(&accounts);
    let Some(code) = accounts.codes.remove(parameter("code")).filter(|code| now_ms() < code.until_ms) else {
        return oauth_error("bad_verification_code");
    };
    if parameter("redirect_uri") != code.redirect_uri {
        return oauth_error("redirect_uri_mismatch");
    }
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, parameter("code_verifier").as_bytes()));
    if challenge != code.challenge || parameter("code_verifier").len() < 43 {
        return oauth_error("bad_verification_code");
    }
    if accounts.fails(&code.login, "token") {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let token = format!("gho_{}", random());
    accounts.tokens.insert(token.clone(), code.login);
    Json(json!({ "access_token": token, "scope": SCOPES.join(","), "token_type": "bearer" })).into_response()
}

async fn user(State(accounts): State<Shared>, headers: HeaderMap) -> Response {
    user_response(
        &accounts,
        &headers,
        "user",
        |login, user| json!({ "id": user.id, "login": login, "name": user.name }),
    )
}

async fn emails(State(accounts): State<Shared>, headers: HeaderMap) -> Response {
    user_response(&accounts, &headers, "emails", |_, user| user.emails.clone())
}

/// An API response about the token's user.
fn user_response(
    accounts: &Shared,
    headers: &HeaderMap,
    what: &str,
    body_of: impl FnOnce(&str, &User) -> Value,
) -> Response {
    if text(headers, header::USER_AGENT).is_empty() {
        return (StatusCode::FORBIDDEN, "Request forbidden by administrative rules.").into_response();
    }
    let accounts = lock(accounts);
    let token = text(headers, header::AUTHORIZATION).strip_prefix("Bearer ").unwrap_or_default();
    let account = accounts.tokens.get(token).and_then(|login| Some((login, accounts.users.get(login)?)));
    match account {
        Some((login, _)) if accounts.fails(login, what) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some((login, user)) => Json(body_of(login, user)).into_response(),
        None => (StatusCode::UNAUTHORIZED, Json(json!({ "message": "Bad credentials" }))).into_response(),
    }
}

impl Accounts {
    fn fails(&self, login: &str, what: &str) -> bool {
        self.users.get(login).is_some_and(|user| user.failing.as_deref() == Some(what))
    }
}

fn oauth_error(error: &str) -> Response {
    Json(json!({ "error": error, "error_description": "The request is refused.", "error_uri": "https://docs.github.com" }))
        .into_response()
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn random() -> String {
    format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))
}
