//! The rows behind the lists of orders: how lists find an order, and orders of both layouts.

use std::collections::BTreeSet;

use e2e::scenarios::paid_order;
use e2e::{Checkout, Customer, Order, Shop};

use crate::admin_orders::{expect_absent, finds, ids};

#[tokio::test]
async fn lists_find_an_order_by_its_number_row_and_show_it_as_it_is() {
    let shop = Shop::open().await;
    let (customer, order, mug) = paid_order(&shop).await;
    let number = shop.rows.reads("orders", &format!("NUMBER#{}", order.number()), "NUMBER").await;
    assert_eq!(number["gsi1pk"]["S"], format!("BUYER#{}", customer.id()), "{number}");
    assert!(number["gsi2pk"]["S"].as_str().is_some_and(|day| day.starts_with("DAY#")), "{number}");
    let row = shop.rows.reads("orders", &format!("ORDER#{}", order.id()), "ORDER").await;
    assert!(row["gsi1pk"].is_null() && row["gsi2pk"].is_null() && row["gsi3pk"].is_object(), "{row}");
    assert_eq!(order.payment_id().replace("pay_", "ord_"), order.id(), "the payment should have the UUID of its order");
    let payment = shop.rows.reads("payments", &format!("PAYMENT#{}", order.payment_id()), "PAYMENT").await;
    let listed_by = payment["gsi2pk"]["S"].as_str().unwrap_or_default();
    assert!(listed_by.starts_with("CAPTURED#") && payment["gsi1pk"].is_null(), "no index of open work: {payment}");

    shop.admin().await.moves(&order, "processing").await.expect(200);
    let of_user = format!("/api/v1/orders/user/{}", customer.id());
    for path in ["/api/v1/orders", &format!("/api/v1/orders?email={}", customer.email), &of_user] {
        let rows = finds(&shop, path, &order).await;
        let row = rows.iter().find(|row| row["id"] == order.id()).cloned().unwrap_or_default();
        assert_eq!(row["status"], "processing", "{path}");
    }
    let guest = shop.new_guest();
    let (guests, _token) = guest.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let number = shop.rows.reads("orders", &format!("NUMBER#{}", guests.number()), "NUMBER").await;
    let listed_by = number["gsi1pk"]["S"].as_str().unwrap_or_default();
    assert!(listed_by.starts_with("EMAIL#") && number["gsi2pk"].is_object(), "{number}");
    assert!(!number.to_string().contains(&guest.email), "only a digest of the email address should be here: {number}");
    let by_email = format!("/api/v1/orders?email={}", guest.email);
    finds(&shop, &by_email, &guests).await;
    // An operator erases a guest's personal data like this. The keys are last, because they find the order.
    shop.rows.clears("orders", &format!("ORDER#{}", guests.id()), "ORDER#PLACED", &["personal"]).await;
    finds(&shop, &by_email, &guests).await;
    shop.rows.clears("orders", &format!("NUMBER#{}", guests.number()), "NUMBER", &["gsi1pk", "gsi1sk"]).await;
    expect_absent(&shop, &by_email, &guests).await;
    let shown = shop.admin().await.looks_up(&guests).await.0;
    assert!(shown.get("shippingAddress").is_none() && shown.get("email").is_none(), "{shown}");
    assert_eq!((&shown["items"], &shown["total"]), (&guests.0["items"], &guests.0["total"]), "the books stay");
}

#[tokio::test]
async fn lists_show_orders_of_both_layouts() {
    let shop = Shop::open().await;
    let (customer, old, _mug) = paid_order(&shop).await;
    let new = buys_again(&customer, &old).await;
    shop.stores_as_before(&old).await;
    let row = shop.rows.reads("orders", &format!("ORDER#{}", old.id()), "ORDER").await;
    assert!(row["items"].is_object() && row["changes"].is_null(), "{row}");
    for path in ["/api/v1/orders".to_owned(), format!("/api/v1/orders/user/{}", customer.id())] {
        let listed = customer.api.walks(&path, 1).await.concat();
        assert_eq!(ids(&listed), [new.id(), old.id()], "{path}");
        for (row, order) in listed.iter().zip([&new, &old]) {
            assert_eq!((&row["items"], &row["subtotal"]), (&order.0["items"], &order.0["subtotal"]), "{path}: {row}");
        }
    }
    // Both change in the layout that they have.
    for order in [&new, &old] {
        let confirmed = finds(&shop, "/api/v1/orders?status=confirmed", order).await;
        let row = confirmed.iter().find(|row| row["id"] == order.id()).cloned().unwrap_or_default();
        assert_eq!(row["items"], order.0["items"], "{row}");
        shop.admin().await.moves(order, "processing").await.expect(200);
    }
    customer.api.folds(&new).await;
    let rows = rows_of(&shop, &new).await;
    assert!(rows.contains("ORDER#PLACED") && !rows.contains("ORDER#PRIVATE"), "{rows:?}");
    assert!(!rows.contains("HISTORY#000001"), "the first entry should be in the row of what was placed: {rows:?}");
    let versions = 1..=customer.api.folds(&old).await.len();
    let entries = versions.map(|version| format!("HISTORY#{version:06}"));
    let expected: BTreeSet<String> = entries.chain(["ORDER", "ORDER#PRIVATE"].map(str::to_owned)).collect();
    assert_eq!(rows_of(&shop, &old).await, expected);
}

/// The sort keys of the rows of an order.
async fn rows_of(shop: &Shop, order: &Order) -> BTreeSet<String> {
    let pk = format!("ORDER#{}", order.id());
    let rows = shop.rows.all("orders").await;
    let rows = rows.iter().filter(|row| row["pk"]["S"] == pk.as_str());
    rows.filter_map(|row| row["sk"]["S"].as_str()).map(str::to_owned).collect()
}

/// Orders the same again, and waits until it is paid.
async fn buys_again(customer: &Customer, order: &Order) -> Order {
    let sku = order.0["items"][0]["sku"].as_str().unwrap_or_default();
    let again = customer.places(&Checkout::of(&[(sku, 1)])).await;
    customer.awaits(&again, "confirmed", "paid").await
}
