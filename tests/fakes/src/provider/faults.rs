//! Faults on request: which requests, what goes wrong, how often.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What goes wrong. "Before" means that nothing happened; "after" that it happened and the answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// It happens at once; the answer comes `ms` later.
    Delay,
    /// Nothing happens; 500, which is not kept under the key.
    FailBefore,
    /// It happens; 500, which is kept under the key as Stripe keeps it.
    FailAfter,
    /// It happens; the answer does not come for `ms` (60 s), then the connection is closed.
    TimeoutAfter,
    /// It happens; the connection is closed at once.
    DropConnectionAfter,
}

/// Which requests: all that are given must fit.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Match {
    method: Option<String>,
    path_contains: Option<String>,
    /// Of the intent's metadata, or the request's.
    order_id: Option<String>,
    /// The payment method's token, of the request or of the intent.
    card: Option<String>,
}

/// A fault, as `POST /_fake/faults` takes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    #[serde(default, rename = "match")]
    which: Match,
    pub(crate) kind: Kind,
    /// Milliseconds, for `delay` (1,000 if absent) and `timeout_after` (60,000 if absent).
    ms: Option<u64>,
    /// How many requests are hit before the fault is over.
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// What a request looks like to a fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) order_id: Option<&'a str>,
    pub(crate) card: Option<&'a str>,
}

impl Match {
    fn fits(&self, target: Target<'_>) -> bool {
        self.method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(target.method))
            && self.path_contains.as_deref().is_none_or(|part| target.path.contains(part))
            && self.order_id.as_deref().is_none_or(|order| target.order_id == Some(order))
            && self.card.as_deref().is_none_or(|card| target.card == Some(card))
    }
}

impl Fault {
    /// How long the answer is held back.
    pub(crate) fn wait(&self) -> Duration {
        let unless_told = match self.kind {
            Kind::Delay => 1_000,
            Kind::TimeoutAfter => 60_000,
            _ => 0,
        };
        Duration::from_millis(self.ms.unwrap_or(unless_told))
    }
}

/// The faults to come, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The faults that are left, for a reader.
    pub(crate) fn all(&self) -> &[Fault] {
        &self.0
    }

    /// The first fault that fits, used once.
    pub(crate) fn take(&mut self, target: Target<'_>) -> Option<Fault> {
        let fault = self.0.iter_mut().find(|fault| fault.times > 0 && fault.which.fits(target))?;
        fault.times -= 1;
        let taken = fault.clone();
        self.0.retain(|fault| fault.times > 0);
        Some(taken)
    }
}
