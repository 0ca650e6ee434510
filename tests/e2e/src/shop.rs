//! The shop as a test meets it: its doors, its admin, and the levers of the test stack.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{Api, Functions, Mailbox, Provider, Proxy, Queues, Rows, Stack};

/// Tests run side by side; one that breaks something for everybody (kills a worker, stops a queue) runs alone.
static WORLD: RwLock<()> = RwLock::const_new(());

/// The admin's token, and when it was given: one login for all tests.
static ADMIN: Mutex<Option<(String, Instant)>> = Mutex::const_new(None);

/// An access token lives for some minutes; this is well below.
const TOKEN_IS_FRESH: Duration = Duration::from_secs(180);

/// The running shop.
#[derive(Debug)]
pub struct Shop {
    /// What `make test` said.
    pub stack: Stack,
    /// What was mailed.
    pub mailbox: Mailbox,
    /// The fake payment provider.
    pub provider: Provider,
    /// The proxy in front of DynamoDB.
    pub proxy: Proxy,
    /// SQS.
    pub queues: Queues,
    /// DynamoDB.
    pub rows: Rows,
    /// Lambda.
    pub functions: Functions,
    pub(crate) http: Client,
    _place: Place,
}

#[derive(Debug)]
#[allow(dead_code, reason = "held, never read: dropping it lets others in")]
enum Place {
    Among(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

impl Shop {
    /// For a test that leaves others alone.
    pub async fn open() -> Self {
        Self::new(Place::Among(WORLD.read().await))
    }

    /// For a test that would disturb others: it waits until all are done, and they wait for it.
    pub async fn open_alone() -> Self {
        Self::new(Place::Alone(WORLD.write().await))
    }

    fn new(place: Place) -> Self {
        let stack = Stack::read();
        // No proxy of the machine's, and an answer that takes a minute is none. Redirects are answers, too.
        let http =
            Client::builder().no_proxy().timeout(Duration::from_secs(60)).redirect(reqwest::redirect::Policy::none());
        let http = http.build().unwrap_or_else(|error| panic!("an HTTP client can be made: {error}"));
        Self {
            mailbox: Mailbox::new(&http, &stack),
            provider: Provider::new(&http, &stack),
            proxy: Proxy::new(&http, &stack),
            queues: Queues::new(&http, &stack),
            rows: Rows::new(&http, &stack),
            functions: Functions::new(&http, &stack),
            stack,
            http,
            _place: place,
        }
    }

    /// Nobody in particular.
    pub fn anyone(&self) -> Api {
        Api::anonymous(self.http.clone(), &self.stack.api_url)
    }

    /// So many minor units of the shop's currency.
    pub fn money(&self, amount: i64) -> Value {
        json!({ "amount": amount, "currency": self.stack.currency })
    }

    /// Whoever runs the shop.
    pub async fn admin(&self) -> Api {
        let mut known = ADMIN.lock().await;
        let fresh = known.as_ref().filter(|(_, given)| given.elapsed() < TOKEN_IS_FRESH);
        let token = match fresh {
            Some((token, _)) => token.clone(),
            None => {
                let login = json!({ "email": self.stack.admin.email, "password": self.stack.admin.password });
                let answer = self.anyone().post("/api/v1/auth/login", &login).await.expect(200).json();
                let token = answer["accessToken"].as_str().unwrap_or_else(|| panic!("a login gives a token: {answer}"));
                token.to_owned()
            }
        };
        if known.as_ref().is_none_or(|(held, _)| *held != token) {
            *known = Some((token.clone(), Instant::now()));
        }
        self.anyone().with_token(&token)
    }
}

/// A name that no other test, and no earlier run, has used.
pub fn unique(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{what}-{:x}-{}", since.as_micros(), COUNT.fetch_add(1, Ordering::Relaxed))
}
