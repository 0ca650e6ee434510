//! The shop as a test meets it: its doors, its admin, and the levers of the test stack.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{Api, Functions, Mailbox, Provider, Proxy, Queues, Rows, Stack};

/// Tests run side by side; one that breaks something for everybody (kills a worker, stops a queue) runs alone.
static SUITE: RwLock<()> = RwLock::const_new(());

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
    _lock: SuiteLock,
}

#[derive(Debug)]
#[allow(dead_code, reason = "held, never read: dropping it lets others in")]
enum SuiteLock {
    Shared(RwLockReadGuard<'static, ()>),
    Exclusive(RwLockWriteGuard<'static, ()>),
}

impl Shop {
    /// For a test that leaves others alone.
    pub async fn open() -> Self {
        Self::new(SuiteLock::Shared(SUITE.read().await))
    }

    /// For a test that would disturb others: it waits until all are done, and they wait for it.
    pub async fn open_alone() -> Self {
        Self::new(SuiteLock::Exclusive(SUITE.write().await))
    }

    fn new(lock: SuiteLock) -> Self {
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
            _lock: lock,
        }
    }

    /// Nobody in particular.
    pub fn anonymous(&self) -> Api {
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
                let response = self.anonymous().post("/api/v1/auth/login", &login).await.expect(200).json();
                let token =
                    response["accessToken"].as_str().unwrap_or_else(|| panic!("a login gives a token: {response}"));
                token.to_owned()
            }
        };
        if known.as_ref().is_none_or(|(held, _)| *held != token) {
            *known = Some((token.clone(), Instant::now()));
        }
        self.anonymous().with_token(&token)
    }
}
