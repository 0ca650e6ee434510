//! Stock: it is never oversold, however many want it at once, and every movement is logged.

use e2e::scenarios::twenty_customers_order;
use e2e::{Checkout, Draft, Shop, movements_path, tally};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn order_beyond_the_stock_is_refused_as_a_whole() {
    let shop = Shop::open().await;
    let (plenty, scarce) = (shop.sells(Draft::with_stock(10)).await, shop.sells(Draft::with_stock(2)).await);
    let customer = shop.new_customer().await;
    let checkout = Checkout::of(&[(&plenty.sku, 1), (&scarce.sku, 3)]);

    let problem =
        customer.tries_to_place(&checkout).await.expect_problem(409, "insufficient_stock").mentions(&scarce.sku);
    let shortage = problem.errors().iter().find(|error| error["available"] == 2);
    assert!(shortage.is_some(), "the problem should say that 2 are left: {}", problem.body);
    let orders = customer.api.get("/api/v1/orders").await.expect(200).json();
    assert_eq!(orders["data"], json!([]), "nothing should be written");
    for (product, pieces) in [(&plenty, 10), (&scarce, 2)] {
        assert_eq!(shop.reads_product(product).await["stock"]["available"], pieces, "nothing should be held");
    }

    // A refusal is not stored under its key: with more stock the same request succeeds.
    let stock = format!("/api/v1/products/{}/stock", scarce.id);
    let more = shop.admin().await.call(Method::PATCH, &stock).json(&json!({ "delta": 1 })).send().await;
    more.expect_success();
    let order = customer.places(&checkout).await;
    customer.awaits(&order, "confirmed", "paid").await;
    shop.awaits_stock(&scarce, 0).await;
    shop.awaits_stock(&plenty, 9).await;
}

#[tokio::test]
async fn twenty_concurrent_customers_buy_five_of_five() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    twenty_customers_order(&shop, &mug).await;
}

#[tokio::test]
async fn conditional_count_does_not_restore_sold_stock() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(10)).await;
    let path = format!("/api/v1/products/{}", mug.id);
    let read = shop.admin().await.get(&path).await.expect(200);
    let tag = read.header("etag").expect("a product should have a tag").to_owned();
    shop.new_customer().await.places(&Checkout::of(&[(&mug.sku, 3)])).await;

    let admin = shop.admin().await;
    let counts = async |tag: &str| {
        let count = admin.call(Method::PATCH, &format!("{path}/stock")).header("If-Match", tag);
        count.json(&json!({ "set": 10 })).send().await
    };
    counts(&tag).await.expect_problem(412, "version_mismatch");
    // Each execution environment caches stock for some seconds.
    shop.awaits_stock(&mug, 7).await;
    let version = tag.split('.').next().unwrap_or_default();
    // A tag of the product's version alone accepts any stock.
    counts(&format!("{version}\"")).await.expect_success();
    shop.awaits_stock(&mug, 10).await;
}

#[tokio::test]
async fn full_last_page_has_no_cursor() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    for pieces in [2, 3] {
        shop.counts_stock(&mug, &json!({ "set": pieces })).await;
    }
    let page = shop.admin().await.get(&format!("{}?limit=3", movements_path(&mug))).await.expect(200).json();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(3));
    assert_eq!(page["pagination"], json!({ "cursor": null, "hasMore": false }));
}

#[tokio::test]
async fn movements_of_a_product_add_up_to_its_stock() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(10)).await;
    let customer = shop.new_customer().await;
    let placed = customer.places(&Checkout::of(&[(&mug.sku, 2)])).await;
    let cancelled = customer.places(&Checkout::of(&[(&mug.sku, 3)])).await;
    customer.cancels(&cancelled, "Too many mugs").await.expect_success();
    shop.awaits_stock(&mug, 8).await;
    shop.counts_stock(&mug, &json!({ "set": 20, "reason": "Counted on the shelf" })).await;
    shop.counts_stock(&mug, &json!({ "delta": -4 })).await;
    customer.awaits(&placed, "confirmed", "paid").await;

    let expected = [("initial", 10), ("sale", -2), ("sale", -3), ("returned", 3), ("set", 12), ("delta", -4)];
    let lines = shop.awaits_movements(&mug, &expected).await;
    assert_eq!(tally(&lines), 16);
    shop.has_exact_stock(&mug, 16).await;

    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).collect::<Vec<_>>();
    let by_hand = of("set")[0];
    assert_eq!(by_hand["reason"], "Counted on the shelf");
    assert!(by_hand["actor"].as_str().is_some_and(|actor| actor.starts_with("admin:")), "{by_hand}");
    assert_eq!(by_hand["orderId"], json!(null), "{by_hand}");
    assert_eq!(of("returned")[0]["orderId"], cancelled.id());
    let orders: Vec<_> = of("sale").iter().map(|line| line["orderId"].clone()).collect();
    assert!(orders.contains(&json!(placed.id())) && orders.contains(&json!(cancelled.id())), "{orders:?}");
    assert!(lines.iter().all(|line| line["sku"] == mug.sku.as_str()), "{lines:#?}");
    let moments: Vec<_> = lines.iter().filter_map(|line| line["at"].as_str()).collect();
    assert!(
        moments.len() == 6 && moments.is_sorted_by(|newer, older| newer >= older),
        "newest should come first: {moments:?}"
    );
}

#[tokio::test]
async fn movements_are_paged_by_sku_and_for_admins() {
    let shop = Shop::open().await;
    let (mug, bowl) = (shop.sells(Draft::with_stock(3)).await, shop.sells(Draft::with_stock(4)).await);
    for pieces in 5..8 {
        shop.counts_stock(&mug, &json!({ "set": pieces })).await;
    }
    let (path, admin) = (movements_path(&mug), shop.admin().await);
    let first = admin.get(&format!("{path}?limit=3&sku={}", mug.sku)).await.expect(200).json();
    assert_eq!((first["data"].as_array().map(Vec::len), &first["pagination"]["hasMore"]), (Some(3), &json!(true)));
    let cursor = first["pagination"]["cursor"].as_str().unwrap_or_default();
    let rest = admin.get(&format!("{path}?limit=3&sku={}&cursor={cursor}", mug.sku)).await.expect(200).json();
    assert_eq!(rest["data"][0]["kind"], "initial", "the oldest should come last: {rest}");
    assert_eq!((rest["data"].as_array().map(Vec::len), &rest["pagination"]["hasMore"]), (Some(1), &json!(false)));

    let other_path = format!("{}?limit=3&cursor={cursor}", movements_path(&bowl));
    admin.get(&other_path).await.expect_problem(400, "invalid_cursor");
    let foreign = admin.get(&format!("{path}?sku={}", bowl.sku)).await.expect_refusal(422);
    assert_eq!(foreign.errors()[0]["code"], "sku_unknown", "{}", foreign.body);
    admin.get(&format!("{path}?limit=0")).await.expect_refusal(422);
    admin.get("/api/v1/products/prd_01h455vb4pex5vsknk084sn02q/stock/movements").await.expect_refusal(404);
    shop.new_customer().await.api.get(&path).await.expect_refusal(403);
    shop.anonymous().get(&path).await.expect_refusal(401);
}

/// `StockShownUpTo` of the test stack.
const SHOWN: u32 = 300;

#[tokio::test]
async fn customers_see_a_limited_stock() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(400)).await;
    assert_eq!(shop.reads_product(&mug).await["stock"]["available"], SHOWN);
    let customer = shop.new_customer().await;
    let quote = customer.api.quotes(&json!({ "items": [{ "sku": mug.sku, "quantity": 1 }] })).await.expect(200).json();
    assert_eq!(quote["items"][0]["available"], SHOWN, "{quote}");
    customer.adds(&mug.sku, 1).await;
    let cart = customer.looks_into_cart().await;
    assert_eq!(cart["items"][0]["available"], SHOWN, "{cart}");
    let greedy = [
        customer.tries_to_add(json!({ "sku": mug.sku, "quantity": 450 })).await,
        customer.tries_to_place(&Checkout::of(&[(&mug.sku, 450)])).await,
    ];
    for refused in greedy {
        let problem = refused.expect_problem(409, "insufficient_stock");
        assert_eq!(problem.errors()[0]["available"], SHOWN, "{}", problem.body);
    }
    let admin = shop.admin().await;
    let seen = admin.get(&format!("/api/v1/products/{}", mug.id)).await.expect(200).json();
    assert_eq!(seen["stock"]["available"], 400, "{seen}");
    shop.has_exact_stock(&mug, 400).await;
}
