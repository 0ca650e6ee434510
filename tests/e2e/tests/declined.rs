//! A declined card: the order waits for another card until its hold ends.

use e2e::{Checkout, Draft, Shop};

const DECLINED: &str = "pm_card_chargeDeclined";
const GOOD: &str = "pm_card_visa";

#[tokio::test]
async fn declined_card_leaves_order_pending_and_another_pays() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(4)).await;
    let customer = shop.new_customer().await;
    customer.adds(&mug.sku, 1).await;
    let order = customer.places(&Checkout::of_cart().paid_with(DECLINED)).await;

    let order = customer.awaits(&order, "pending", "failed").await;
    let payment = customer.looks_up_payment(&order).await;
    assert_eq!(
        (payment["status"].as_str(), payment["failure"]["code"].as_str()),
        (Some("failed"), Some("card_declined"))
    );
    shop.provider.charged_nothing(&order).await;

    customer.pays(&order, GOOD).await.expect_success();
    let order = customer.awaits(&order, "confirmed", "paid").await;
    let tally = shop.provider.tally(&order).await;
    assert_eq!((tally.declined, tally.captured), (1, 1));
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(&mug, 3).await;
    customer.pays(&order, GOOD).await.expect_problem(409, "illegal_transition");
    shop.mailbox.awaits(&customer.email, &[order.number(), "declined"]).await;
}

#[tokio::test]
async fn unpaid_order_is_cancelled_after_its_hold() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(4)).await;
    let customer = shop.new_customer().await;
    let order = customer.places(&Checkout::of(&[(&mug.sku, 3)]).paid_with(DECLINED)).await;
    shop.awaits_stock(&mug, 1).await;

    let order = customer.awaits_status(&order, "cancelled").await;
    shop.awaits_stock(&mug, 4).await;
    customer.pays(&order, GOOD).await.expect_refusal(409);
    shop.provider.charged_nothing(&order).await;
    // The last units are for sale: another customer buys all four.
    let other = shop.new_customer().await;
    let bought = other.places(&Checkout::of(&[(&mug.sku, 4)])).await;
    other.awaits(&bought, "confirmed", "paid").await;
    shop.awaits_stock(&mug, 0).await;
    assert_eq!(customer.looks_up(&order).await.status(), "cancelled");
}

#[tokio::test]
async fn insufficient_funds_are_reported() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let customer = shop.new_customer().await;
    let checkout = Checkout::of(&[(&mug.sku, 1)]).paid_with("pm_card_chargeDeclinedInsufficientFunds");
    let order = customer.places(&checkout).await;
    customer.awaits(&order, "pending", "failed").await;
    shop.mailbox.awaits(&customer.email, &[order.number(), "insufficient funds"]).await;
}
