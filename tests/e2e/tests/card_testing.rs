//! Stolen cards are not tested here: attempts and declines are limited, and guests are told that a card was declined, and nothing
//! finer. The numbers are those of the test stack (profiles.py).

use e2e::{Api, Checkout, Draft, Order, Shop, unique, unique_email};
use serde_json::{Value, json};

/// `DeclinesPerAccount`.
const DECLINES_PER_ACCOUNT: u32 = 1000;
/// `DeclinesPerNetwork`.
const DECLINES_PER_NETWORK: u32 = 100_000;
const ATTEMPTS_PER_ORDER: usize = 5;

const DECLINED: &str = "pm_card_chargeDeclined";
const NO_FUNDS: &str = "pm_card_chargeDeclinedInsufficientFunds";
const GOOD: &str = "pm_card_visa";
const ASKS_QUIETLY: &str = "pm_card_authenticationRequired_hook_never";

/// A guest's declined order, from an IP address of its own: the order, its holder, the keys of its counters.
async fn declined_order(shop: &Shop, email: &str) -> (Order, Api, String, String) {
    let mug = shop.sells(Draft::with_stock(9)).await;
    let checkout = Checkout::of(&[(&mug.sku, 1)]).paid_with(DECLINED);
    let (order, token) = shop.from_new_ip().places(&checkout, email).await;
    let (network, buyer) = shop.rows.unpaid_counters(&order).await;
    let holder = shop.anonymous().with_order_token(&token);
    let order = holder.awaits(&order, "pending", "failed").await;
    (order, holder, network, buyer)
}

async fn declines(shop: &Shop, counter: &str) -> Value {
    shop.rows.reads("orders", counter, "UNPAID").await["declines"]["N"].clone()
}

async fn sets_declines(shop: &Shop, counter: &str, declines: u32) {
    shop.rows.sets("orders", counter, "UNPAID", "declines", json!({ "N": declines.to_string() })).await;
}

#[tokio::test]
async fn order_has_five_attempts() {
    let shop = Shop::open().await;
    let (order, holder, network, buyer) = declined_order(&shop, &unique_email("guest")).await;
    for _ in 1..ATTEMPTS_PER_ORDER {
        holder.pays(&order, DECLINED).await.expect_success();
        holder.awaits(&order, "pending", "failed").await;
    }
    holder.pays(&order, DECLINED).await.expect_problem(409, "too_many_attempts");
    for counter in [network, buyer] {
        assert_eq!(declines(&shop, &counter).await, ATTEMPTS_PER_ORDER.to_string());
    }
}

#[tokio::test]
async fn token_that_names_no_card_counts_for_nobody() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let checkout = Checkout::of(&[(&mug.sku, 1)]).paid_with("pm_names_no_card");
    let (order, token) = shop.from_new_ip().places(&checkout, &unique_email("guest")).await;
    let (network, buyer) = shop.rows.unpaid_counters(&order).await;
    let holder = shop.anonymous().with_order_token(&token);
    let order = holder.awaits(&order, "pending", "failed").await;
    for counter in [&network, &buyer] {
        assert_eq!(declines(&shop, counter).await, Value::Null, "no bank was asked");
    }
    holder.pays(&order, DECLINED).await.expect_success();
    holder.awaits(&order, "pending", "failed").await;
    for counter in [&network, &buyer] {
        assert_eq!(declines(&shop, counter).await, "1");
    }
}

#[tokio::test]
async fn too_many_declines_block_the_buyer_everywhere() {
    let shop = Shop::open().await;
    let email = unique_email("guest");
    let (order, holder, _, buyer) = declined_order(&shop, &email).await;
    sets_declines(&shop, &buyer, DECLINES_PER_ACCOUNT - 1).await;
    holder.pays(&order, DECLINED).await.expect_success();
    let order = holder.awaits(&order, "pending", "failed").await;
    let refused = holder.pays(&order, GOOD).await;
    let wait = refused.expect_header("retry-after").parse::<u32>();
    assert!(matches!(wait, Ok(1..=3600)), "{wait:?}");
    refused.expect_problem(429, "payment_blocked");
    let mug = shop.sells(Draft::with_stock(9)).await;
    let checkout = || Checkout::of(&[(&mug.sku, 1)]).paid_with(GOOD);
    let elsewhere = shop.from_new_ip();
    elsewhere.tries_to_place(&checkout(), &email).await.expect_problem(429, "payment_blocked");
    elsewhere.places(&checkout(), &unique_email("guest")).await;
}

#[tokio::test]
async fn too_many_declines_block_the_network_for_everybody() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let home = shop.from_new_ip();
    let order_with = |card: &str| Checkout::of(&[(&mug.sku, 1)]).paid_with(card);
    let (order, token) = home.places(&order_with(DECLINED), &unique_email("guest")).await;
    shop.anonymous().with_order_token(&token).awaits(&order, "pending", "failed").await;
    let (network, _) = shop.rows.unpaid_counters(&order).await;
    sets_declines(&shop, &network, DECLINES_PER_NETWORK).await;
    let refused = home.tries_to_place(&order_with(GOOD), &unique_email("guest")).await;
    refused.expect_problem(429, "payment_blocked");
    // An hour after the first decline they are forgotten.
    let since = shop.rows.reads("orders", &network, "UNPAID").await["declinesSince"]["N"].clone();
    let since: i64 = since.as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
    let hour_ago = json!({ "N": (since - 3601).to_string() });
    shop.rows.sets("orders", &network, "UNPAID", "declinesSince", hour_ago).await;
    home.places(&order_with(GOOD), &unique_email("guest")).await;
}

#[tokio::test]
async fn guest_reads_that_the_card_was_declined_and_nothing_finer() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let guest = shop.new_guest();
    let (order, token) = guest.places(&Checkout::of(&[(&mug.sku, 1)]).paid_with(NO_FUNDS)).await;
    let holder = shop.anonymous().with_order_token(&token);
    holder.awaits(&order, "pending", "failed").await;
    let payment = holder.reads_payment(&order).await.expect(200).json();
    let listed = holder.get(&format!("/api/v1/payments?orderId={}", order.id())).await.expect(200).json();
    // Nor with an account: anyone can make one.
    let customer = shop.new_customer().await.api.with_order_token(&token);
    let with_account = customer.reads_payment(&order).await.expect(200).json();
    for shown in [&payment, &listed["data"][0], &with_account] {
        assert_eq!(shown["failure"]["code"], "declined", "{shown}");
        assert!(!shown.to_string().contains("funds"), "{shown}");
    }
    let mail = shop.mailbox.awaits(&guest.email, &[order.number(), "declined"]).await;
    assert!(!mail.mentions("funds"), "{mail:?}");
    // The shop needs the reason.
    let seen = shop.admin().await.reads_payment(&order).await.expect(200).json();
    assert_eq!(seen["failure"]["message"], "Your card has insufficient funds.", "{seen}");
}

#[tokio::test]
async fn repeated_confirmations_wake_the_worker_once() {
    let shop = Shop::open().await;
    let (customer, order, _mug) = e2e::scenarios::order_with(&shop, ASKS_QUIETLY).await;
    customer.api.awaits_payment(&order, "requires_action").await;
    for _ in 0..10 {
        customer.api.confirms(&order).await.expect(202);
    }
    customer.cancels(&order, "I have no phone with me").await.expect(200);
    customer.awaits(&order, "cancelled", "voided").await;
    let books = shop.provider.books(&order).await;
    let requests = books["requests"].as_array().into_iter().flatten();
    let checks = requests.filter(|request| request["method"] == "GET").count();
    // One more may be reconciliation's.
    assert!(checks <= 2, "ten confirmations should check the payment once: {books:#}");
}

/// `DeclinesPerCard`.
const DECLINES_PER_CARD: u32 = 5;

#[tokio::test]
async fn card_with_too_many_declines_is_not_tried_again() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(9)).await;
    let card = unique("pm_test_declined_");
    // Other buyers, at other networks: only the card is the same.
    let buys = async || {
        let checkout = Checkout::of(&[(&mug.sku, 1)]).paid_with(&card);
        let (order, token) = shop.from_new_ip().places(&checkout, &unique_email("guest")).await;
        let holder = shop.anonymous().with_order_token(&token);
        holder.awaits(&order, "pending", "failed").await;
        (order, holder)
    };
    for _ in 0..DECLINES_PER_CARD {
        let (order, _) = buys().await;
        assert_eq!(shop.provider.tally(&order).await.declined, 1);
    }
    let (order, holder) = buys().await;
    let tally = shop.provider.tally(&order).await;
    assert_eq!((tally.intents, tally.declined), (1, 0), "the bank should not be asked: {tally:?}");
    let payment = holder.reads_payment(&order).await.expect(200).json();
    assert_eq!(payment["failure"]["code"], "declined", "{payment}");
    let seen = shop.admin().await.reads_payment(&order).await.expect(200).json();
    assert_eq!(seen["failure"]["code"], "payment_blocked", "{seen}");
    // Another card pays.
    holder.pays(&order, GOOD).await.expect_success();
    holder.awaits(&order, "confirmed", "paid").await;
}
