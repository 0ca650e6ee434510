//! Scenarios that several tests share.

use futures::future::join_all;

use crate::{Checkout, Customer, Draft, Order, Product, Shop};

/// A customer orders one mug with that card.
pub async fn order_with(shop: &Shop, token: &str) -> (Customer, Order, Product) {
    let mug = shop.sells(Draft::with_stock(3)).await;
    let customer = shop.new_customer().await;
    let order = customer.places(&Checkout::of(&[(&mug.sku, 1)]).paid_with(token)).await;
    (customer, order, mug)
}

/// A customer has paid for one mug; two are left.
pub async fn paid_order(shop: &Shop) -> (Customer, Order, Product) {
    paid_order_of(shop, Draft::with_stock(3), "pm_card_visa").await
}

/// A customer has paid for one unit of that product with that card.
pub async fn paid_order_of(shop: &Shop, draft: Draft, token: &str) -> (Customer, Order, Product) {
    let product = shop.sells(draft).await;
    let customer = shop.new_customer().await;
    let order = customer.places(&Checkout::of(&[(&product.sku, 1)]).paid_with(token)).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    (customer, order, product)
}

/// Twenty customers order one mug each at the same moment; there are five mugs.
pub async fn twenty_customers_order(shop: &Shop, mug: &Product) {
    let customers = join_all((0..20).map(|_| shop.new_customer())).await;
    join_all(customers.iter().map(|customer| customer.adds(&mug.sku, 1))).await;
    let checkouts: Vec<_> = customers.iter().map(|customer| (customer, Checkout::of_cart())).collect();
    let responses = join_all(checkouts.iter().map(|(customer, checkout)| customer.tries_to_place(checkout))).await;

    let mut successful = Vec::new();
    for (customer, response) in customers.iter().zip(responses) {
        match response.status {
            201 => successful.push((customer, Order(response.json()))),
            _ => {
                response.expect_problem(409, "insufficient_stock");
            }
        }
    }
    assert_eq!(successful.len(), 5, "five mugs should make five orders");
    join_all(successful.iter().map(async |(customer, order)| {
        let order = customer.awaits(order, "confirmed", "paid").await;
        shop.provider.charged_once(&order).await;
    }))
    .await;
    shop.awaits_stock(mug, 0).await;
    let orders = join_all(customers.iter().map(async |customer| {
        let listed = customer.api.get("/api/v1/orders").await.expect(200).json();
        listed["data"].as_array().map_or(0, Vec::len)
    }))
    .await;
    assert_eq!(orders.iter().sum::<usize>(), 5, "a refused customer should have no order");
}
