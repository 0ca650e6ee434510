//! A confirmed order leaves its counters once, although its worker is killed, the order is cancelled, or DynamoDB fails in between.

use e2e::{Api, Checkout, Draft, EVENTUALLY, Order, Shop, await_until, unique_email};
use serde_json::{Value, json};

/// A guest's order of two pieces, and the keys of its counters, which count no other order.
struct CountedOrder {
    order: Order,
    holder: Api,
    network: String,
    buyer: String,
    /// The set of its pieces.
    pieces: String,
}

impl CountedOrder {
    async fn placed(shop: &Shop, card: &str) -> Self {
        let mug = shop.sells(Draft::with_stock(9)).await;
        let checkout = Checkout::of(&[(&mug.sku, 2)]).paid_with(card);
        let (order, token) = shop.from_new_ip().places(&checkout, &unique_email("guest")).await;
        let (network, buyer) = shop.rows.unpaid_counters(&order).await;
        let holder = shop.anonymous().with_order_token(&token);
        Self { order, holder, network, buyer, pieces: format!("sku:{}", mug.sku) }
    }

    /// An order that is confirmed, and whose first capture has failed. Its message waits in the payments queue, which must be stopped.
    async fn uncaptured(shop: &Shop) -> Self {
        let card = shop.provider.card_failing("/capture", "fail_before", 1).await;
        let counted = Self::placed(shop, &card).await;
        counted.holder.awaits(&counted.order, "confirmed", "authorized").await;
        counted
    }

    /// The sets of its counters that are not empty.
    async fn counts(&self, shop: &Shop) -> Vec<Value> {
        let (network, buyer) = (&self.network, &self.buyer);
        let sets = [(network, "orders"), (network, "blocks"), (network, self.pieces.as_str()), (buyer, "orders")];
        let mut counts = Vec::new();
        for (counter, set) in sets {
            counts.push(shop.rows.reads("orders", counter, "UNPAID").await[set].clone());
        }
        counts.retain(|set| !set.is_null());
        counts
    }

    async fn awaits_release(&self, shop: &Shop) {
        await_until(format_args!("the counters of {} are empty", self.order.id()), EVENTUALLY, async || {
            let counts = self.counts(shop).await;
            if counts.is_empty() { Ok(()) } else { Err(format!("{counts:?}")) }
        })
        .await;
    }

    /// The counters as they are if the worker is killed before they release the order.
    async fn restores_counts(&self, shop: &Shop) {
        let number = self.order.number();
        let (one, two) = (format!("{number}#1"), format!("{number}#2"));
        for (counter, set, members) in [
            (&self.network, "orders", json!([number])),
            (&self.network, "blocks", json!([format!("{number}/1")])),
            (&self.network, self.pieces.as_str(), json!([one, two])),
            (&self.buyer, "orders", json!([number])),
        ] {
            shop.rows.sets("orders", counter, "UNPAID", set, json!({ "SS": members })).await;
        }
        assert_eq!(self.counts(shop).await.len(), 4, "both counters should count the order");
    }

    /// Panics if the order is counted, or its row still names its counters.
    async fn expect_released(&self, shop: &Shop) {
        let counts = self.counts(shop).await;
        assert!(counts.is_empty(), "no counter should count the order: {counts:?}");
        assert_eq!(self.names(shop).await, Value::Null, "the order should name no counter");
    }

    /// The names of its counters in the row of the order; null if it has none.
    async fn names(&self, shop: &Shop) -> Value {
        shop.rows.reads("orders", &format!("ORDER#{}", self.order.id()), "ORDER").await["held"].clone()
    }
}

#[tokio::test]
async fn confirmed_order_is_released_before_its_capture_and_again_after_a_crash() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let uncaptured = shop.functions.while_stopped(shop.queues.url("payments"), async {
        let counted = CountedOrder::uncaptured(&shop).await;
        counted.awaits_release(&shop).await;
        assert!(counted.names(&shop).await.is_object(), "the order should name its counters until its capture");
        counted.restores_counts(&shop).await;
        counted
    });
    let counted = uncaptured.await;
    let order = counted.holder.awaits(&counted.order, "confirmed", "paid").await;
    counted.expect_released(&shop).await;
    shop.provider.charged_once(&order).await;
    counted.holder.folds(&order).await;
}

#[tokio::test]
async fn cancelled_order_leaves_its_counters_although_its_worker_was_killed_before() {
    let shop = Shop::open_disturbing(["payments"]).await;
    let cancelled = shop.functions.while_stopped(shop.queues.url("payments"), async {
        let counted = CountedOrder::uncaptured(&shop).await;
        counted.awaits_release(&shop).await;
        counted.restores_counts(&shop).await;
        counted.holder.cancels(&counted.order, "I changed my mind").await.expect(200);
        counted.expect_released(&shop).await;
        counted
    });
    let counted = cancelled.await;
    let order = counted.holder.awaits(&counted.order, "cancelled", "voided").await;
    shop.provider.charged_nothing(&order).await;
}

#[tokio::test]
async fn order_whose_release_failed_leaves_its_counters_when_it_is_paid() {
    let shop = Shop::open_disturbing(["payments"]).await;
    // Not the transactions, which are another operation.
    let table = &shop.stack.tables["orders"];
    let fault = json!({
        "operation": "UpdateItem", "table_contains": table, "caller_contains": "payments-worker", "kind": "internal_error",
    });
    let before = shop.proxy.injected("UpdateItem").await;
    let paid = shop.proxy.failing(&fault, async {
        let counted = CountedOrder::placed(&shop, "pm_test_delay_2000_hook_never").await;
        counted.holder.awaits(&counted.order, "confirmed", "paid").await;
        counted
    });
    let counted = paid.await;
    assert!(shop.proxy.injected("UpdateItem").await > before, "the updates should fail");
    counted.expect_released(&shop).await;
}
