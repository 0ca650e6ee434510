//! Orders that cost nothing: they are confirmed when they are placed, without the payment provider, and then treated as all others. And
//! totals that are too small for the provider.

use e2e::{Api, Checkout, Draft, Order, Product, Response, Shop, Tally};
use reqwest::Method;
use serde_json::{Value, json};

/// Sends an order as it is, without adding a payment method.
async fn places_as_it_is(api: &Api, checkout: &Checkout) -> Response {
    let call = api.call(Method::POST, "/api/v1/orders").idempotency_key(&checkout.key);
    call.json(&checkout.body).send().await
}

/// A product that costs nothing.
async fn sells_samples(shop: &Shop) -> Product {
    shop.sells(Draft { price: 0, ..Draft::with_stock(3) }).await
}

/// One piece of a product that costs nothing, ordered by its customer without a payment method.
async fn orders_a_sample(api: &Api, sample: &Product) -> Order {
    Order(places_as_it_is(api, &Checkout::of(&[(&sample.sku, 1)])).await.expect(201).json())
}

/// Panics unless the order is confirmed and paid, and the provider knows nothing of it.
async fn is_confirmed_for_nothing(shop: &Shop, order: &Order) {
    assert_eq!((order.status(), order.payment_status(), order.total()), ("confirmed", "paid", 0), "{}", order.0);
    assert_eq!((&order.0["version"], &order.0["holdExpiresAt"]), (&json!(2), &Value::Null), "{}", order.0);
    let books = shop.provider.books(order).await;
    assert_eq!((&books["intents"], shop.provider.tally(order).await), (&json!([]), Tally::default()), "{books:#}");
}

#[tokio::test]
async fn order_of_a_cart_that_costs_nothing_is_confirmed_when_it_is_placed() {
    let shop = Shop::open().await;
    let (sample, customer) = (sells_samples(&shop).await, shop.new_verified_customer().await);
    customer.adds(&sample.sku, 2).await;
    let quote = customer.api.quotes(&json!({ "cart": "me" })).await.expect(200).json();
    assert_eq!(quote["total"], shop.money(0), "{quote}");

    let checkout = Checkout::of_cart().expecting(&quote["total"]);
    let order = Order(places_as_it_is(&customer.api, &checkout).await.expect(201).json());
    is_confirmed_for_nothing(&shop, &order).await;
    assert_eq!(customer.looks_up(&order).await.0, order.0);
    assert_eq!(customer.looks_into_cart().await["items"], json!([]));
    shop.has_exact_stock(&sample, 1).await;
    let history = customer.api.folds(&order).await;
    let reasons: Vec<_> = history.iter().map(|entry| entry["reason"].as_str().unwrap_or_default()).collect();
    assert_eq!(reasons, ["placed", "payment.completed"]);
    let mentions = [order.number(), "is confirmed", "There is nothing to pay", &sample.name, "12 St James's Square"];
    shop.mailbox.awaits(&customer.email, &mentions).await;
}

#[tokio::test]
async fn payment_of_nothing_has_no_provider() {
    let shop = Shop::open().await;
    let (sample, customer) = (sells_samples(&shop).await, shop.new_customer().await);
    let order = orders_a_sample(&customer.api, &sample).await;
    let payment = customer.looks_up_payment(&order).await;
    assert_eq!((&payment["provider"], &payment["status"]), (&json!("none"), &json!("captured")), "{payment}");
    for sum in ["amount", "captured", "refunded"] {
        assert_eq!(payment[sum], shop.money(0), "{payment}");
    }
    let listed = customer.api.get(&format!("/api/v1/payments?orderId={}", order.id())).await.expect(200).json();
    assert_eq!(listed["data"], json!([payment]), "{listed}");
    customer.api.confirms(&order).await.expect(202);
    customer.pays(&order, "pm_card_visa").await.expect_problem(409, "illegal_transition");
    let admin = shop.admin().await;
    admin.captures(&order).await.expect_problem(409, "illegal_transition");
    let line = json!({ "lines": [{ "sku": sample.sku, "quantity": 1 }] });
    for part in [json!({}), json!({ "amount": shop.money(1) }), line] {
        admin.refunds(&order, part).await.expect_problem(409, "nothing_to_refund");
    }
    is_confirmed_for_nothing(&shop, &customer.looks_up(&order).await).await;
}

#[tokio::test]
async fn payment_method_of_an_order_that_costs_nothing_is_ignored() {
    let shop = Shop::open().await;
    let (sample, customer) = (sells_samples(&shop).await, shop.new_customer().await);
    let of = |token: &str| Checkout::of(&[(&sample.sku, 1)]).paid_with(token);
    let order = customer.places(&of("pm_card_chargeDeclined")).await;
    is_confirmed_for_nothing(&shop, &order).await;
    let row = shop.rows.reads("payments", &format!("PAYMENT#{}", order.payment_id()), "PAYMENT").await;
    assert_eq!(row["attempts"]["L"], json!([]), "{row}");
    let refused = customer.tries_to_place(&of("4242424242424242")).await;
    refused.expect_fault("paymentMethod.token", "card_number_refused");
}

#[tokio::test]
async fn order_that_costs_something_needs_a_payment_method() {
    let shop = Shop::open().await;
    let (sample, mug) = (sells_samples(&shop).await, shop.sells(Draft::with_stock(3)).await);
    let customer = shop.new_customer().await;
    let checkout = Checkout::of(&[(&sample.sku, 1), (&mug.sku, 1)]);
    places_as_it_is(&customer.api, &checkout).await.expect_fault("paymentMethod", "required");
    shop.has_exact_stock(&mug, 3).await;
    let order = customer.places(&checkout).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn repetition_gets_the_confirmed_order_whatever_has_happened_since() {
    let shop = Shop::open().await;
    let (sample, guest) = (sells_samples(&shop).await, shop.new_guest());
    let mut checkout = Checkout::of(&[(&sample.sku, 1)]);
    checkout.body["email"] = guest.email.as_str().into();
    let first = places_as_it_is(&guest.api, &checkout).await.expect(201);
    let order = Order(first.json());
    is_confirmed_for_nothing(&shop, &order).await;
    shop.admin().await.moves(&order, "processing").await.expect(200);
    let again = places_as_it_is(&guest.api, &checkout).await.expect(201);
    assert!(!first.is_replayed() && again.is_replayed(), "{:?}", again.headers);
    assert_eq!(again.json(), first.json(), "the answer and the order's token should be the same");
    let token = order.0["orderToken"].as_str();
    assert_eq!(guest.reads(&order, token).await.expect(200).json()["status"], "processing");
    shop.has_exact_stock(&sample, 2).await;
}

#[tokio::test]
async fn order_that_costs_nothing_is_packed_shipped_and_delivered() {
    let shop = Shop::open().await;
    let (sample, customer) = (sells_samples(&shop).await, shop.new_customer().await);
    let order = orders_a_sample(&customer.api, &sample).await;
    let admin = shop.admin().await;
    for status in ["processing", "shipped", "delivered"] {
        let moved = Order(admin.moves(&order, status).await.expect(200).json());
        assert_eq!((moved.status(), moved.payment_status()), (status, "paid"), "{}", moved.0);
    }
    customer.api.folds(&order).await;
}

#[tokio::test]
async fn cancelled_order_that_cost_nothing_returns_its_stock_and_refunds_nothing() {
    let shop = Shop::open().await;
    let (sample, customer) = (sells_samples(&shop).await, shop.new_customer().await);
    let order = orders_a_sample(&customer.api, &sample).await;
    shop.has_exact_stock(&sample, 2).await;
    let cancelled = Order(customer.cancels(&order, "Too many samples").await.expect(200).json());
    assert_eq!((cancelled.status(), cancelled.payment_status()), ("cancelled", "paid"), "{}", cancelled.0);
    shop.has_exact_stock(&sample, 3).await;
    shop.mailbox.awaits(&customer.email, &[order.number(), "is cancelled"]).await;
    assert_eq!(customer.looks_up(&order).await.0, cancelled.0, "no worker should change it");
    assert_eq!(customer.looks_up_payment(&order).await["status"], "captured");
    assert_eq!(customer.api.reads_refunds(&order).await.expect(200).json()["data"], json!([]));
    assert_eq!(shop.provider.tally(&order).await, Tally::default());
    customer.api.folds(&order).await;
}

#[tokio::test]
async fn sweeps_leave_an_order_that_costs_nothing_as_it_is() {
    let shop = Shop::open().await;
    let (sample, customer) = (sells_samples(&shop).await, shop.new_customer().await);
    let order = orders_a_sample(&customer.api, &sample).await;
    let row = shop.rows.reads("orders", &format!("ORDER#{}", order.id()), "ORDER").await;
    let partition = row["gsi3pk"]["S"].as_str().unwrap_or_default();
    assert!(partition.starts_with("STATUS#confirmed#") && row["held"].is_null(), "no hold and no counter: {row}");
    shop.mailbox.awaits(&customer.email, &[order.number(), "is confirmed"]).await;
    for task in ["reconcile-orders", "reconcile-payments", "expire-holds", "remind-mails"] {
        let result = shop.runs_task(task).await;
        assert_eq!(result.error, None, "{task}: {}", result.payload);
    }
    let payment = order.payment_id();
    assert_eq!(shop.rows.message_statuses("payment.completed", payment).await, ["sent"], "one mail");
    is_confirmed_for_nothing(&shop, &customer.looks_up(&order).await).await;
}

#[tokio::test]
async fn total_below_the_minimum_charge_is_refused_before_anything_is_written() {
    let shop = Shop::open().await;
    let (cheap, customer) = (shop.sells(Draft { price: 49, ..Draft::with_stock(3) }).await, shop.new_customer().await);
    customer.adds(&cheap.sku, 1).await;
    let quote = customer.api.quotes(&json!({ "cart": "me" })).await.expect_refusal(422);
    let error = &quote.errors()[0];
    assert_eq!((&error["code"], &error["minimum"]), (&json!("amount_too_small"), &shop.money(50)), "{}", quote.body);
    customer.tries_to_place(&Checkout::of_cart()).await.expect_fault("items", "amount_too_small");
    shop.has_exact_stock(&cheap, 3).await;
    assert_eq!(customer.looks_into_cart().await["items"][0]["quantity"], 1);

    customer.adds(&cheap.sku, 1).await;
    let quote = customer.api.quotes(&json!({ "cart": "me" })).await.expect(200).json();
    let order = customer.places(&Checkout::of_cart().expecting(&quote["total"])).await;
    assert_eq!(order.total(), 98);
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn changed_prices_are_shown_before_a_total_is_refused_as_too_small() {
    let shop = Shop::open().await;
    let (mug, customer) = (shop.sells(Draft::with_stock(3)).await, shop.new_customer().await);
    customer.adds(&mug.sku, 1).await;
    shop.reprices(&mug, 40).await;
    let quote = customer.api.quotes(&json!({ "cart": "me" })).await.expect(200).json();
    assert_eq!((&quote["total"], &quote["changes"][0]["kind"]), (&shop.money(40), &json!("price")), "{quote}");
    customer.api.quotes(&json!({ "cart": "me" })).await.expect_fault("items", "amount_too_small");
}

#[tokio::test]
async fn price_that_became_zero_is_shown_before_it_is_ordered() {
    let shop = Shop::open().await;
    let (mug, customer) = (shop.sells(Draft::with_stock(3)).await, shop.new_customer().await);
    customer.adds(&mug.sku, 1).await;
    shop.reprices(&mug, 0).await;
    customer.tries_to_place(&Checkout::of_cart()).await.expect_problem(409, "price_changed");
    let checkout = Checkout::of_cart().expecting(&shop.money(0));
    let order = Order(places_as_it_is(&customer.api, &checkout).await.expect(201).json());
    is_confirmed_for_nothing(&shop, &order).await;
}
