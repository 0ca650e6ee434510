//! Refunds: their amounts, who may see them, and never more than was captured, however many are requested at once and whatever
//! gets lost.

use std::collections::BTreeSet;

use e2e::scenarios::{order_with, paid_order, paid_order_of};
use e2e::{Checkout, Customer, Draft, Order, Shop, decimal, unique};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

/// Well-formed, but no payment.
const NO_PAYMENT: &str = "pay_01h455vb4pex5vsknk084sn02q";

fn path(order: &Order) -> String {
    format!("/api/v1/payments/{}/refunds", order.payment_id())
}

/// A customer has paid 100.00 with that card.
async fn order_of_100_paid_with(shop: &Shop, card: &str) -> (Customer, Order) {
    let (customer, order, _) = paid_order_of(shop, Draft { price: 10_000, ..Draft::with_stock(3) }, card).await;
    (customer, order)
}

fn amounts(refunds: &[Value]) -> Vec<u64> {
    refunds.iter().filter_map(|refund| refund["amount"]["amount"].as_u64()).collect()
}

#[tokio::test]
async fn part_is_refunded_and_then_the_rest() {
    let shop = Shop::open().await;
    let (customer, order) = order_of_100_paid_with(&shop, "pm_card_visa").await;
    let admin = shop.admin().await;
    let refund = admin.refunds(&order, json!({ "amount": shop.money(2_500), "reason": "Came late" })).await;
    let refund = refund.expect(201).json();
    assert!(refund["id"].as_str().is_some_and(|id| id.starts_with("rfd_")), "{refund}");
    assert_eq!(
        (&refund["paymentId"], &refund["orderId"]),
        (&json!(order.payment_id()), &json!(order.id())),
        "{refund}"
    );
    assert_eq!((&refund["amount"], &refund["reason"]), (&shop.money(2_500), &json!("Came late")), "{refund}");

    let order = customer.awaits(&order, "confirmed", "partially_refunded").await;
    let payment = customer.looks_up_payment(&order).await;
    assert_eq!(payment["status"], "partially_refunded", "{payment}");
    assert_eq!((&payment["captured"], &payment["refunded"]), (&shop.money(10_000), &shop.money(2_500)), "{payment}");
    let part = decimal(2_500, &shop.stack.currency);
    shop.mailbox.awaits(&customer.email, &[order.number(), "refund", &part]).await;

    admin.refunds(&order, json!({})).await.expect(201);
    let order = customer.awaits(&order, "confirmed", "refunded").await;
    let refunds = admin.awaits_refunds(&order).await;
    assert_eq!(amounts(&refunds), [2_500, 7_500], "refunds should be listed oldest first: {refunds:#?}");
    assert!(refunds.iter().all(|refund| refund["status"] == "succeeded"), "{refunds:#?}");
    shop.provider.refunded_in_full(&order, 2).await;
    assert_eq!(customer.looks_up_payment(&order).await["status"], "refunded");
    let rest = decimal(7_500, &shop.stack.currency);
    shop.mailbox.awaits(&customer.email, &[order.number(), "refund", &rest]).await;
    for more in [json!({}), json!({ "amount": shop.money(1) })] {
        admin.refunds(&order, more).await.expect_problem(409, "nothing_to_refund");
    }
    customer.api.folds(&order).await;
}

#[tokio::test]
async fn whole_order_is_refunded_at_once() {
    let shop = Shop::open().await;
    let (customer, order, mug) = paid_order(&shop).await;
    shop.admin().await.refunds(&order, json!({})).await.expect(201);
    let order = customer.awaits(&order, "confirmed", "refunded").await;
    shop.provider.refunded_in_full(&order, 1).await;
    // A refund does not restock goods: a return does.
    shop.has_exact_stock(&mug, 2).await;
}

#[tokio::test]
async fn lines_are_refunded_at_their_price() {
    let shop = Shop::open().await;
    let cheap = shop.sells(Draft { price: 199, ..Draft::with_stock(9) }).await;
    let dear = shop.sells(Draft { price: 4_950, ..Draft::with_stock(9) }).await;
    let customer = shop.new_customer().await;
    let order = customer.places(&Checkout::of(&[(&cheap.sku, 3), (&dear.sku, 2)])).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    let admin = shop.admin().await;
    let lines = |lines: &[(&str, u32)]| {
        let lines: Vec<_> = lines.iter().map(|(sku, pieces)| json!({ "sku": sku, "quantity": pieces })).collect();
        json!({ "lines": lines })
    };
    let refund = admin.refunds(&order, lines(&[(&cheap.sku, 2), (&dear.sku, 1)])).await.expect(201).json();
    assert_eq!(refund["amount"], shop.money(2 * 199 + 4_950), "{refund}");
    let order = customer.awaits(&order, "confirmed", "partially_refunded").await;

    for unknown in [lines(&[("NO-SUCH-SKU", 1)]), lines(&[(&dear.sku, 3)]), lines(&[(&cheap.sku, 4)])] {
        admin.refunds(&order, unknown).await.expect_refusal(422).has_error_code("line_unknown");
    }
    admin.refunds(&order, lines(&[])).await.expect_refusal(422).names_field("lines");
    admin.refunds(&order, lines(&[(&cheap.sku, 0)])).await.expect_refusal(422).names_field("quantity");
    let both = json!({ "lines": [{ "sku": cheap.sku, "quantity": 1 }], "amount": shop.money(1) });
    admin.refunds(&order, both).await.expect_refusal(422);
    // Both of the dear ones again is more than the rest.
    admin.refunds(&order, lines(&[(&dear.sku, 2)])).await.expect_problem(409, "refund_exceeds_captured");
    assert_eq!(shop.provider.tally(&order).await.refunded_amount, 2 * 199 + 4_950);
}

#[tokio::test]
async fn invalid_refund_is_refused() {
    let shop = Shop::open().await;
    let (customer, order) = order_of_100_paid_with(&shop, "pm_card_visa").await;
    let admin = shop.admin().await;
    for amount in [0, -1, i64::MIN] {
        let response = admin.refunds(&order, json!({ "amount": shop.money(amount) })).await;
        response.expect_refusal(422).names_field("amount").has_error_code("amount_out_of_range");
    }
    let dollars = json!({ "amount": { "amount": 100, "currency": "USD" } });
    admin.refunds(&order, dollars).await.expect_refusal(422).has_error_code("currency_mismatch");
    for amount in [json!(100), json!({ "amount": 1.5, "currency": "EUR" }), json!({ "amount": 100 })] {
        admin.refunds(&order, json!({ "amount": amount })).await.expect_refusal(422);
    }
    for reason in [json!(""), json!("x".repeat(201)), json!(7)] {
        admin.refunds(&order, json!({ "reason": reason })).await.expect_refusal(422).names_field("reason");
    }
    let without = admin.post(&path(&order), &json!({})).await;
    without.expect_refusal(422).names_field("reason");
    assert_eq!(customer.api.reads_refunds(&order).await.expect(200).json()["data"], json!([]));
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn refund_above_the_captured_amount_is_refused_with_the_rest() {
    let shop = Shop::open().await;
    let (_customer, order) = order_of_100_paid_with(&shop, "pm_card_visa").await;
    let admin = shop.admin().await;
    for (ask, rest) in [(10_001, 10_000), (i64::MAX, 10_000)] {
        let response = admin.refunds(&order, json!({ "amount": shop.money(ask) })).await;
        let problem = response.expect_problem(409, "refund_exceeds_captured");
        assert_eq!(problem.errors()[0]["refundable"], shop.money(rest), "{}", problem.body);
    }
    // A pending refund counts, whether it has succeeded or not.
    admin.refunds(&order, json!({ "amount": shop.money(9_000) })).await.expect(201);
    let response = admin.refunds(&order, json!({ "amount": shop.money(1_001) })).await;
    let problem = response.expect_problem(409, "refund_exceeds_captured");
    assert_eq!(problem.errors()[0]["refundable"], shop.money(1_000), "{}", problem.body);
    admin.awaits_refunds(&order).await;
    assert_eq!(shop.provider.tally(&order).await.refunded_amount, 9_000);
}

#[tokio::test]
async fn uncaptured_payment_cannot_be_refunded() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (customer, declined, _mug) = order_with(&shop, "pm_card_chargeDeclined").await;
    customer.awaits(&declined, "pending", "failed").await;
    let card = shop.provider.card_failing("/capture", "unavailable", 1000).await;
    let (owner, reserved, _mug) = order_with(&shop, &card).await;
    owner.awaits(&reserved, "confirmed", "authorized").await;
    for order in [&declined, &reserved] {
        for part in [json!({}), json!({ "amount": shop.money(1) })] {
            admin.refunds(order, part).await.expect_problem(409, "nothing_to_refund");
        }
    }
    // Otherwise the capture would be retried until the end of the suite.
    owner.cancels(&reserved, "Enough of it").await.expect(200);
    owner.awaits(&reserved, "cancelled", "voided").await;
}

#[tokio::test]
async fn only_an_admin_refunds() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = paid_order(&shop).await;
    let stranger = shop.new_customer().await;
    for caller in [&customer.api, &stranger.api] {
        caller.refunds(&order, json!({})).await.expect_refusal(403);
        caller.captures(&order).await.expect_refusal(403);
    }
    shop.anonymous().refunds(&order, json!({})).await.expect_refusal(401);
    let admin = shop.admin().await;
    let body = json!({ "reason": "Came late" });
    for unknown in [NO_PAYMENT, "nonsense", order.id()] {
        let path = format!("/api/v1/payments/{unknown}/refunds");
        admin.post(&path, &body).await.expect_refusal(404);
        admin.get(&path).await.expect_refusal(404);
    }
    let without = admin.call(Method::POST, &path(&order)).json(&body).send().await;
    without.expect_problem(400, "idempotency_key_required");
    // Whoever may see the payment may see its refunds.
    assert_eq!(customer.api.reads_refunds(&order).await.expect(200).json()["data"], json!([]));
    stranger.api.reads_refunds(&order).await.expect_refusal(404);
    shop.anonymous().reads_refunds(&order).await.expect_refusal(401);
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn guest_reads_refunds_of_their_order() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let guest = shop.new_guest();
    let (order, token) = guest.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let holder = shop.anonymous().with_order_token(&token);
    let order = holder.awaits(&order, "confirmed", "paid").await;
    shop.admin().await.refunds(&order, json!({})).await.expect(201);
    let refunds = holder.awaits_refunds(&order).await;
    assert_eq!(amounts(&refunds), [order.total()]);
    holder.awaits(&order, "confirmed", "refunded").await;
    shop.anonymous().with_order_token("wrong").reads_refunds(&order).await.expect_refusal(404);
    let total = decimal(order.total(), &shop.stack.currency);
    shop.mailbox.awaits(&guest.email, &[order.number(), "refund", &total]).await;
}

#[tokio::test]
async fn repeated_refund_is_one_refund() {
    let shop = Shop::open().await;
    let (customer, order) = order_of_100_paid_with(&shop, "pm_card_visa").await;
    let (admin, key) = (shop.admin().await, unique("refund"));
    let send = |amount: i64| {
        let body = json!({ "amount": shop.money(amount), "reason": "Came late" });
        admin.call(Method::POST, &path(&order)).idempotency_key(&key).json(&body).send()
    };
    let responses = join_all((0..6).map(|_| send(4_000))).await;
    let responses: Vec<_> = responses.into_iter().map(|response| response.expect(201)).collect();
    assert_eq!(responses.iter().filter(|response| !response.is_replayed()).count(), 1, "one of six should succeed");
    let ids: BTreeSet<_> = responses.iter().map(|response| response.json()["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    send(5_000).await.expect_problem(422, "idempotency_mismatch");
    customer.awaits(&order, "confirmed", "partially_refunded").await;
    assert!(send(4_000).await.expect(201).is_replayed(), "the response should be stored, whatever the refund's status");
    assert_eq!(amounts(&admin.awaits_refunds(&order).await), [4_000]);
    assert_eq!(shop.provider.tally(&order).await.refunded_amount, 4_000);
}

#[tokio::test]
async fn fifty_concurrent_refunds_of_10_refund_100_in_total() {
    let shop = Shop::open().await;
    let (customer, order) = order_of_100_paid_with(&shop, "pm_card_visa").await;
    let admin = shop.admin().await;
    let ten = json!({ "amount": shop.money(1_000) });
    let responses = join_all((0..50).map(|_| admin.refunds(&order, ten.clone()))).await;
    let (accepted, refused): (Vec<_>, Vec<_>) = responses.into_iter().partition(|response| response.status == 201);
    assert_eq!(accepted.len(), 10, "ten refunds of ten should be accepted");
    for response in refused {
        // `nothing_to_refund` once all refunds have succeeded.
        let problem = response.expect_refusal(409);
        assert!(["refund_exceeds_captured", "nothing_to_refund"].contains(&problem.code()), "{}", problem.body);
    }
    let refunds = admin.awaits_refunds(&order).await;
    assert!(refunds.iter().all(|refund| refund["status"] == "succeeded"), "{refunds:#?}");
    assert_eq!(amounts(&refunds), [1_000; 10]);
    let order = customer.awaits(&order, "confirmed", "refunded").await;
    shop.provider.refunded_in_full(&order, 10).await;
    let payment = customer.looks_up_payment(&order).await;
    assert_eq!((&payment["status"], &payment["refunded"]), (&json!("refunded"), &shop.money(10_000)), "{payment}");
    customer.api.folds(&order).await;
}

/// A refund with that card is made once, despite the fault.
async fn refunds_once(card: &str, fault: &str, times: usize) {
    let shop = Shop::open().await;
    let (customer, order) = order_of_100_paid_with(&shop, card).await;
    let admin = shop.admin().await;
    admin.refunds(&order, json!({ "amount": shop.money(4_000) })).await.expect(201);
    let refunds = admin.awaits_refunds(&order).await;
    assert_eq!((amounts(&refunds), &refunds[0]["status"]), (vec![4_000], &json!("succeeded")), "{refunds:#?}");
    customer.awaits(&order, "confirmed", "partially_refunded").await;
    let tally = shop.provider.tally(&order).await;
    assert_eq!((tally.refunded, tally.refunded_amount), (1, 4_000), "{tally:?}");
    let books = shop.provider.books(&order).await;
    let met = books["requests"].as_array().into_iter().flatten().filter(|request| request["fault"] == fault);
    assert_eq!(met.count(), times, "the fault should occur: {books:#}");
}

#[tokio::test]
async fn refund_with_lost_response_is_not_repeated() {
    refunds_once("pm_test_refund_lost_1", "drop_connection_after", 1).await;
}

#[tokio::test]
async fn refund_failing_before_its_effect_is_retried() {
    refunds_once("pm_test_refund_fails_2", "fail_before", 2).await;
}

#[tokio::test]
async fn refund_refused_by_the_provider_fails_and_can_be_requested_again() {
    let shop = Shop::open().await;
    let (customer, order) = order_of_100_paid_with(&shop, "pm_test_refund_refused").await;
    let admin = shop.admin().await;
    // All of it, twice: the first refund failed and released its amount.
    for times in 1..=2 {
        admin.refunds(&order, json!({ "amount": shop.money(10_000) })).await.expect(201);
        let refunds = admin.awaits_refunds(&order).await;
        assert_eq!(refunds.len(), times, "{refunds:#?}");
        for refund in refunds {
            assert_eq!(refund["status"], "failed", "{refund}");
            assert!(refund["failure"]["code"].is_string() && refund["failure"]["message"].is_string(), "{refund}");
        }
    }
    let order = customer.looks_up(&order).await;
    assert_eq!((order.status(), order.payment_status()), ("confirmed", "paid"));
    let payment = customer.looks_up_payment(&order).await;
    assert_eq!((&payment["status"], &payment["refunded"]), (&json!("captured"), &shop.money(0)), "{payment}");
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn admin_captures_authorised_payments_only() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let card = shop.provider.card_failing("/capture", "unavailable", 4).await;
    let (customer, order, _mug) = order_with(&shop, &card).await;
    customer.awaits(&order, "confirmed", "authorized").await;
    let payment = admin.captures(&order).await.expect(202).json();
    assert_eq!(payment["id"], order.payment_id(), "{payment}");
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
    admin.captures(&order).await.expect_problem(409, "illegal_transition");

    let (waiting, declined, _mug) = order_with(&shop, "pm_card_chargeDeclined").await;
    waiting.awaits(&declined, "pending", "failed").await;
    admin.captures(&declined).await.expect_problem(409, "illegal_transition");
    shop.provider.charged_nothing(&declined).await;
}
