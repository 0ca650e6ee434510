//! Reads the state directly from the emulator and the fakes, without souk and without the fault proxy.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::layout;
use super::rows::{Bucket, CartLine, Counter, Intent, Mail, Notification, Offer, Order, Payment, Step};
use super::state::ObservedState;
use crate::emulator::Emulator;
use crate::history::History;
use crate::test_stack::{Rules, TestStack};

/// Everything that the tables, the ledger and the mailbox hold, of all runs.
#[derive(Debug, Clone, Default)]
pub struct RawState {
    /// The rows of each table, by context.
    pub tables: BTreeMap<String, Vec<Value>>,
    /// The provider's ledger: `intents`, `refunds`, `requests`.
    pub ledger: Value,
    /// The subjects of all mails.
    pub mails: Vec<String>,
    /// The number of new messages in each dead-letter queue, with some bodies.
    pub dlq_messages: BTreeMap<String, (u64, Vec<String>)>,
    /// The time of the reading, in milliseconds since 1970.
    pub read_at_ms: i64,
    /// The shop's configuration.
    pub rules: Rules,
}

/// The key attributes of the table and its indexes. They are not part of an entity.
const KEY_ATTRIBUTES: [&str; 8] = ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk", "gsi3pk", "gsi3sk"];

/// Reads everything. `dlq_depths_before`: the numbers of messages in the dead-letter queues when the run started.
pub async fn read(
    http: &reqwest::Client,
    test_stack: &TestStack,
    emulator: &Emulator,
    dlq_depths_before: &BTreeMap<String, u64>,
) -> RawState {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let read_at_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let mut raw = RawState { read_at_ms, rules: test_stack.rules, ..RawState::default() };
    for (context, table) in &test_stack.stack.tables {
        raw.tables.insert(context.clone(), emulator.scan(table).await);
    }
    raw.ledger = get(http, &format!("{}/_fake/books", test_stack.stack.payment_provider_url)).await;
    let mailbox = get(http, &test_stack.stack.mail_url).await;
    // The mailbox lists messages by AWS account; the stack has one.
    let mails = mailbox["messages"].as_object().into_iter().flat_map(|accounts| accounts.values());
    let mails = mails.filter_map(Value::as_array).flatten();
    raw.mails = mails.filter_map(|mail| mail["Subject"].as_str().map(str::to_owned)).collect();
    for (name, url) in &test_stack.stack.dlqs {
        let depth = emulator.depth(url).await;
        let new = (depth.visible + depth.in_flight).saturating_sub(dlq_depths_before.get(name).copied().unwrap_or(0));
        if new > 0 {
            raw.dlq_messages.insert(name.clone(), (new, emulator.peek(url).await));
        }
    }
    raw
}

async fn get(http: &reqwest::Client, url: &str) -> Value {
    let answer = http.get(url).send().await.unwrap_or_else(|error| panic!("{url} got no response: {error}"));
    answer.json().await.unwrap_or_else(|error| panic!("{url} should answer JSON: {error}"))
}

impl RawState {
    /// The part that belongs to the run with this history.
    pub fn for_history(&self, history: &History) -> ObservedState {
        let skus = history.skus();
        let all_order_ids: BTreeSet<&str> = self.rows("orders", "ORDER").filter_map(|row| row["id"].as_str()).collect();
        let is_of_run =
            |row: &Value| array(&row["items"]).any(|item| item["sku"].as_str().is_some_and(|sku| skus.contains(sku)));
        let orders = self.orders(is_of_run);
        let ids: BTreeSet<&str> = orders.iter().map(|order| order.id.as_str()).collect();
        let offers =
            self.rows("catalog", "OFFER").filter(|row| row["sku"].as_str().is_some_and(|sku| skus.contains(sku)));
        let movements = self
            .rows_with_pk_prefix("catalog", "MOVES#")
            .filter(|row| row["sku"].as_str().is_some_and(|sku| skus.contains(sku)));
        let payments = self.rows("payments", "PAYMENT").filter(|row| is_in(&row["orderId"], &ids));
        let payments: Vec<Payment> = payments.map(parse_row).collect();
        let payment_ids: BTreeSet<&str> = payments.iter().map(|payment| payment.id.as_str()).collect();
        let refunds = self.rows("payments", "REFUND#").filter(|row| is_in(&row["paymentId"], &payment_ids));
        let notifications = self
            .rows_with_pk_prefix("notifications", "EVENT#")
            .filter(|row| is_in(&row["subject"], &ids) || is_in(&row["subject"], &payment_ids));
        // An intent of an order that does not exist belongs to this run if it was created after the run started.
        let intents = array(&self.ledger["intents"]).map(parse_row::<Intent>).filter(|intent| match &intent.order_id {
            Some(order) if all_order_ids.contains(order.as_str()) => ids.contains(order.as_str()),
            _ => intent.history.first().is_some_and(|first| first.at_ms >= history.began_at_ms),
        });
        let intents: Vec<Intent> = intents.collect();
        let intent_ids: BTreeSet<&str> = intents.iter().map(|intent| intent.id.as_str()).collect();
        let provider_refunds = array(&self.ledger["refunds"]).filter(|refund| is_in(&refund["intent"], &intent_ids));
        let requests = array(&self.ledger["requests"]).filter(|request| is_in(&request["order_id"], &ids));
        let numbers: Vec<&str> = orders.iter().map(|order| order.number.as_str()).collect();
        let mails = self.mails.iter().filter(|subject| numbers.iter().any(|number| subject.contains(number)));
        ObservedState {
            rules: self.rules,
            read_at_ms: self.read_at_ms,
            offers: offers.map(parse_row::<Offer>).map(|offer| (offer.sku.clone(), offer)).collect(),
            buckets: self.buckets(&skus),
            movements: movements.map(parse_row).collect(),
            refunds: refunds.map(parse_row).collect(),
            carts: self.carts(),
            counters: self.counters(),
            outboxes: self.outboxes(),
            notifications: notifications.map(parse_row::<Notification>).collect(),
            mails: mails.map(|subject| Mail { subject: subject.clone() }).collect(),
            dlq_messages: self.dlq_messages.clone(),
            provider_refunds: provider_refunds.map(parse_row).collect(),
            provider_requests: requests.map(parse_row).collect(),
            intents,
            payments,
            orders,
        }
    }

    /// The orders that match, each as one row, with their histories.
    pub fn orders(&self, is_selected: impl Fn(&Value) -> bool) -> Vec<Order> {
        let mut orders: BTreeMap<&str, Order> = BTreeMap::new();
        let placed = self.rows("orders", "ORDER#PLACED").filter_map(|row| Some((row["pk"].as_str()?, row)));
        let placed: BTreeMap<&str, &Value> = placed.collect();
        for row in self.rows("orders", "ORDER") {
            let placed = row["pk"].as_str().and_then(|pk| placed.get(pk)).copied();
            let head = without_keys(row);
            let whole = layout::whole(&head, placed);
            if !is_selected(&whole) {
                continue;
            }
            let mut order: Order = parse_row(&whole);
            order.row = whole;
            order.key = placed.and_then(|placed| key(&placed["personal"]));
            order.steps = layout::own_entries(&head, placed).into_iter().map(step).collect();
            order.in_hold_index = row["gsi3pk"].as_str().is_some_and(|key| key.starts_with("HOLD#"));
            orders.insert(row["pk"].as_str().unwrap_or_default(), order);
        }
        for row in self.tables.get("orders").into_iter().flatten() {
            let Some(order) = row["pk"].as_str().and_then(|pk| orders.get_mut(pk)) else { continue };
            match row["sk"].as_str().unwrap_or_default() {
                "ORDER#PRIVATE" => order.key = key(row),
                sk if sk.starts_with("HISTORY#") => order.steps.push(step(without_keys(row))),
                _ => {}
            }
        }
        let mut orders: Vec<Order> = orders.into_values().collect();
        for order in &mut orders {
            order.steps.sort_by_key(|step| step.version);
        }
        orders
    }

    fn buckets(&self, skus: &BTreeSet<String>) -> Vec<Bucket> {
        let rows = self.rows("catalog", "BUCKET").filter_map(|row| {
            let (sku, number) = row["pk"].as_str()?.strip_prefix("SKU#")?.rsplit_once('#')?;
            skus.contains(sku).then(|| Bucket {
                sku: sku.to_owned(),
                number: number
                    .parse::<usize>()
                    .unwrap_or_else(|error| panic!("{number} is no number ({error}): {row}")),
                available: row["available"].as_i64().unwrap_or(0),
                stock_version: row["stockVersion"].as_u64().unwrap_or(0),
            })
        });
        rows.collect()
    }

    fn carts(&self) -> BTreeMap<String, Vec<CartLine>> {
        let rows = self.rows_with_pk_prefix("cart", "CART#");
        rows.map(|row| {
            let owner = row["pk"].as_str().unwrap_or_default().trim_start_matches("CART#").to_owned();
            (owner, array(&row["lines"]).map(parse_row).collect())
        })
        .collect()
    }

    fn counters(&self) -> Vec<Counter> {
        let texts = |value: &Value| array(value).filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
        let rows = self.rows_with_pk_prefix("orders", "UNPAID#");
        rows.map(|row| {
            let sets = row.as_object().into_iter().flatten().filter(|(name, _)| name.starts_with("sku:"));
            Counter {
                name: row["pk"].as_str().unwrap_or_default().trim_start_matches("UNPAID#").to_owned(),
                orders: texts(&row["orders"]).into_iter().collect(),
                pieces: sets.flat_map(|(_, pieces)| texts(pieces)).collect(),
            }
        })
        .collect()
    }

    fn outboxes(&self) -> Vec<String> {
        let contexts = self.tables.keys();
        let rows =
            contexts.flat_map(|context| self.rows_with_pk_prefix(context, "OUTBOX#").map(move |row| (context, row)));
        rows.map(|(context, row)| format!("{context}: {}", row["event"].as_str().unwrap_or_default())).collect()
    }

    /// The rows with this sort key. A key that ends with `#` is a prefix.
    fn rows<'a>(&'a self, context: &str, sk: &'a str) -> impl Iterator<Item = &'a Value> {
        let rows = self.tables.get(context).into_iter().flatten();
        rows.filter(move |row| {
            row["sk"].as_str().is_some_and(|key| key == sk || (sk.ends_with('#') && key.starts_with(sk)))
        })
    }

    /// The rows whose partition key starts with `pk`.
    fn rows_with_pk_prefix<'a>(&'a self, context: &str, pk: &'a str) -> impl Iterator<Item = &'a Value> {
        let rows = self.tables.get(context).into_iter().flatten();
        rows.filter(move |row| row["pk"].as_str().is_some_and(|key| key.starts_with(pk)))
    }
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn is_in(value: &Value, ids: &BTreeSet<&str>) -> bool {
    value.as_str().is_some_and(|id| ids.contains(id))
}

fn parse_row<T: DeserializeOwned>(row: &Value) -> T {
    serde_json::from_value(row.clone())
        .unwrap_or_else(|error| panic!("this row differs from the documented format ({error}): {row}"))
}

/// The idempotency key in the personal data of an order.
fn key(personal: &Value) -> Option<String> {
    personal["shippingAddress"]["line2"].as_str().map(str::to_owned)
}

fn step(row: Value) -> Step {
    Step { row: row.clone(), ..parse_row(&row) }
}

fn without_keys(row: &Value) -> Value {
    let members = row.as_object().into_iter().flatten().filter(|(name, _)| !KEY_ATTRIBUTES.contains(&name.as_str()));
    Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect())
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
