//! The shop as a test uses it: its API, its admin, and the parts of the test stack.

use std::collections::BTreeSet;
use std::sync::{Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Notify, Semaphore, SemaphorePermit};

use crate::{Api, Functions, Mailbox, Provider, Proxy, Queues, Rows, Stack};

/// The number of undisturbed tests at a time. Most tests wait for the stack and need no core.
static UNDISTURBED: Semaphore = Semaphore::const_new(6);

/// The queues that running tests disturb, and the notification of a test's end.
static DISTURBED: StdMutex<BTreeSet<&str>> = StdMutex::new(BTreeSet::new());
static ENDED: Notify = Notify::const_new();

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
    _turn: Turn,
}

#[derive(Debug)]
#[allow(dead_code, reason = "held, never read: dropping it lets other tests begin")]
enum Turn {
    Undisturbed(SemaphorePermit<'static>),
    Disturbing(Disturbance),
}

/// The queues that a running test disturbs.
#[derive(Debug)]
struct Disturbance(BTreeSet<&'static str>);

impl Disturbance {
    /// Waits until no other test disturbs one of these queues. Until then it holds none of them.
    async fn of(queues: BTreeSet<&'static str>) -> Self {
        loop {
            let ended = ENDED.notified();
            if Self::begins(&queues) {
                return Self(queues);
            }
            ended.await;
        }
    }

    fn begins(queues: &BTreeSet<&'static str>) -> bool {
        let mut disturbed = disturbed();
        let is_free = disturbed.is_disjoint(queues);
        if is_free {
            disturbed.extend(queues);
        }
        is_free
    }
}

impl Drop for Disturbance {
    fn drop(&mut self) {
        disturbed().retain(|queue| !self.0.contains(queue));
        ENDED.notify_waiters();
    }
}

fn disturbed() -> MutexGuard<'static, BTreeSet<&'static str>> {
    DISTURBED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shop {
    /// For a test that does not disturb others.
    pub async fn open() -> Self {
        let permit =
            UNDISTURBED.acquire().await.unwrap_or_else(|error| panic!("the semaphore is never closed: {error}"));
        Self::new(Turn::Undisturbed(permit))
    }

    /// For a test that disturbs these queues or their workers (it kills a worker, or pauses a queue), or needs them undisturbed. Tests that
    /// name the same queue run one after the other.
    pub async fn open_disturbing<const N: usize>(queues: [&'static str; N]) -> Self {
        Self::new(Turn::Disturbing(Disturbance::of(queues.into()).await))
    }

    /// For a test that disturbs everything. Such tests have a program of their own, in which they run one after the other.
    pub async fn open_alone() -> Self {
        Self::open_disturbing(["everything"]).await
    }

    fn new(turn: Turn) -> Self {
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
            _turn: turn,
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
