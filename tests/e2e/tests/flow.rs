//! The main flow: browse, fill a cart, order, pay, get a mail.

use e2e::{Checkout, Draft, SOON, Shop, await_until, decimal, unique};
use serde_json::json;

#[tokio::test]
async fn customer_buys_a_mug_and_gets_a_mail() {
    let shop = Shop::open().await;
    let category = unique("flow");
    let mug = shop.sells(Draft::with_stock(10).in_category(&category)).await;
    let mut customer = shop.new_customer().await;

    let login = json!({ "email": customer.email, "password": customer.password });
    let session = shop.anonymous().post("/api/v1/auth/login", &login).await.expect(200).json();
    customer.api = shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default());

    await_until("the mug is listed", SOON, async || {
        let listed = customer.api.get(&format!("/api/v1/products?category={category}")).await.expect(200).json();
        if listed["data"][0]["sku"] == mug.sku.as_str() { Ok(()) } else { Err(listed.to_string()) }
    })
    .await;
    let shown = shop.reads_product(&mug).await;
    assert_eq!((&shown["name"], &shown["price"]["amount"]), (&json!(mug.name), &json!(mug.price)));

    customer.adds(&mug.sku, 1).await;
    customer.adds(&mug.sku, 1).await;
    let cart = customer.api.get("/api/v1/cart/me").await.expect(200).json();
    assert_eq!((&cart["items"][0]["quantity"], &cart["total"]["amount"]), (&json!(2), &json!(2 * mug.price)), "{cart}");

    let order = customer.checks_out().await;
    assert_eq!((order.status(), order.payment_status()), ("pending", "unpaid"));
    let line = &order.items()[0];
    assert_eq!((&line["sku"], &line["quantity"]), (&json!(mug.sku), &json!(2)));
    assert_eq!((&line["name"], &line["unitPrice"]["amount"]), (&json!(mug.name), &json!(mug.price)));

    let order = customer.awaits(&order, "confirmed", "paid").await;
    let payment = customer.looks_up_payment(&order).await;
    assert_eq!((&payment["status"], &payment["orderId"]), (&json!("captured"), &json!(order.id())), "{payment}");
    assert_eq!(payment["captured"]["amount"], order.total(), "{payment}");
    shop.provider.charged_once(&order).await;
    shop.awaits_stock(&mug, 8).await;
    let cart = customer.api.get("/api/v1/cart/me").await.expect(200).json();
    assert_eq!(cart["items"], json!([]), "an ordered cart should be empty");

    let total = decimal(order.total(), &shop.stack.currency);
    shop.mailbox.awaits(&customer.email, &[order.number(), &mug.name, &total]).await;
}

#[tokio::test]
async fn guest_buys_with_an_email_address_only() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let guest = shop.new_guest();
    let (order, token) = guest.places(&Checkout::of(&[(&mug.sku, 1)])).await;

    let read = guest.reads(&order, Some(&token)).await.expect(200).json();
    assert!(read["orderToken"].is_null(), "the token should be shown once: {read}");
    guest.reads(&order, None).await.expect_refusal(404);
    guest.reads(&order, Some("wrong")).await.expect_refusal(404);
    let other = shop.new_customer().await;
    other.api.get(&format!("/api/v1/orders/{}", order.id())).await.expect_refusal(404);

    let total = decimal(order.total(), &shop.stack.currency);
    shop.mailbox.awaits(&guest.email, &[order.number(), &mug.name, &total]).await;
    let read = guest.reads(&order, Some(&token)).await.expect(200).json();
    assert_eq!((&read["status"], &read["paymentStatus"]), (&json!("confirmed"), &json!("paid")));
    shop.provider.charged_once(&order).await;
}

#[tokio::test]
async fn totals_of_an_order_add_up() {
    let shop = Shop::open().await;
    let cheap = shop.sells(Draft { price: 199, ..Draft::with_stock(10) }).await;
    let dear = shop.sells(Draft { price: 24950, ..Draft::with_stock(10) }).await;
    let customer = shop.new_customer().await;
    customer.adds(&cheap.sku, 3).await;
    customer.adds(&dear.sku, 1).await;
    let order = customer.checks_out().await;
    let amount = |member: &str| order.0[member]["amount"].as_u64().unwrap_or_default();
    assert_eq!(amount("subtotal"), 3 * 199 + 24950);
    assert_eq!(order.total(), amount("subtotal") - amount("discount") + amount("tax") + amount("shipping"));
    assert_eq!(order.0["total"]["currency"], shop.stack.currency.as_str());
    let order = customer.awaits(&order, "confirmed", "paid").await;
    shop.provider.charged_once(&order).await;
}
