//! Prices of price lists: stored, changed, refused, imported and exported, and who sees them.

use e2e::{SOON, Shop, await_until, unique, with};
use serde_json::{Value, json};

/// A currency that is not the shop's.
fn foreign(shop: &Shop) -> &'static str {
    if shop.stack.currency == "USD" { "GBP" } else { "USD" }
}

fn list_price(list: &str, currency: &str, quantity: u32, amount: i64) -> Value {
    json!({ "list": list, "minQuantity": quantity, "price": { "amount": amount, "currency": currency } })
}

fn list_prices(count: u32) -> Vec<Value> {
    (1..=count).map(|quantity| list_price("uk", "GBP", quantity, 999)).collect()
}

/// A product as an export has it.
async fn exported(shop: &Shop, sku: &str) -> Value {
    let file = shop.exports("ndjson").await;
    let read = |line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{line} is JSON: {error}"));
    let mut found = file.lines().map(read).filter(|line| line["sku"] == sku);
    found.next().unwrap_or_else(|| panic!("{sku} should be exported"))
}

#[tokio::test]
async fn list_prices_are_stored_sorted_and_removed_by_null() {
    let shop = Shop::open().await;
    let sorted = json!([list_price("trade", "GBP", 10, 700), list_price("uk", "GBP", 1, 1_290)]);
    let sent = json!([{ "list": "uk", "price": { "amount": 1_290, "currency": "GBP" } }, sorted[0]]);
    let mug = shop.sells_this(&with(&shop.mug(), "/prices", sent)).await;
    let shown = shop.looks_up_product(&mug.id).await.json();
    assert_eq!((&shown["prices"], &shown["version"]), (&sorted, &json!(1)));

    let same = shop.tries_to_replace(&mug.id, &shown).await.expect(200).json();
    assert_eq!(same["prices"], sorted, "what was read can be sent back");
    let one = json!([list_price("uk", "GBP", 1, 1_190)]);
    let patched = shop.tries_to_patch(&mug.id, &json!({ "prices": one })).await.expect(200).json();
    assert_eq!((&patched["prices"], &patched["price"]), (&one, &shown["price"]), "an array is replaced as a whole");
    let patched = shop.tries_to_patch(&mug.id, &json!({ "prices": null })).await.expect(200).json();
    assert!(patched.get("prices").is_none(), "{patched}");
    let history = shop.admin().await.get(&format!("/api/v1/products/{}/history", mug.id)).await.expect(200).json();
    assert_eq!((&history["data"][0]["was"]["prices"], &history["data"][1]["was"]["prices"]), (&one, &sorted));
}

#[tokio::test]
async fn variant_has_its_own_list_prices() {
    let shop = Shop::open().await;
    let prices = json!([list_price("uk", "GBP", 1, 1_500)]);
    let shirt = shop.sells_this(&with(&shop.two_sizes(), "/variants/0/prices", prices.clone())).await;
    let shown = shop.looks_up_product(&shirt.id).await.json();
    assert_eq!(shown["variants"][0]["prices"], prices);
    assert!(shown["variants"][1].get("prices").is_none() && shown.get("prices").is_none(), "{shown}");
    shop.tries_to_patch(&shirt.id, &json!({ "prices": prices })).await.expect_fault("prices", "belongs_to_variants");
}

#[tokio::test]
async fn customers_see_the_prices_that_they_can_have() {
    let shop = Shop::open().await;
    let currency = shop.stack.currency.clone();
    let own = list_price("default", &currency, 10, 1_290);
    let prices = json!([own, list_price("trade", &currency, 1, 900), list_price("uk", foreign(&shop), 1, 1_000)]);
    let mug = shop.sells_this(&with(&shop.mug(), "/prices", prices)).await;
    assert_eq!(shop.looks_up_product(&mug.id).await.json()["prices"].as_array().map(Vec::len), Some(3));
    assert_eq!(shop.reads_product(&mug).await["prices"], json!([own]));
    await_until("a list shows the same prices", SOON, async || {
        let page = shop.anonymous().get(&format!("/api/v1/products?sku={}", mug.sku)).await.expect(200).json();
        if page["data"][0]["prices"] == json!([own]) { Ok(()) } else { Err(page.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn invalid_list_price_is_refused_with_its_field() {
    let shop = Shop::open().await;
    let (currency, admin) = (shop.stack.currency.clone(), shop.admin().await);
    let mug = shop.mug();
    let uk = |amount: i64| list_price("uk", "GBP", 1, amount);
    let of_default = list_price("default", &currency, 1, 5);
    let cases = [
        (json!(list_prices(13)), "prices", "too_many_prices"),
        (json!([uk(9), uk(8)]), "prices[1]", "price_doubled"),
        (json!([of_default]), "prices[0]", "price_doubled"),
        (json!([uk(-1)]), "prices[0].price.amount", "price_out_of_range"),
        (json!([uk(100_000_001)]), "prices[0].price.amount", "price_out_of_range"),
        (json!([list_price("uk", "GBP", 0, 9)]), "prices[0].minQuantity", "quantity_out_of_range"),
        (json!([list_price("uk", "GBP", 1_000, 9)]), "prices[0].minQuantity", "quantity_out_of_range"),
        (json!([list_price("uk", "AAA", 1, 9)]), "prices[0].price.currency", "invalid_value"),
        (json!([list_price("UK", "GBP", 1, 9)]), "prices[0].list", "invalid_value"),
        (json!([list_price("", "GBP", 1, 9)]), "prices[0].list", "invalid_value"),
        (json!([{ "list": "uk" }]), "prices[0].price", "required"),
        (json!([with(&uk(9), "/from", json!(2))]), "prices[0].from", "unknown_field"),
        (json!("uk"), "prices", "wrong_type"),
    ];
    for (prices, field, code) in cases {
        admin.post("/api/v1/products", &with(&mug, "/prices", prices)).await.expect_fault(field, code);
    }
    let in_variant = with(&shop.two_sizes(), "/variants/1/prices", json!([uk(9), uk(8)]));
    admin.post("/api/v1/products", &in_variant).await.expect_fault("variants[1].prices[1]", "price_doubled");
    shop.sells_this(&with(&mug, "/prices", json!(list_prices(12)))).await;
}

#[tokio::test]
async fn list_prices_share_a_cell_of_an_import() {
    let shop = Shop::open().await;
    let (currency, mark) = (&shop.stack.currency, unique("LIST").to_uppercase());
    let file = format!(
        "sku,name,category,price,currency,prices\n\
         {mark}-0,Mug,imported,12.90,{currency},uk:GBP:10:9.99|uk:GBP:1:10.99\n\
         {mark}-1,Mug,imported,12.90,{currency},uk:GBP:9.99\n\
         {mark}-2,Mug,imported,12.90,{currency},uk:GBP:1:9.99|uk:GBP:1:8.99\n"
    );
    let job = shop.imports("csv", file.clone()).await;
    assert_eq!((&job["counts"]["created"], &job["counts"]["rejected"]), (&json!(1), &json!(2)), "{job}");
    let report = shop.report(&job).await;
    let rejected: Vec<_> = report.iter().map(|line| (&line["field"], &line["code"])).collect();
    let expected = [(json!("prices"), json!("prices_malformed")), (json!("prices[1]"), json!("price_doubled"))];
    assert_eq!(rejected, expected.each_ref().map(|(field, code)| (field, code)));
    let sorted = json!([list_price("uk", "GBP", 1, 1_099), list_price("uk", "GBP", 10, 999)]);
    let product = exported(&shop, &format!("{mark}-0")).await;
    assert_eq!(product["prices"], sorted);
    assert_eq!(shop.imports("csv", file).await["counts"]["unchanged"], json!(1), "in another order, they are the same");
    let csv = shop.exports("csv").await;
    assert!(csv.contains(",uk:GBP:1:10.99|uk:GBP:10:9.99,"), "a CSV export should have them in one cell");
}
