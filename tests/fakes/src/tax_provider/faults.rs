//! Faults on request: which messages fail, and how.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

/// A kind of fault. The message has its effect, except with the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// The connection is closed.
    Unavailable,
    /// Status 500.
    ServerError,
    /// The connection is closed without an answer.
    LostAnswer,
    /// The answer comes late.
    Slow,
    /// Status 200 with a body that is not JSON.
    NotJson,
    /// The answer to a transaction or refund has another currency.
    WrongCurrency,
    /// The sum of a transaction or refund, or the rate of the first class, is one more than its parts.
    WrongSum,
}

/// A fault, as `POST /_fake/tax/faults` reads it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    kind: Kind,
    /// It hits messages whose body has this text, such as a postal code or the id of an order.
    contains: String,
    /// It ends after so many hits. If absent: one.
    #[serde(default = "once")]
    times: u32,
    /// Milliseconds of the kind `slow`. If absent: 3,000.
    ms: Option<u64>,
}

/// The active faults, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Kind {
    /// Makes an answer wrong.
    pub(super) fn distort(self, answer: &mut Value) {
        match self {
            Self::WrongCurrency => {
                if let Some(currency) = answer.pointer_mut("/tax/currency") {
                    *currency = if *currency == "JPY" { json!("EUR") } else { json!("JPY") };
                }
            }
            Self::WrongSum => {
                for sum in ["/tax/amount", "/classes/0/ppm"] {
                    if let Some(sum) = answer.pointer_mut(sum) {
                        *sum = json!(sum.as_i64().unwrap_or_default() + 1);
                    }
                }
            }
            _ => {}
        }
    }
}

impl Fault {
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// How late the answer is.
    pub(super) fn delay(&self) -> Duration {
        match self.kind {
            Kind::Slow => Duration::from_millis(self.ms.unwrap_or(3_000)),
            _ => Duration::ZERO,
        }
    }
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first fault that hits the message. Counts it as a hit.
    pub(super) fn next_for(&mut self, body: &[u8]) -> Option<Fault> {
        self.0.retain(|fault| fault.times > 0);
        let text = String::from_utf8_lossy(body);
        let fault = self.0.iter_mut().find(|fault| text.contains(&fault.contains))?;
        fault.times -= 1;
        Some(fault.clone())
    }
}

fn once() -> u32 {
    1
}
