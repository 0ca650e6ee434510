//! Nobody is sold what is not there, however many want it at once.

use e2e::scenes::twenty_customers_want;
use e2e::{Checkout, Draft, Shop};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn an_order_beyond_the_stock_is_refused_as_a_whole() {
    let shop = Shop::open().await;
    let (plenty, scarce) = (shop.sells(Draft::with_stock(10)).await, shop.sells(Draft::with_stock(2)).await);
    let customer = shop.new_customer().await;
    let checkout = Checkout::of(&[(&plenty.sku, 1), (&scarce.sku, 3)]);

    let problem =
        customer.tries_to_place(&checkout).await.expect_problem(409, "insufficient_stock").mentions(&scarce.sku);
    let left = problem.errors().iter().find(|error| error["available"] == 2);
    assert!(left.is_some(), "the problem says that 2 are left: {}", problem.body);
    let orders = customer.api.get("/api/v1/orders").await.expect(200).json();
    assert_eq!(orders["data"], json!([]), "nothing was written");
    for (product, pieces) in [(&plenty, 10), (&scarce, 2)] {
        assert_eq!(shop.shows(product).await["stock"]["available"], pieces, "nothing was held");
    }

    // A refusal is not kept under its key: with more in stock the same request is taken.
    let stock = format!("/api/v1/products/{}/stock", scarce.id);
    let more = shop.admin().await.call(Method::PATCH, &stock).json(&json!({ "delta": 1 })).send().await;
    more.expect_success();
    let order = customer.places(&checkout).await;
    customer.awaits(&order, "confirmed", "paid").await;
    shop.awaits_stock(&scarce, 0).await;
    shop.awaits_stock(&plenty, 9).await;
}

#[tokio::test]
async fn twenty_customers_at_once_buy_five_of_five() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    twenty_customers_want(&shop, &mug).await;
}
