//! Reads the world: straight from the emulator and the fakes, past souk and past the fault proxy.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{CartLine, Intent, Mail, Notice, Order, World};
use crate::emulator::Emulator;
use crate::history::History;
use crate::site::{Rules, Site};

/// What the sources say, before anybody asks whom it concerns.
#[derive(Debug, Clone, Default)]
pub struct Raw {
    /// Rows by context.
    pub tables: BTreeMap<String, Vec<Value>>,
    /// `intents`, `refunds`, `requests`.
    pub books: Value,
    /// Subjects of all mails.
    pub mails: Vec<String>,
    /// New messages of dead-letter queues.
    pub dead_letters: BTreeMap<String, (u64, Vec<String>)>,
    /// Milliseconds since 1970.
    pub read_at_ms: i64,
    /// How the shop is configured.
    pub rules: Rules,
}

/// Keys of the table and its indexes: where a row lies, not what it says.
const PLACES: [&str; 8] = ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk", "gsi3pk", "gsi3sk"];

/// Reads everything. `dead_before`: how many dead letters there were when the run began.
pub async fn read(
    http: &reqwest::Client,
    site: &Site,
    emulator: &Emulator,
    dead_before: &BTreeMap<String, u64>,
) -> Raw {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let read_at_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let mut raw = Raw { read_at_ms, rules: site.rules, ..Raw::default() };
    for (context, table) in &site.stack.tables {
        raw.tables.insert(context.clone(), emulator.scan(table).await);
    }
    raw.books = get(http, &format!("{}/_fake/books", site.stack.payment_provider_url)).await;
    let mailbox = get(http, &site.stack.mail_url).await;
    // By account; the stack has one.
    let mails = mailbox["messages"].as_object().into_iter().flat_map(|accounts| accounts.values());
    let mails = mails.filter_map(Value::as_array).flatten();
    raw.mails = mails.filter_map(|mail| mail["Subject"].as_str().map(str::to_owned)).collect();
    for (name, url) in &site.stack.dlqs {
        let depth = emulator.depth(url).await;
        let new = (depth.visible + depth.in_flight).saturating_sub(dead_before.get(name).copied().unwrap_or(0));
        if new > 0 {
            raw.dead_letters.insert(name.clone(), (new, emulator.peek(url).await));
        }
    }
    raw
}

async fn get(http: &reqwest::Client, url: &str) -> Value {
    let answer = http.get(url).send().await.unwrap_or_else(|error| panic!("{url} got no answer: {error}"));
    answer.json().await.unwrap_or_else(|error| panic!("{url} should answer JSON: {error}"))
}

impl Raw {
    /// The part of it that concerns what this history made.
    pub fn world(&self, history: &History) -> World {
        let skus = history.skus();
        let known: BTreeSet<&str> = self.rows("orders", "ORDER").filter_map(|row| row["id"].as_str()).collect();
        let ours =
            |row: &Value| array(&row["items"]).any(|item| item["sku"].as_str().is_some_and(|sku| skus.contains(sku)));
        let orders = self.orders(ours);
        let ids: BTreeSet<&str> = orders.iter().map(|order| order.id.as_str()).collect();
        let offers =
            self.rows("catalog", "OFFER").filter(|row| row["sku"].as_str().is_some_and(|sku| skus.contains(sku)));
        let movements =
            self.starting("catalog", "MOVES#").filter(|row| row["sku"].as_str().is_some_and(|sku| skus.contains(sku)));
        let payments = self.rows("payments", "PAYMENT").filter(|row| is_in(&row["orderId"], &ids));
        let payments: Vec<super::Payment> = payments.map(typed).collect();
        let payment_ids: BTreeSet<&str> = payments.iter().map(|payment| payment.id.as_str()).collect();
        let refunds = self.rows("payments", "REFUND#").filter(|row| is_in(&row["paymentId"], &payment_ids));
        let notices = self
            .starting("notifications", "EVENT#")
            .filter(|row| is_in(&row["subject"], &ids) || is_in(&row["subject"], &payment_ids));
        // An intent for an order that does not exist is ours, too, if it was made since we began.
        let intents = array(&self.books["intents"]).map(typed::<Intent>).filter(|intent| match &intent.order_id {
            Some(order) if known.contains(order.as_str()) => ids.contains(order.as_str()),
            _ => intent.history.first().is_some_and(|first| first.at_ms >= history.began_at_ms),
        });
        let intents: Vec<Intent> = intents.collect();
        let intent_ids: BTreeSet<&str> = intents.iter().map(|intent| intent.id.as_str()).collect();
        let provider_refunds = array(&self.books["refunds"]).filter(|refund| is_in(&refund["intent"], &intent_ids));
        let requests = array(&self.books["requests"]).filter(|request| is_in(&request["order_id"], &ids));
        let numbers: Vec<&str> = orders.iter().map(|order| order.number.as_str()).collect();
        let mails = self.mails.iter().filter(|subject| numbers.iter().any(|number| subject.contains(number)));
        World {
            rules: self.rules,
            read_at_ms: self.read_at_ms,
            offers: offers.map(typed::<super::Offer>).map(|offer| (offer.sku.clone(), offer)).collect(),
            movements: movements.map(typed).collect(),
            refunds: refunds.map(typed).collect(),
            carts: self.carts(),
            outboxes: self.outboxes(),
            notices: notices.map(typed::<Notice>).collect(),
            mails: mails.map(|subject| Mail { subject: subject.clone() }).collect(),
            dead_letters: self.dead_letters.clone(),
            provider_refunds: provider_refunds.map(typed).collect(),
            provider_requests: requests.map(typed).collect(),
            intents,
            payments,
            orders,
        }
    }

    /// Orders with their histories: those whose row is wanted.
    pub fn orders(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Order> {
        let mut orders: BTreeMap<&str, Order> = BTreeMap::new();
        for row in self.rows("orders", "ORDER").filter(|row| wanted(row)) {
            let mut order: Order = typed(row);
            order.row = without_places(row);
            order.in_hold_index = row["gsi3pk"].as_str().is_some_and(|key| key.starts_with("HOLD#"));
            orders.insert(row["pk"].as_str().unwrap_or_default(), order);
        }
        for row in self.tables.get("orders").into_iter().flatten() {
            let Some(order) = row["pk"].as_str().and_then(|pk| orders.get_mut(pk)) else { continue };
            match row["sk"].as_str().unwrap_or_default() {
                "ORDER#PRIVATE" => order.key = row["shippingAddress"]["line2"].as_str().map(str::to_owned),
                sk if sk.starts_with("HISTORY#") => {
                    let step = typed::<super::Step>(row);
                    order.steps.push(super::Step { row: without_places(row), ..step });
                }
                _ => {}
            }
        }
        let mut orders: Vec<Order> = orders.into_values().collect();
        for order in &mut orders {
            order.steps.sort_by_key(|step| step.version);
        }
        orders
    }

    fn carts(&self) -> BTreeMap<String, Vec<CartLine>> {
        let rows = self.starting("cart", "CART#");
        rows.map(|row| {
            let owner = row["pk"].as_str().unwrap_or_default().trim_start_matches("CART#").to_owned();
            (owner, array(&row["lines"]).map(typed).collect())
        })
        .collect()
    }

    fn outboxes(&self) -> Vec<String> {
        let contexts = self.tables.keys();
        let rows = contexts.flat_map(|context| self.starting(context, "OUTBOX#").map(move |row| (context, row)));
        rows.map(|(context, row)| format!("{context}: {}", row["event"].as_str().unwrap_or_default())).collect()
    }

    /// Rows whose sort key is, or (with a `#` at its end) begins with, that.
    fn rows<'a>(&'a self, context: &str, sk: &'a str) -> impl Iterator<Item = &'a Value> {
        let rows = self.tables.get(context).into_iter().flatten();
        rows.filter(move |row| {
            row["sk"].as_str().is_some_and(|key| key == sk || (sk.ends_with('#') && key.starts_with(sk)))
        })
    }

    /// Rows whose partition key begins with that.
    fn starting<'a>(&'a self, context: &str, pk: &'a str) -> impl Iterator<Item = &'a Value> {
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

fn typed<T: DeserializeOwned>(row: &Value) -> T {
    serde_json::from_value(row.clone()).unwrap_or_else(|error| panic!("this row is not as documented ({error}): {row}"))
}

fn without_places(row: &Value) -> Value {
    let members = row.as_object().into_iter().flatten().filter(|(name, _)| !PLACES.contains(&name.as_str()));
    Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::stage::{self, GONE, PAID};

    fn ids(world: &World) -> Vec<&str> {
        world.orders.iter().map(|order| order.id.as_str()).collect()
    }

    /// An order of another run, with its payment, intent, mail and notice.
    fn with_stranger(mut raw: Raw) -> Raw {
        let order = json!({ "pk": "ORDER#ord_x", "sk": "ORDER", "id": "ord_x", "items": [{ "sku": "POT" }] });
        let payment = json!({ "pk": "PAYMENT#pay_x", "sk": "PAYMENT", "id": "pay_x", "orderId": "ord_x" });
        let notice = json!({ "pk": "EVENT#x", "sk": "email#x", "subject": "ord_x" });
        raw.tables.get_mut("orders").expect("orders").push(order);
        raw.tables.get_mut("payments").expect("payments").push(payment);
        raw.tables.get_mut("notifications").expect("notifications").push(notice);
        raw.books["intents"].as_array_mut().expect("intents").push(intent(Some("ord_x"), stage::NEW_YEAR_MS + 5));
        raw.mails.push("Your order N-X is confirmed and paid".into());
        raw
    }

    fn intent(order: Option<&str>, at_ms: u64) -> Value {
        json!({ "id": "pi_x", "order_id": order, "charges": [], "history": [{ "at_ms": at_ms, "what": "created" }] })
    }

    #[test]
    fn what_belongs_together_is_read_together() {
        let (world, _) = stage::good();
        assert_eq!(ids(&world), [GONE, PAID]);
        let paid = world.order(PAID).expect("an order");
        assert_eq!((paid.key.as_deref(), paid.steps.len(), paid.in_hold_index), (Some("key-paid"), 4, false));
        assert!(paid.row["pk"].is_null() && paid.row["gsi1pk"].is_null() && paid.row["total"].is_object());
        assert!(paid.steps.iter().map(|step| step.version).eq(1..=4), "by version");
        assert_eq!((world.payments.len(), world.refunds.len(), world.intents.len(), world.mails.len()), (2, 1, 2, 4));
    }

    #[test]
    fn what_others_did_is_left_out() {
        let (before, history) = stage::good();
        let world = with_stranger(stage::raw()).world(&history);
        assert_eq!(format!("{world:?}"), format!("{before:?}"));
    }

    #[test]
    fn an_intent_of_an_order_that_nobody_knows_is_ours_if_it_is_new() {
        let history = stage::history();
        let seen = |order, at_ms| {
            let mut raw = stage::raw();
            raw.books["intents"].as_array_mut().expect("intents").push(intent(order, at_ms));
            raw.world(&history).intents.iter().any(|intent| intent.id == "pi_x")
        };
        assert!(seen(Some("ord_nowhere"), stage::NEW_YEAR_MS) && seen(None, stage::NEW_YEAR_MS));
        assert!(!seen(Some("ord_nowhere"), stage::NEW_YEAR_MS - 1), "it is older than this run");
    }

    #[test]
    fn a_live_hold_is_told_from_other_entries_of_its_index() {
        let held = |gsi3pk: &str| {
            let mut raw = stage::raw();
            let rows = raw.tables.get_mut("orders").expect("orders");
            rows.iter_mut().filter(|row| row["sk"] == "ORDER").for_each(|row| row["gsi3pk"] = gsi3pk.into());
            raw.world(&stage::history()).orders.iter().all(|order| order.in_hold_index)
        };
        assert!(held("HOLD#3") && !held("STATUS#confirmed#2026-01-01#3"));
    }

    #[test]
    fn events_wait_in_whatever_table_they_lie() {
        let mut raw = stage::raw();
        let row = json!({ "pk": "OUTBOX#07", "sk": "evt_1", "event": "{}" });
        raw.tables.insert("identity".into(), vec![row]);
        assert_eq!(raw.world(&stage::history()).outboxes, ["identity: {}"]);
    }
}
