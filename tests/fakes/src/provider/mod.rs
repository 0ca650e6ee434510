//! A strict fake of Stripe's PaymentIntents: form in, JSON out, errors in Stripe's envelope, idempotency keys honoured.
//! Where Stripe is lenient it refuses. Its webhooks are signed as Stripe's (`webhooks.rs`), its cards bring their own
//! trouble (`card.rs`), and `control.rs` is the part that Stripe does not have.

mod answer;
mod api;
mod books;
mod card;
mod control;
mod courier;
mod faults;
mod form;
mod idempotency;
mod ids;
mod intent;
mod news;
mod refunds;
mod webhooks;
mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header, request::Parts};
use axum::response::Response;
use axum::routing::any;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use answer::{Answer, Keep, broken, key_in_use, key_mismatch, refused, unauthorised};
use api::Call;
use books::Books;
use faults::{Faults, Kind, Target};
use form::Form;
use idempotency::{Keys, Met};
use ids::Ids;
use webhooks::Webhooks;

use crate::lock;
use crate::serve::HangUp;

/// Bodies are a few hundred bytes.
const BODY_LIMIT: usize = 1 << 20;

/// All that the provider knows, behind one lock: a request is dealt with as a whole or not at all.
#[derive(Debug)]
struct World {
    books: Books,
    keys: Keys,
    faults: Faults,
    ids: Ids,
    webhooks: Arc<Webhooks>,
}

type Shared = Arc<Mutex<World>>;

/// The fake, ready to be served.
pub fn router() -> Router {
    let world = World {
        books: Books::default(),
        keys: Keys::default(),
        faults: Faults::default(),
        ids: Ids::new(),
        webhooks: Arc::new(Webhooks::new()),
    };
    let shared: Shared = Arc::new(Mutex::new(world));
    control::routes().route("/{*path}", any(stripe)).with_state(shared)
}

/// What is to be done once a request had its effect.
#[derive(Debug)]
struct Plan {
    answer: Answer,
    replayed: bool,
    wait: Duration,
    /// The answer gets lost.
    lost: bool,
    /// The key that is still held by this request.
    key: Option<String>,
}

impl From<Answer> for Plan {
    fn from(answer: Answer) -> Self {
        Self { answer, replayed: false, wait: Duration::ZERO, lost: false, key: None }
    }
}

async fn stripe(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // In a task of its own: a caller that is killed while it waits does not stop the provider's work.
    let work = tokio::spawn(async move {
        let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
        answer(&shared, &parts, &body).await
    });
    work.await.unwrap_or_else(|_| HangUp::response())
}

async fn answer(shared: &Shared, parts: &Parts, body: &Bytes) -> Response {
    let key = parts.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let (line, plan) = {
        let mut world = lock(shared);
        let line = world.books.open_line(parts.method.as_str(), parts.uri.path(), key.as_deref());
        let plan = world.deal_with(line, parts, body, key.as_deref()).unwrap_or_else(Plan::from);
        (line, plan)
    };
    tokio::time::sleep(plan.wait).await;
    let mut world = lock(shared);
    if let Some(key) = &plan.key {
        match plan.answer.keep {
            Keep::Yes => world.keys.keep(key, &plan.answer),
            Keep::No => world.keys.release(key),
        }
    }
    if plan.lost {
        return HangUp::response();
    }
    let seen = world.books.line(line);
    (seen.status, seen.replayed) = (Some(plan.answer.status), plan.replayed);
    to_response(&plan, key.as_deref(), line)
}

impl World {
    /// Everything that happens at once: who is asking, what for, has it been asked before, and the effect. `Err` is an
    /// answer too, one that is given before anything was touched.
    fn deal_with(&mut self, line: usize, parts: &Parts, body: &Bytes, key: Option<&str>) -> Result<Plan, Answer> {
        authenticate(&parts.headers)?;
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        let call = Call::parse(method, path)?;
        let form = read_form(parts, body)?;
        let key = key.filter(|_| parts.method == Method::POST);
        if key.is_some_and(|key| key.is_empty() || key.len() > 255) {
            return Err(refused("idempotency_key_invalid", None, "An idempotency key has 1 to 255 characters."));
        }

        let intent = call.intent(&form, &self.books);
        let order_id = intent
            .and_then(|intent| intent.order_id().map(str::to_owned))
            .or_else(|| form.metadata().ok()?.remove("order_id"));
        let card = form.text("payment_method").ok().flatten();
        let card = card.or_else(|| Some(intent?.draft.card.as_ref()?.token.clone()));
        let intent_id = intent.map(|intent| intent.id.clone());
        let fault = self.faults.take(Target { method, path, order_id: order_id.as_deref(), card: card.as_deref() });
        self.books.assign(line, order_id.clone(), intent_id);
        self.books.line(line).fault = fault.as_ref().map(|fault| fault.kind);
        match fault.as_ref().map(|fault| fault.kind) {
            Some(Kind::FailBefore) => return Err(broken(Keep::No)),
            Some(Kind::Unavailable) => return Ok(Plan { lost: true, ..broken(Keep::No).into() }),
            _ => {}
        }

        let met = key.map_or(Met::Nothing, |key| self.keys.begin(key, path, &form, order_id.as_deref()));
        let mut plan = match met {
            Met::AnotherRequest => return Err(key_mismatch()),
            Met::StillRunning => return Err(key_in_use()),
            Met::Answer(answer) => Plan { replayed: true, ..answer.into() },
            Met::Nothing => self.execute(line, &call, &form, &parts.headers, key),
        };
        if let Some(fault) = fault {
            plan.wait = plan.wait.max(fault.wait());
            match fault.kind {
                Kind::Delay | Kind::FailBefore | Kind::Unavailable => {}
                Kind::FailAfter => plan.answer = broken(plan.answer.keep),
                Kind::TimeoutAfter | Kind::DropConnectionAfter => {
                    plan.lost = true;
                    // The provider has finished; only the way back is broken. So its key is free to be asked again.
                    if let Some(key) = plan.key.take_if(|_| plan.answer.keep == Keep::Yes) {
                        self.keys.keep(&key, &plan.answer);
                    }
                }
            }
        }
        Ok(plan)
    }

    fn execute(&mut self, line: usize, call: &Call, form: &Form, headers: &HeaderMap, key: Option<&str>) -> Plan {
        let done = api::execute(&mut self.books, &mut self.ids, call, form, &own_address(headers));
        self.webhooks.publish(&mut self.ids, done.news);
        let created = done.answer.body["id"].as_str().filter(|id| id.starts_with("pi_")).map(str::to_owned);
        let seen = self.books.line(line);
        seen.intent_id = seen.intent_id.take().or(created);
        seen.fault = seen.fault.or(done.trouble);
        Plan { wait: done.wait, lost: done.lost, key: key.map(str::to_owned), ..done.answer.into() }
    }
}

/// As the caller called it.
fn own_address(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}")
}

/// A secret key, as a bearer token or as the user of basic authentication.
fn authenticate(headers: &HeaderMap) -> Result<(), Answer> {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(sent) = sent else { return Err(unauthorised("You did not provide an API key.")) };
    let key = match sent.split_once(' ') {
        Some(("Bearer", key)) => Some(key.to_owned()),
        Some(("Basic", pair)) => {
            let pair = STANDARD.decode(pair).ok().and_then(|pair| String::from_utf8(pair).ok());
            pair.and_then(|pair| Some(pair.split_once(':')?.0.to_owned()))
        }
        _ => None,
    };
    match key {
        Some(key) if key.len() > 3 && key.starts_with("sk_") => Ok(()),
        _ => Err(unauthorised("Invalid API Key provided.")),
    }
}

fn read_form(parts: &Parts, body: &Bytes) -> Result<Form, Answer> {
    if parts.method == Method::GET {
        return Form::parse(parts.uri.query().unwrap_or_default().as_bytes());
    }
    let media = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !body.is_empty() && !media.starts_with("application/x-www-form-urlencoded") {
        return Err(refused("parameter_invalid", None, format!("Invalid request: send a form, not {media:?}.")));
    }
    if parts.uri.query().is_some() {
        return Err(refused("parameter_invalid", None, "Parameters of a POST go into its body."));
    }
    Form::parse(body)
}

fn to_response(plan: &Plan, key: Option<&str>, line: usize) -> Response {
    let mut response = json_response(plan.answer.status, &plan.answer.body);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&format!("req_fake{line:08}")) {
        headers.insert("request-id", id);
    }
    if let Some(key) = key.and_then(|key| HeaderValue::from_str(key).ok()) {
        headers.insert("idempotency-key", key);
    }
    if plan.replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}

fn json_response(status: u16, body: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
