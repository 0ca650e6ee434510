//! A bank that authorises another amount or currency than requested: souk does not rely on it, alerts the operator, and the
//! customer can pay in another way.

use e2e::Shop;
use e2e::scenarios::order_with;
use serde_json::json;

/// Where alarms are sent in the test stack.
const OPERATOR: &str = "operator@souk.local";

async fn alarms_operator_and_accepts_another_card(card: &str) {
    let shop = Shop::open().await;
    let (customer, order, mug) = order_with(&shop, card).await;
    let order = customer.awaits(&order, "pending", "failed").await;
    let payment = customer.looks_up_payment(&order).await;
    assert_eq!((&payment["status"], &payment["captured"]), (&json!("failed"), &shop.money(0)), "{payment}");
    assert_eq!(payment["failure"]["code"], "amount_mismatch", "{payment}");
    let tally = shop.provider.tally(&order).await;
    assert_eq!(
        (tally.authorised, tally.voided, tally.held_amount),
        (1, 1, 0),
        "the authorisation should be voided: {tally:?}"
    );
    shop.provider.charged_nothing(&order).await;
    let history = customer.api.folds(&order).await;
    assert!(
        history.iter().all(|entry| entry["status"] == "pending"),
        "the order should never be confirmed: {history:#?}"
    );
    shop.mailbox.awaits(OPERATOR, &["payment.mismatched", order.number(), order.payment_id()]).await;
    shop.mailbox.awaits(&customer.email, &[order.number(), "did not go through"]).await;

    customer.pays(&order, "pm_card_visa").await.expect_success();
    let order = customer.awaits(&order, "confirmed", "paid").await;
    let tally = shop.provider.tally(&order).await;
    let seen = (tally.authorised, tally.voided, tally.captured, tally.captured_amount);
    assert_eq!(seen, (2, 1, 1, order.total()), "one charge, and it is right: {tally:?}");
    shop.has_exact_stock(&mug, 2).await;
    let alarms = shop.mailbox.of(OPERATOR).await;
    let alarms = alarms.iter().filter(|mail| mail.mentions(order.number())).count();
    assert_eq!(alarms, 1, "one alarm for one mismatch");
}

#[tokio::test]
async fn authorisation_of_a_cent_more_is_refused() {
    alarms_operator_and_accepts_another_card("pm_test_amount_plus_1").await;
}

#[tokio::test]
async fn authorisation_of_a_cent_less_is_refused() {
    alarms_operator_and_accepts_another_card("pm_test_amount_minus_1").await;
}

#[tokio::test]
async fn authorisation_in_another_currency_is_refused() {
    alarms_operator_and_accepts_another_card("pm_test_currency_usd").await;
}

#[tokio::test]
async fn mismatched_order_is_cancelled_after_its_hold() {
    let shop = Shop::open().await;
    let (customer, order, mug) = order_with(&shop, "pm_test_amount_plus_1").await;
    customer.api.awaits_payment(&order, "failed").await;
    shop.reaches_end_of_hold(&order).await;
    let order = customer.awaits(&order, "cancelled", "voided").await;
    shop.provider.charged_nothing(&order).await;
    shop.has_exact_stock(&mug, 3).await;
    customer.api.folds(&order).await;
}
