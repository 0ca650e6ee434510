//! The books: every intent and refund, every request that was seen, and the sums by order that a test asks for.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::faults::Kind;
use super::intent::{Intent, Refund};
use crate::now_ms;

/// A request as it was seen.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Seen {
    pub(crate) at_ms: u64,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) order_id: Option<String>,
    pub(crate) intent_id: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    /// None until it is answered; it stays so when the connection was dropped.
    pub(crate) status: Option<u16>,
    pub(crate) replayed: bool,
    pub(crate) fault: Option<Kind>,
}

/// How often each thing happened for one order, and the money (minor units).
#[derive(Debug, Default, Serialize)]
struct Tally {
    intents: u32,
    confirmed: u32,
    authorised: u32,
    declined: u32,
    captured: u32,
    voided: u32,
    refunded: u32,
    cancelled: u32,
    authorised_amount: u64,
    captured_amount: u64,
    voided_amount: u64,
    refunded_amount: u64,
}

impl Tally {
    fn add(&mut self, intent: &Intent) {
        self.intents += 1;
        for line in &intent.history {
            let amount = line.amount.unwrap_or_default();
            let (count, sum) = match line.what {
                "confirmed" => (&mut self.confirmed, None),
                "declined" => (&mut self.declined, None),
                "cancelled" => (&mut self.cancelled, None),
                "authorised" => (&mut self.authorised, Some(&mut self.authorised_amount)),
                "captured" => (&mut self.captured, Some(&mut self.captured_amount)),
                "voided" => (&mut self.voided, Some(&mut self.voided_amount)),
                "refunded" => (&mut self.refunded, Some(&mut self.refunded_amount)),
                _ => continue,
            };
            *count += 1;
            if let Some(sum) = sum {
                *sum += amount;
            }
        }
    }
}

/// Everything that happened.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) intents: BTreeMap<String, Intent>,
    pub(crate) refunds: BTreeMap<String, Refund>,
    seen: Vec<Seen>,
}

impl Books {
    /// Writes a request down; the number is for [`Books::line`].
    pub(crate) fn open_line(&mut self, method: &str, path: &str, idempotency_key: Option<&str>) -> usize {
        self.seen.push(Seen {
            at_ms: now_ms(),
            method: method.to_owned(),
            path: path.to_owned(),
            order_id: None,
            intent_id: None,
            idempotency_key: idempotency_key.map(str::to_owned),
            status: None,
            replayed: false,
            fault: None,
        });
        self.seen.len() - 1
    }

    /// A request that was written down.
    pub(crate) fn line(&mut self, number: usize) -> &mut Seen {
        &mut self.seen[number]
    }

    /// The whole, or what concerns one order.
    pub(crate) fn read(&self, order_id: Option<&str>) -> Value {
        let fits = |order: Option<&str>| order_id.is_none() || order == order_id;
        let mut orders = BTreeMap::<&str, Tally>::new();
        for intent in self.intents.values().filter(|intent| fits(intent.order_id())) {
            orders.entry(intent.order_id().unwrap_or("none")).or_default().add(intent);
        }
        let order_of = |refund: &Refund| self.intents.get(&refund.intent).and_then(Intent::order_id);
        json!({
            "intents": self.intents.values().filter(|intent| fits(intent.order_id())).map(entry).collect::<Vec<_>>(),
            "refunds": self.refunds.values().filter(|refund| fits(order_of(refund))).collect::<Vec<_>>(),
            "orders": orders,
            "requests": self.seen.iter().filter(|seen| fits(seen.order_id.as_deref())).collect::<Vec<_>>(),
        })
    }
}

fn entry(intent: &Intent) -> Value {
    json!({
        "id": intent.id,
        "order_id": intent.order_id(),
        "amount": intent.draft.amount,
        "currency": intent.draft.currency,
        "capture_method": intent.draft.capture_method,
        "status": intent.status,
        "metadata": intent.draft.metadata,
        "charges": intent.charges,
        "history": intent.history,
    })
}
