//! The ledger: all intents, refunds and requests, with totals by order.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::faults::Kind;
use super::intent::{Intent, Refund};
use crate::now_ms;

/// A received request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RequestRecord {
    pub(crate) at_ms: u64,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) order_id: Option<String>,
    pub(crate) intent_id: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    /// None until the request is answered, and for dropped connections.
    pub(crate) status: Option<u16>,
    pub(crate) replayed: bool,
    pub(crate) fault: Option<Kind>,
}

/// How often each event happened to an order or an intent, and the amounts in minor units. An authorised amount is held, captured
/// or voided; only captured amounts are refunded.
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
    /// The amount that is authorised now and neither captured nor voided.
    held_amount: u64,
    captured_amount: u64,
    voided_amount: u64,
    refunded_amount: u64,
}

impl Tally {
    fn add(&mut self, intent: &Intent) {
        self.intents += 1;
        self.held_amount += intent.capturable();
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

/// A part of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LedgerPart {
    /// The totals by order.
    Orders,
    Intents,
    Refunds,
    Requests,
}

/// The entries of one order: ids of intents and numbers of requests.
#[derive(Debug, Default)]
struct OrderIndex {
    intents: Vec<String>,
    requests: Vec<usize>,
}

/// All intents, refunds and requests.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) intents: BTreeMap<String, Intent>,
    pub(crate) refunds: BTreeMap<String, Refund>,
    requests: Vec<RequestRecord>,
    /// An index by order, because a test reads one order among many thousands.
    by_order: HashMap<String, OrderIndex>,
}

impl Ledger {
    /// Records a request. Returns its number for [`Ledger::request_mut`].
    pub(crate) fn record_request(&mut self, method: &str, path: &str, idempotency_key: Option<&str>) -> usize {
        self.requests.push(RequestRecord {
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
        self.requests.len() - 1
    }

    /// A recorded request.
    pub(crate) fn request_mut(&mut self, number: usize) -> &mut RequestRecord {
        &mut self.requests[number]
    }

    /// Assigns a request to an order and an intent.
    pub(crate) fn assign(&mut self, number: usize, order_id: Option<String>, intent_id: Option<String>) {
        if let Some(order) = &order_id {
            self.by_order.entry(order.clone()).or_default().requests.push(number);
        }
        let requests = self.request_mut(number);
        (requests.order_id, requests.intent_id) = (order_id, intent_id);
    }

    /// Adds an intent.
    pub(crate) fn insert_intent(&mut self, intent: Intent) {
        if let Some(order) = intent.order_id() {
            self.by_order.entry(order.to_owned()).or_default().intents.push(intent.id.clone());
        }
        self.intents.insert(intent.id.clone(), intent);
    }

    /// Reads these parts, of one order or of all.
    pub(crate) fn read(&self, order_id: Option<&str>, parts: &[LedgerPart]) -> Value {
        let empty = OrderIndex::default();
        let index = order_id.map(|order| self.by_order.get(order).unwrap_or(&empty));
        let intents: Vec<&Intent> = match index {
            Some(index) => index.intents.iter().filter_map(|id| self.intents.get(id)).collect(),
            None => self.intents.values().collect(),
        };
        let mut ledger = json!({});
        for part in parts {
            let (name, content) = match part {
                LedgerPart::Orders => ("orders", json!(tallies(&intents))),
                LedgerPart::Intents => ("intents", intents.iter().map(|intent| intent_entry(intent)).collect()),
                LedgerPart::Refunds => {
                    let ids = intents.iter().flat_map(|intent| &intent.refunds);
                    ("refunds", json!(ids.filter_map(|id| self.refunds.get(id)).collect::<Vec<_>>()))
                }
                LedgerPart::Requests => match index {
                    Some(index) => (
                        "requests",
                        json!(index.requests.iter().map(|request| &self.requests[*request]).collect::<Vec<_>>()),
                    ),
                    None => ("requests", json!(self.requests)),
                },
            };
            ledger[name] = content;
        }
        ledger
    }
}

fn tallies<'a>(intents: &[&'a Intent]) -> BTreeMap<&'a str, Tally> {
    let mut orders = BTreeMap::<&str, Tally>::new();
    for intent in intents {
        orders.entry(intent.order_id().unwrap_or("none")).or_default().add(intent);
    }
    orders
}

/// An intent as JSON. `amount` and `currency` are what the bank authorised; `asked` is what the caller requested.
fn intent_entry(intent: &Intent) -> Value {
    let mut tally = Tally::default();
    tally.add(intent);
    json!({
        "id": intent.id,
        "order_id": intent.order_id(),
        "amount": intent.amount,
        "currency": intent.currency,
        "asked": { "amount": intent.draft.amount, "currency": intent.draft.currency },
        "capture_method": intent.draft.capture_method,
        "status": intent.status,
        "metadata": intent.draft.metadata,
        "charges": intent.charges,
        "refunds": intent.refunds,
        "tally": tally,
        "history": intent.history,
    })
}

#[cfg(test)]
mod tests {
    use super::super::card::Card;
    use super::super::ids::Ids;
    use super::super::intent::{CaptureMethod, Draft};
    use super::*;

    const ALL: [LedgerPart; 4] = [LedgerPart::Orders, LedgerPart::Intents, LedgerPart::Refunds, LedgerPart::Requests];

    fn confirmed_intent(ledger: &mut Ledger, ids: &mut Ids, order: &str, token: &str) -> String {
        let draft = Draft {
            amount: 1000,
            currency: "eur".to_owned(),
            capture_method: CaptureMethod::Manual,
            card: Card::parse(token).ok(),
            metadata: BTreeMap::from([("order_id".to_owned(), order.to_owned())]),
            description: None,
            return_url: None,
        };
        let mut intent = Intent::new(draft, ids);
        intent.confirm(None, ids).expect("a confirmation");
        let id = intent.id.clone();
        ledger.insert_intent(intent);
        id
    }

    #[test]
    fn order_index_equals_the_filtered_ledger() {
        let (mut ledger, mut ids) = (Ledger::default(), Ids::new());
        let first = confirmed_intent(&mut ledger, &mut ids, "ord_1", "pm_card_visa");
        let other = confirmed_intent(&mut ledger, &mut ids, "ord_2", "pm_test_amount_plus_1");
        for (id, order) in [(&first, "ord_1"), (&other, "ord_2"), (&first, "ord_1")] {
            let request = ledger.record_request("GET", "/v1/x", None);
            ledger.assign(request, Some(order.to_owned()), Some(id.clone()));
        }
        let (all, index) = (ledger.read(None, &ALL), ledger.read(Some("ord_1"), &ALL));
        assert_eq!(index["orders"], json!({ "ord_1": all["orders"]["ord_1"] }));
        assert_eq!(index["intents"], json!([all["intents"][0]]));
        assert_eq!(index["requests"], json!([all["requests"][0], all["requests"][2]]));
        assert_eq!(all["orders"].as_object().map(serde_json::Map::len), Some(2));
        assert_eq!(
            ledger.read(Some("ord_3"), &ALL),
            json!({ "orders": {}, "intents": [], "refunds": [], "requests": [] })
        );
        assert_eq!(ledger.read(None, &[LedgerPart::Orders]), json!({ "orders": all["orders"] }));
    }

    #[test]
    fn amount_is_held_until_it_is_captured_or_voided() {
        let (mut ledger, mut ids) = (Ledger::default(), Ids::new());
        let id = confirmed_intent(&mut ledger, &mut ids, "ord_1", "pm_test_amount_plus_1");
        let sums = |ledger: &Ledger| {
            let entry = &ledger.read(None, &ALL)["intents"][0];
            let tally = &entry["tally"];
            assert_eq!(tally, &ledger.read(None, &ALL)["orders"]["ord_1"]);
            assert_eq!((&entry["amount"], &entry["asked"]["amount"]), (&json!(1001), &json!(1000)));
            ["authorised", "held", "captured", "voided", "refunded"]
                .map(|what| tally[format!("{what}_amount")].as_u64().expect("an amount"))
        };
        assert_eq!(sums(&ledger), [1001, 1001, 0, 0, 0]);
        let intent = ledger.intents.get_mut(&id).expect("the intent");
        intent.capture(Some(700)).expect("a capture");
        assert_eq!(sums(&ledger), [1001, 0, 700, 301, 0]);
        let intent = ledger.intents.get_mut(&id).expect("the intent");
        intent.refund(Some(200)).expect("a refund");
        assert_eq!(sums(&ledger), [1001, 0, 700, 301, 200]);
    }
}
