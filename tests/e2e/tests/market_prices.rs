//! Prices of a market (`?market=`) on product pages, in lists, searches and suggestions: what is shown, found and refused, and that cursors
//! and entity tags of one market are not those of another.

use e2e::search::{sells, word};
use e2e::{Api, Response, SOON, Shop, await_until, with};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// A market in the shop's currency.
const HOME: &str = "shown-home";
/// A market in another currency.
const ABROAD: &str = "shown-abroad";

static OPENED: OnceCell<()> = OnceCell::const_new();

/// The shop with both markets.
async fn open() -> Shop {
    let shop = Shop::open().await;
    OPENED
        .get_or_init(async || {
            // The first market of a shop becomes the default one, which other tests expect to be another.
            shop.has_home_market().await;
            for (key, currency) in [(HOME, shop.stack.currency.as_str()), (ABROAD, foreign(&shop))] {
                let market = json!({ "currency": currency, "prices": "gross" });
                let put = shop.admin().await.put(&format!("/api/v1/markets/{key}"), &market).await;
                // An earlier run of the suite may have made it.
                if put.status != 409 {
                    put.expect_success();
                }
            }
        })
        .await;
    shop
}

/// A currency that is not the shop's.
fn foreign(shop: &Shop) -> &'static str {
    if shop.stack.currency == "USD" { "GBP" } else { "USD" }
}

fn money(amount: i64, currency: &str) -> Value {
    json!({ "amount": amount, "currency": currency })
}

fn list_price(list: &str, currency: &str, quantity: u32, amount: i64) -> Value {
    json!({ "list": list, "minQuantity": quantity, "price": money(amount, currency) })
}

/// Reads a path that names one of the markets, with a known entity tag or none.
async fn reads_unless(api: &Api, path: &str, known: &str) -> Response {
    // An execution environment may know the market 30 seconds later.
    await_until(format_args!("{path} knows its market"), SOON, async || {
        let response = api.call(Method::GET, path).header("If-None-Match", known).send().await;
        if response.status == 422 { Err(response.text) } else { Ok(response) }
    })
    .await
}

async fn reads(api: &Api, path: &str) -> Response {
    reads_unless(api, path, "").await.expect(200)
}

fn page_of(id: &str, market: &str) -> String {
    format!("/api/v1/products/{id}?market={market}")
}

fn names(page: &Value) -> Vec<&str> {
    page["data"].as_array().into_iter().flatten().filter_map(|product| product["name"].as_str()).collect()
}

/// Waits until a list has these products, and returns it.
async fn awaits_names(shop: &Shop, query: &str, expected: &[&str]) -> Value {
    await_until(format_args!("{query} finds {expected:?}"), SOON, async || {
        let response = shop.anonymous().get(&format!("/api/v1/products?{query}")).await;
        let page = response.json();
        if response.status == 200 && names(&page) == expected { Ok(page) } else { Err(page.to_string()) }
    })
    .await
}

#[tokio::test]
async fn product_page_shows_the_prices_of_a_market() {
    let shop = open().await;
    let (own, foreign) = (shop.stack.currency.as_str(), foreign(&shop));
    let (at_home, abroad) = (list_price(HOME, own, 1, 1_390), list_price(ABROAD, foreign, 1, 1_000));
    let (of_ten, of_group) = (list_price(ABROAD, foreign, 10, 900), list_price("shown-trade", foreign, 1, 500));
    let mug = with(&shop.mug(), "/prices", json!([at_home, abroad, of_ten, of_group]));
    let mug = shop.sells_this(&mug).await;
    for (market, price, prices) in
        [(HOME, &at_home["price"], json!([at_home])), (ABROAD, &abroad["price"], json!([abroad, of_ten]))]
    {
        for api in [shop.anonymous(), shop.admin().await] {
            let shown = reads(&api, &page_of(&mug.id, market)).await.json();
            assert_eq!((&shown["price"], &shown["prices"]), (price, &prices), "{market}");
            assert!(shown.get("compareAtPrice").is_none(), "it belongs to the other price: {shown}");
        }
        let listed =
            reads(&shop.anonymous(), &format!("/api/v1/products?sku={}&market={market}", mug.sku)).await.json();
        assert_eq!((&listed["data"][0]["price"], &listed["data"][0]["prices"]), (price, &prices), "{listed}");
    }
    let admin = shop.looks_up_product(&mug.id).await.json();
    assert_eq!((&admin["price"], admin["prices"].as_array().map(Vec::len)), (&shop.money(1_490), Some(4)), "{admin}");
}

#[tokio::test]
async fn market_without_a_price_falls_back_to_the_list_default_in_its_currency() {
    let shop = open().await;
    let mug = shop.sells_this(&shop.mug()).await;
    let home = reads(&shop.anonymous(), &page_of(&mug.id, HOME)).await;
    assert_eq!((&home.json()["price"], &home.json()["compareAtPrice"]), (&shop.money(1_490), &shop.money(1_990)));
    // The default market, whichever it is, has no other price of it either.
    for same in [format!("/api/v1/products/{}", mug.id), page_of(&mug.id, "default")] {
        let shown = shop.anonymous().get(&same).await.expect(200);
        assert_eq!(shown.json(), home.json(), "{same}");
        assert_eq!(shown.expect_header("etag"), home.expect_header("etag"), "{same}");
    }

    let abroad = reads(&shop.anonymous(), &page_of(&mug.id, ABROAD)).await.json();
    assert_eq!((&abroad["price"], &abroad["stock"]), (&Value::Null, &home.json()["stock"]), "it is not for sale there");
    let query = format!("/api/v1/products?sku={}&market=", mug.sku);
    assert_eq!(reads(&shop.anonymous(), &format!("{query}{ABROAD}")).await.json()["total"], 0);
    assert_eq!(reads(&shop.anonymous(), &format!("{query}{HOME}")).await.json()["total"], 1);

    let of_default = json!({ "prices": [list_price("default", foreign(&shop), 1, 1_100)] });
    shop.tries_to_patch(&mug.id, &of_default).await.expect(200);
    await_until("the page shows the new price", SOON, async || {
        let shown = shop.anonymous().get(&page_of(&mug.id, ABROAD)).await.json();
        if shown["price"] == of_default["prices"][0]["price"] { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn entity_tag_of_other_prices_is_for_one_market_and_for_no_change() {
    let shop = open().await;
    let foreign = foreign(&shop);
    let mug = shop.sells_this(&with(&shop.mug(), "/prices", json!([list_price(ABROAD, foreign, 1, 1_000)]))).await;
    let tag = async |market: &str| {
        let page = reads(&shop.anonymous(), &page_of(&mug.id, market)).await;
        page.expect_header("etag").to_owned()
    };
    let (home, abroad, all) =
        (tag(HOME).await, tag(ABROAD).await, shop.looks_up_product(&mug.id).await.expect_header("etag").to_owned());
    assert!(home != abroad && home != all && abroad != all, "{home} {abroad} {all}");
    for (known, status) in [(&abroad, 304), (&home, 200), (&all, 200)] {
        reads_unless(&shop.anonymous(), &page_of(&mug.id, ABROAD), known).await.expect(status);
    }
    for (tag, status) in [(&home, 412), (&abroad, 412), (&all, 200)] {
        let admin = shop.admin().await;
        let call = admin.call(Method::PATCH, &format!("/api/v1/products/{}", mug.id)).header("If-Match", tag);
        let patched = call.text("application/merge-patch+json", json!({ "name": "Cup" }).to_string()).send().await;
        patched.expect(status);
    }
}

#[tokio::test]
async fn search_filters_sorts_and_suggests_by_the_prices_of_a_market() {
    let shop = open().await;
    let (own, foreign, word) = (shop.stack.currency.as_str(), foreign(&shop), word());
    let product = async |name: &str, price: i64, prices: Value| {
        let name = format!("{name} {word}");
        sells(&shop, json!({ "name": name, "price": money(price, own), "prices": prices })).await
    };
    let dear = product("Dear", 2_000, json!([list_price(ABROAD, foreign, 1, 500)])).await;
    let cheap = product("Cheap", 1_000, json!([list_price(ABROAD, foreign, 1, 900)])).await;
    product("Absent", 1_500, json!([list_price(ABROAD, foreign, 10, 400)])).await;
    let of = |names: &[&str]| names.iter().map(|name| format!("{name} {word}")).collect::<Vec<_>>();
    let awaits = async |query: &str, expected: &[&str]| {
        let expected = of(expected);
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        awaits_names(&shop, &format!("search={word}&sort=price{query}"), &expected).await
    };
    awaits("", &["Cheap", "Absent", "Dear"]).await;
    awaits(&format!("&market={HOME}"), &["Cheap", "Absent", "Dear"]).await;
    let abroad = awaits(&format!("&market={ABROAD}"), &["Dear", "Cheap"]).await;
    assert_eq!((&abroad["total"], &abroad["data"][0]["price"]), (&json!(2), &money(500, foreign)));
    awaits(&format!("&market={ABROAD}&maxPrice=600"), &["Dear"]).await;
    awaits(&format!("&market={ABROAD}&minPrice=600&maxPrice=950"), &["Cheap"]).await;
    awaits(&format!("&market={HOME}&maxPrice=600"), &[]).await;

    await_until("only what is for sale in the market is suggested", SOON, async || {
        let suggest = async |market: &str| {
            let path = format!("/api/v1/products/suggest?q={word}&market={market}");
            let found = shop.anonymous().get(&path).await.json();
            let found = found["data"].as_array().cloned().unwrap_or_default();
            found.into_iter().map(|one| one["id"].clone()).filter(|id| !id.is_null()).collect::<Vec<_>>()
        };
        let (abroad, home) = (suggest(ABROAD).await, suggest(HOME).await);
        let is_right = abroad.len() == 2 && abroad.contains(&dear["id"]) && abroad.contains(&cheap["id"]);
        if is_right && home.len() == 3 { Ok(()) } else { Err(format!("{abroad:?} {home:?}")) }
    })
    .await;
}

#[tokio::test]
async fn cursor_of_one_market_is_refused_in_another() {
    let shop = open().await;
    let (own, foreign, word) = (shop.stack.currency.as_str(), foreign(&shop), word());
    let prices = json!([list_price(HOME, own, 1, 1_100), list_price(ABROAD, foreign, 1, 900)]);
    let mut skus = Vec::new();
    for name in ["One", "Two"] {
        let product = sells(&shop, json!({ "name": format!("{name} {word}"), "prices": prices })).await;
        skus.push(product["sku"].as_str().unwrap_or_default().to_owned());
    }
    let newest = [format!("Two {word}"), format!("One {word}")];
    awaits_names(&shop, &format!("search={word}&sort=newest&market={ABROAD}"), &newest.each_ref().map(String::as_str))
        .await;
    for list in [format!("search={word}&sort=newest"), format!("sku={},{}", skus[0], skus[1])] {
        let page = |market: &str, cursor: &str| format!("/api/v1/products?{list}&limit=1&market={market}{cursor}");
        let first = reads(&shop.anonymous(), &page(ABROAD, "")).await.json();
        let cursor = first["pagination"]["cursor"].as_str().unwrap_or_else(|| panic!("{list} has two pages: {first}"));
        let cursor = format!("&cursor={cursor}");
        let second = reads(&shop.anonymous(), &page(ABROAD, &cursor)).await.json();
        assert_eq!((names(&second).len(), &second["pagination"]["hasMore"]), (1, &json!(false)), "{second}");
        assert_ne!(names(&second), names(&first));
        for other in [page(HOME, &cursor), format!("/api/v1/products?{list}&limit=1{cursor}")] {
            shop.anonymous().get(&other).await.expect_problem(400, "invalid_cursor");
        }
    }
}

#[tokio::test]
async fn unknown_and_malformed_market_is_refused_with_its_field() {
    let shop = open().await;
    let mug = shop.sells_this(&shop.mug()).await;
    let long = format!("market={}", "x".repeat(17));
    for path in [
        format!("/api/v1/products/{}?", mug.id),
        "/api/v1/products?".to_owned(),
        format!("/api/v1/products?sku={}&", mug.sku),
        "/api/v1/products/suggest?q=mug&".to_owned(),
    ] {
        for (query, code) in [
            ("market=nowhere", "market_unknown"),
            ("market=", "invalid_value"),
            ("market=EU", "invalid_value"),
            ("market=e%20u", "invalid_value"),
            (long.as_str(), "invalid_value"),
            ("market=default&market=default", "duplicate_field"),
        ] {
            shop.anonymous().get(&format!("{path}{query}")).await.expect_fault("market", code);
        }
    }
    // As before there were markets.
    shop.anonymous().get(&format!("/api/v1/products/{}?utm_source=mail", mug.id)).await.expect(200);
}
