//! The shop as a test uses it: its API, its admin, and the parts of the test stack.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{Api, Functions, Mailbox, Provider, Proxy, Queues, Rows, Stack};

/// Tests run side by side. A test that disturbs others (kills a worker, pauses a queue) runs alone.
static SUITE: RwLock<()> = RwLock::const_new(());

/// The admin's token and the time of the login: one login for all tests.
static ADMIN: Mutex<Option<(String, Instant)>> = Mutex::const_new(None);

/// An access token lives for some minutes; this is well below.
const TOKEN_IS_FRESH: Duration = Duration::from_secs(180);

/// The running shop.
#[derive(Debug)]
pub struct Shop {
    /// `stack.json`.
    pub stack: Stack,
    pub mailbox: Mailbox,
    pub provider: Provider,
    pub proxy: Proxy,
    pub queues: Queues,
    pub rows: Rows,
    pub functions: Functions,
    pub(crate) http: Client,
    _lock: SuiteLock,
}

#[derive(Debug)]
#[allow(dead_code, reason = "held, never read: dropping it lets others in")]
enum SuiteLock {
    Shared(RwLockReadGuard<'static, ()>),
    Exclusive(RwLockWriteGuard<'static, ()>),
}

impl Shop {
    /// For a test that does not disturb others.
    pub async fn open() -> Self {
        Self::new(SuiteLock::Shared(SUITE.read().await))
    }

    /// For a test that disturbs others: it waits for their end, and they wait for its end.
    pub async fn open_alone() -> Self {
        Self::new(SuiteLock::Exclusive(SUITE.write().await))
    }

    fn new(lock: SuiteLock) -> Self {
        let stack = Stack::read();
        // Without the machine's proxy. A response that takes a minute is a failure. Redirects are responses, too.
        let http =
            Client::builder().no_proxy().timeout(Duration::from_secs(60)).redirect(reqwest::redirect::Policy::none());
        let http = http.build().unwrap_or_else(|error| panic!("an HTTP client should be built: {error}"));
        Self {
            mailbox: Mailbox::new(&http, &stack),
            provider: Provider::new(&http, &stack),
            proxy: Proxy::new(&http, &stack),
            queues: Queues::new(&http, &stack),
            rows: Rows::new(&http, &stack),
            functions: Functions::new(&http, &stack),
            stack,
            http,
            _lock: lock,
        }
    }

    /// A client without credentials.
    pub fn anonymous(&self) -> Api {
        Api::anonymous(self.http.clone(), &self.stack.api_url)
    }

    /// An amount of minor units in the shop's currency.
    pub fn money(&self, amount: i64) -> Value {
        json!({ "amount": amount, "currency": self.stack.currency })
    }

    /// A client with the admin's token.
    pub async fn admin(&self) -> Api {
        let mut cached = ADMIN.lock().await;
        let fresh = cached.as_ref().filter(|(_, at)| at.elapsed() < TOKEN_IS_FRESH);
        let token = match fresh {
            Some((token, _)) => token.clone(),
            None => {
                let login = json!({ "email": self.stack.admin.email, "password": self.stack.admin.password });
                let response = self.anonymous().post("/api/v1/auth/login", &login).await.expect(200).json();
                let token = response["accessToken"]
                    .as_str()
                    .unwrap_or_else(|| panic!("a login should give a token: {response}"));
                token.to_owned()
            }
        };
        if cached.as_ref().is_none_or(|(token_then, _)| *token_then != token) {
            *cached = Some((token.clone(), Instant::now()));
        }
        self.anonymous().with_token(&token)
    }
}
