//! Faults on request: which requests fail, how, and how often.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A kind of fault. "Before" means without an effect; "after" means that the effect happened and the response is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The effect happens immediately; the response comes `ms` milliseconds later.
    Delay,
    /// No effect; a 500 that is not stored under the idempotency key.
    FailBefore,
    /// The effect happens; a 500 that is stored under the idempotency key, as Stripe does.
    FailAfter,
    /// The effect happens; the connection is closed after `ms` milliseconds (60,000 if absent) without a response.
    TimeoutAfter,
    /// The effect happens; the connection is closed immediately.
    DropConnectionAfter,
    /// No effect; the connection is closed immediately, as if there were no provider.
    Unavailable,
}

/// Which requests a fault hits. All given members must match.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestMatcher {
    method: Option<String>,
    path_contains: Option<String>,
    /// The order in the metadata of the intent or the request.
    order_id: Option<String>,
    /// The token of the payment method, in the request or the intent.
    card: Option<String>,
}

/// A fault, as `POST /_fake/faults` reads it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    #[serde(default, rename = "match")]
    matcher: RequestMatcher,
    pub(crate) kind: Kind,
    /// Milliseconds, for `delay` (1,000 if absent) and `timeout_after` (60,000 if absent).
    ms: Option<u64>,
    /// The fault ends after this many hits. If absent: one hit, or no limit with `for_ms`.
    times: Option<u32>,
    /// The fault ends this many milliseconds after it was added.
    for_ms: Option<u64>,
    #[serde(skip, default = "Instant::now")]
    posted: Instant,
}

/// The properties of a request that a fault can match.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) order_id: Option<&'a str>,
    pub(crate) card: Option<&'a str>,
}

impl RequestMatcher {
    fn fits(&self, target: Target<'_>) -> bool {
        self.method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(target.method))
            && self.path_contains.as_deref().is_none_or(|part| target.path.contains(part))
            && self.order_id.as_deref().is_none_or(|order| target.order_id == Some(order))
            && self.card.as_deref().is_none_or(|card| target.card == Some(card))
    }
}

impl Fault {
    fn is_over(&self) -> bool {
        self.times == Some(0) || self.for_ms.is_some_and(|ms| self.posted.elapsed() >= Duration::from_millis(ms))
    }

    /// How long the response is delayed.
    pub(crate) fn delay(&self) -> Duration {
        let default_ms = match self.kind {
            Kind::Delay => 1_000,
            Kind::TimeoutAfter => 60_000,
            _ => 0,
        };
        Duration::from_millis(self.ms.unwrap_or(default_ms))
    }
}

/// The active faults, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// Adds a fault. Returns it with its defaults.
    pub(crate) fn add(&mut self, mut fault: Fault) -> Fault {
        fault.times = fault.times.or(if fault.for_ms.is_none() { Some(1) } else { None });
        self.0.push(fault.clone());
        fault
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The active faults.
    pub(crate) fn active(&mut self) -> &[Fault] {
        self.0.retain(|fault| !fault.is_over());
        &self.0
    }

    /// The first fault that matches. Counts it as a hit.
    pub(crate) fn next_for(&mut self, target: Target<'_>) -> Option<Fault> {
        self.0.retain(|fault| !fault.is_over());
        let fault = self.0.iter_mut().find(|fault| fault.matcher.fits(target))?;
        let next = fault.clone();
        fault.times = fault.times.map(|left| left - 1);
        self.0.retain(|fault| !fault.is_over());
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn faults(fault: Value) -> Faults {
        let mut faults = Faults::default();
        faults.add(serde_json::from_value(fault).expect("a fault"));
        faults
    }

    fn is_hit(faults: &mut Faults, path: &str) -> bool {
        faults.next_for(Target { method: "POST", path, order_id: Some("ord_1"), card: None }).is_some()
    }

    #[test]
    fn fault_hits_once_without_a_number() {
        let mut once = faults(json!({ "kind": "fail_before", "match": { "path_contains": "/refunds" } }));
        assert!(!is_hit(&mut once, "/v1/payment_intents"));
        assert!(is_hit(&mut once, "/v1/refunds"));
        assert!(!is_hit(&mut once, "/v1/refunds"));
        assert!(once.active().is_empty());
        let mut twice = faults(json!({ "kind": "fail_before", "times": 2, "for_ms": 60_000 }));
        assert_eq!([is_hit(&mut twice, "/"), is_hit(&mut twice, "/"), is_hit(&mut twice, "/")], [true, true, false]);
    }

    #[test]
    fn fault_with_a_duration_hits_all_requests_until_it_ends() {
        let mut faults = faults(json!({ "kind": "unavailable", "for_ms": 100 }));
        assert!((0..50).all(|_| is_hit(&mut faults, "/")));
        std::thread::sleep(Duration::from_millis(110));
        assert!(!is_hit(&mut faults, "/"));
        assert!(faults.active().is_empty());
    }
}
