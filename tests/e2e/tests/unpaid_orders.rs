//! Nobody keeps the stock from others without paying: unpaid orders and pieces are limited for each buyer and each network. The numbers
//! are those of the test stack (profiles.py). Tests fill a counter up to its limit, because thousands of orders would take long.

use e2e::{Checkout, Draft, EVENTUALLY, IpCaller, Order, Product, Response, Shop, await_until, unique_email};
use futures::future::join_all;
use serde_json::{Value, json};

/// `UnpaidOrdersPerAccount`.
const ORDERS_PER_ACCOUNT: usize = 200;
/// `UnpaidOrdersPerNetwork`.
const ORDERS_PER_NETWORK: usize = 2000;
/// `UnpaidPiecesPerNetwork`.
const PIECES_PER_NETWORK: usize = 5000;

/// The bank asks for authentication, so the order stays unpaid until its hold ends.
const UNPAID: &str = "pm_card_authenticationRequired_hook_never";
const GOOD: &str = "pm_card_visa";
const DECLINED: &str = "pm_card_chargeDeclined";

fn checkout_of(product: &Product, pieces: u32) -> Checkout {
    Checkout::of(&[(&product.sku, pieces)]).paid_with(UNPAID)
}

/// The members of a set of a counter.
async fn members(shop: &Shop, counter: &str, set: &str) -> Vec<String> {
    let row = shop.rows.reads("orders", counter, "UNPAID").await;
    let members = row[set]["SS"].as_array().into_iter().flatten();
    members.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Adds members to a set of a counter until it has so many.
async fn fills(shop: &Shop, counter: &str, set: &str, count: usize) {
    let mut all = members(shop, counter, set).await;
    let more = count.saturating_sub(all.len());
    all.extend((0..more).map(|at| format!("full-{at}")));
    shop.rows.sets("orders", counter, "UNPAID", set, json!({ "SS": all })).await;
}

/// Panics unless exactly so many orders were placed and the others were refused as too many.
fn expect_placed(responses: Vec<Response>, placed: usize) -> Vec<Order> {
    let (orders, refused): (Vec<_>, Vec<_>) = responses.into_iter().partition(|response| response.status == 201);
    for response in refused {
        response.expect_problem(409, "too_many_open_orders");
    }
    assert_eq!(orders.len(), placed, "the limit should hold for requests at the same moment");
    orders.iter().map(|order| Order(order.json())).collect()
}

#[tokio::test]
async fn ten_orders_at_once_do_not_pass_the_limit_of_an_account() {
    let shop = Shop::open().await;
    let (mug, customer) = (shop.sells(Draft::with_stock(30)).await, shop.new_customer().await);
    let first = customer.places(&checkout_of(&mug, 1)).await;
    let (_, buyer) = shop.rows.unpaid_counters(&first).await;
    fills(&shop, &buyer, "orders", ORDERS_PER_ACCOUNT - 3).await;
    let checkouts: Vec<_> = (0..10).map(|_| checkout_of(&mug, 1)).collect();
    let responses = join_all(checkouts.iter().map(|checkout| customer.tries_to_place(checkout))).await;
    let orders = expect_placed(responses, 3);
    assert_eq!(members(&shop, &buyer, "orders").await.len(), ORDERS_PER_ACCOUNT);
    // A refused order holds nothing, and another account is not limited.
    shop.has_exact_stock(&mug, 26).await;
    shop.new_customer().await.places(&checkout_of(&mug, 1)).await;
    // A cancelled order makes room for one.
    customer.cancels(&orders[0], "I need room").await.expect(200);
    customer.places(&checkout_of(&mug, 1)).await;
    customer.tries_to_place(&checkout_of(&mug, 1)).await.expect_problem(409, "too_many_open_orders");
}

#[tokio::test]
async fn guests_of_a_network_share_its_limit() {
    let shop = Shop::open().await;
    let (mug, home) = (shop.sells(Draft::with_stock(30)).await, shop.from_new_ip());
    let (first, _) = home.places(&checkout_of(&mug, 1), &unique_email("guest")).await;
    let (network, _) = shop.rows.unpaid_counters(&first).await;
    fills(&shop, &network, "orders", ORDERS_PER_NETWORK - 2).await;
    let next_door = shop.from(&home.source().replace("::1", "::beef"));
    let attempts: Vec<(&IpCaller, Checkout, String)> = (0..10)
        .map(|at| (if at % 2 == 0 { &home } else { &next_door }, checkout_of(&mug, 1), unique_email("guest")))
        .collect();
    let responses = join_all(attempts.iter().map(|(from, checkout, email)| from.tries_to_place(checkout, email))).await;
    expect_placed(responses, 2);
    shop.from_new_ip().places(&checkout_of(&mug, 1), &unique_email("guest")).await;
}

#[tokio::test]
async fn email_of_a_guest_is_limited_wherever_it_orders_from() {
    let shop = Shop::open().await;
    let (mug, email) = (shop.sells(Draft::with_stock(30)).await, unique_email("guest"));
    let (first, _) = shop.from_new_ip().places(&checkout_of(&mug, 1), &email).await;
    let (_, buyer) = shop.rows.unpaid_counters(&first).await;
    fills(&shop, &buyer, "orders", ORDERS_PER_ACCOUNT).await;
    let elsewhere = shop.from_new_ip();
    elsewhere.tries_to_place(&checkout_of(&mug, 1), &email).await.expect_problem(409, "too_many_open_orders");
    elsewhere.places(&checkout_of(&mug, 1), &unique_email("guest")).await;
}

#[tokio::test]
async fn pieces_of_a_sku_are_limited_per_network() {
    let shop = Shop::open().await;
    let (mug, tea) = (shop.sells(Draft::with_stock(900)).await, shop.sells(Draft::with_stock(900)).await);
    let home = shop.from_new_ip();
    let (first, _) = home.places(&checkout_of(&mug, 1), &unique_email("guest")).await;
    let (network, _) = shop.rows.unpaid_counters(&first).await;
    let pieces = format!("sku:{}", mug.sku);
    fills(&shop, &network, &pieces, PIECES_PER_NETWORK - 10).await;
    let many = home.tries_to_place(&checkout_of(&mug, 11), &unique_email("guest")).await;
    let problem = many.expect_problem(409, "too_many_open_orders");
    assert_eq!(problem.errors()[0]["field"], format!("items.{}", mug.sku), "{:?}", problem.body);
    home.places(&checkout_of(&mug, 10), &unique_email("guest")).await;
    home.tries_to_place(&checkout_of(&mug, 1), &unique_email("guest"))
        .await
        .expect_problem(409, "too_many_open_orders");
    home.places(&checkout_of(&tea, 11), &unique_email("guest")).await;
}

#[tokio::test]
async fn counters_follow_paid_cancelled_and_expired_orders() {
    let shop = Shop::open().await;
    let (mug, home) = (shop.sells(Draft::with_stock(30)).await, shop.from_new_ip());
    let (open, token) = home.places(&checkout_of(&mug, 2), &unique_email("guest")).await;
    let (network, buyer) = shop.rows.unpaid_counters(&open).await;
    let pieces = format!("sku:{}", mug.sku);
    assert_eq!(members(&shop, &network, "orders").await, [open.number()]);
    assert_eq!(members(&shop, &network, &pieces).await.len(), 2);
    assert_eq!(members(&shop, &buyer, "orders").await, [open.number()]);
    home.places(&Checkout::of(&[(&mug.sku, 3)]).paid_with(GOOD), &unique_email("guest")).await;
    home.places(&Checkout::of(&[(&mug.sku, 4)]).paid_with(DECLINED), &unique_email("guest")).await;
    shop.anonymous().with_order_token(&token).cancels(&open, "I changed my mind").await.expect(200);
    for (counter, set) in [(&network, "orders"), (&network, pieces.as_str()), (&buyer, "orders")] {
        await_until(format_args!("{set} of {counter} is empty"), EVENTUALLY, async || {
            let members = members(&shop, counter, set).await;
            if members.is_empty() { Ok(()) } else { Err(format!("{members:?}")) }
        })
        .await;
    }
    let row = shop.rows.reads("orders", &format!("ORDER#{}", open.id()), "ORDER").await;
    assert!(row["held"].is_null(), "an order that is over should name no counter: {row}");
}

#[tokio::test]
async fn orders_of_an_admin_are_not_limited() {
    let shop = Shop::open().await;
    let (mug, admin) = (shop.sells(Draft::with_stock(3)).await, shop.admin().await);
    let order = Order(admin.post("/api/v1/orders", &checkout_of(&mug, 1).body).await.expect(201).json());
    let row = shop.rows.reads("orders", &format!("ORDER#{}", order.id()), "ORDER").await;
    assert!(row["held"].is_null(), "{row}");
}

#[tokio::test]
async fn declined_card_shortens_the_hold_and_a_new_attempt_prolongs_it() {
    let shop = Shop::open().await;
    let (mug, customer) = (shop.sells(Draft::with_stock(3)).await, shop.new_customer().await);
    let order = customer.places(&Checkout::of(&[(&mug.sku, 1)]).paid_with(DECLINED)).await;
    let declined = customer.awaits(&order, "pending", "failed").await;
    // The worker held the stock for 30 seconds before it called the provider. `DeclinedHoldSeconds` is 20.
    let history = customer.api.history(&order).await;
    let ends: Vec<&str> = history.iter().filter_map(|entry| entry["holdExpiresAt"].as_str()).collect();
    let last = ends.len() - 1;
    assert!(ends[last] < ends[last - 1], "the decline should shorten the hold: {ends:?}");
    customer.pays(&declined, UNPAID).await.expect_success();
    let again = customer.looks_up(&order).await;
    assert!(again.0["holdExpiresAt"].as_str() > Some(ends[last]), "a new attempt should prolong it: {}", again.0);
}
