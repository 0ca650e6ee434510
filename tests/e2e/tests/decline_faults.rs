//! A card tester who does not wait until the order knows of a decline.

use e2e::{Checkout, Draft, EVENTUALLY, Shop, await_until, unique_email};
use serde_json::{Value, json};

const DECLINED: &str = "pm_card_chargeDeclined";

async fn declines(shop: &Shop, counter: &str) -> Value {
    shop.rows.reads("orders", counter, "UNPAID").await["declines"]["N"].clone()
}

#[tokio::test]
async fn decline_that_the_order_has_not_heard_of_is_counted() {
    let shop = Shop::open_disturbing(["orders"]).await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let checkout = Checkout::of(&[(&mug.sku, 1)]).paid_with(DECLINED);
    // A card tester does not wait for the worker that tells the order of a decline.
    let in_between = shop.functions.while_stopped(shop.queues.url("orders"), async {
        let (order, token) = shop.from_new_ip().places(&checkout, &unique_email("guest")).await;
        let (network, buyer) = shop.rows.unpaid_counters(&order).await;
        let holder = shop.anonymous().with_order_token(&token);
        holder.awaits_payment(&order, "failed").await;
        holder.pays(&order, DECLINED).await.expect_success();
        assert_eq!((declines(&shop, &network).await, declines(&shop, &buyer).await), (json!("1"), json!("1")));
        holder.awaits_payment(&order, "failed").await;
        (network, buyer)
    });
    let (network, buyer) = in_between.await;
    // The late events of both declines count the second one, and the first one not again.
    await_until("the second decline is counted", EVENTUALLY, async || {
        let counted = (declines(&shop, &network).await, declines(&shop, &buyer).await);
        if counted == (json!("2"), json!("2")) { Ok(()) } else { Err(format!("{counted:?}")) }
    })
    .await;
}
