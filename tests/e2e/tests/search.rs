//! Search over HTTP: changes are found, and filters and facets agree.

use std::time::Duration;

use e2e::search::{awaits, found, sells, word};
use e2e::{SOON, Shop, await_until};
use reqwest::Method;
use serde_json::{Value, json};

/// The promised time until a change is found on a quiet stack. This stack is busy, so tests wait for longer.
const PROMISED: Duration = Duration::from_secs(10);

fn names(page: &Value) -> Vec<String> {
    let names = page["data"].as_array().into_iter().flatten().filter_map(|product| product["name"].as_str());
    names.map(str::to_owned).collect()
}

/// Waits until a search finds these in this order. Execution environments may be some seconds apart.
async fn awaits_these(shop: &Shop, query: &str, expected: &[&str]) {
    await_until(format_args!("{query} finds {expected:?}"), SOON, async || {
        let found = names(&found(&shop.anonymous(), query).await);
        if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
}

async fn changes(shop: &Shop, product: &Value, method: Method, patch: Option<Value>) {
    let (admin, path) =
        (shop.admin().await, format!("/api/v1/products/{}", product["id"].as_str().unwrap_or_default()));
    let tag = admin.get(&path).await.expect(200).expect_header("etag").to_owned();
    let call = admin.call(method, &path).header("If-Match", &tag);
    let call = match patch {
        Some(patch) => call.text("application/merge-patch+json", patch.to_string()),
        None => call,
    };
    call.send().await.expect_success();
}

#[tokio::test]
async fn created_changed_and_archived_products_are_found_accordingly() {
    let shop = Shop::open().await;
    let (first, second) = (word(), word());
    let start = std::time::Instant::now();
    let product = sells(&shop, json!({ "name": format!("Plain {first}") })).await;
    let page = awaits(&shop, &format!("search={first}"), 1).await;
    eprintln!(
        "found after {} ms; {} ms are promised on a quiet stack",
        start.elapsed().as_millis(),
        PROMISED.as_millis()
    );
    assert_eq!(
        page["data"][0],
        shop.anonymous()
            .get(&format!("/api/v1/products/{}", product["id"].as_str().unwrap_or_default()))
            .await
            .expect(200)
            .json(),
        "a hit should equal the product's own page"
    );

    changes(&shop, &product, Method::PATCH, Some(json!({ "name": format!("Fancy {second}") }))).await;
    awaits(&shop, &format!("search={second}"), 1).await;
    awaits(&shop, &format!("search={first}"), 0).await;
    awaits_these(&shop, &format!("search={second}"), &[&format!("Fancy {second}")]).await;

    changes(&shop, &product, Method::DELETE, None).await;
    awaits(&shop, &format!("search={second}&category=quokkas"), 0).await;
}

#[tokio::test]
async fn search_understands_typos_plurals_and_prefixes() {
    let shop = Shop::open().await;
    let word = word();
    sells(&shop, json!({ "name": format!("Café {word}s") })).await;
    awaits(&shop, &format!("search={word}"), 1).await;
    let api = shop.anonymous();
    let mut swapped = word.clone().into_bytes();
    swapped.swap(4, 5);
    let swapped = String::from_utf8(swapped).unwrap_or_default();
    for typed in [&format!("CAFE%20{word}"), &format!("{}x", &word), &swapped, &word[..word.len() - 2]] {
        awaits(&shop, &format!("search={typed}&category=quokkas"), 1).await;
    }
    let suggest = format!("/api/v1/products/suggest?q={}", &word[..word.len() - 2]);
    let suggested = await_until(format_args!("{suggest} suggests two"), SOON, async || {
        let suggested = api.get(&suggest).await.expect(200).json();
        if suggested["data"].as_array().is_some_and(|two| two.len() == 2) {
            Ok(suggested)
        } else {
            Err(suggested.to_string())
        }
    })
    .await;
    assert_eq!((&suggested["data"][0]["kind"], &suggested["data"][1]["kind"]), (&json!("text"), &json!("product")));
    assert_eq!(suggested["data"][1]["text"], format!("Café {word}s"));
}

#[tokio::test]
async fn filters_sort_orders_and_facets_agree() {
    let shop = Shop::open().await;
    let tag = word();
    for (name, price, colour, stock) in
        [("One", 500, "blue", 3), ("Two", 1_500, "blue", 0), ("Three", 150_000, "red", 9)]
    {
        let body = json!({
            "name": name, "tags": [tag, format!("{tag} {colour}")], "brand": format!("{tag} & Sons"), "stock": { "available": stock },
            "attributes": { "colour": colour, "washable": price < 1_000 }, "price": { "amount": price, "currency": shop.stack.currency },
        });
        sells(&shop, body).await;
    }
    let all = awaits(&shop, &format!("tag={tag}"), 3).await;
    assert_eq!(names(&all), ["Three", "Two", "One"], "newest should come first");
    for (filter, expected) in [
        ("sort=price", vec!["One", "Two", "Three"]),
        ("sort=-price", vec!["Three", "Two", "One"]),
        ("minPrice=500&maxPrice=1500&sort=price", vec!["One", "Two"]),
        ("inStock=true&sort=price", vec!["One", "Three"]),
        ("inStock=false", vec!["Two"]),
        ("attribute=colour:blue&sort=price", vec!["One", "Two"]),
        ("attribute=colour:blue&attribute=washable:true", vec!["One"]),
        ("minRating=1", vec![]),
        ("category=elsewhere", vec![]),
        ("category=quokkas&search=three", vec!["Three"]),
    ] {
        awaits_these(&shop, &format!("tag={tag}&{filter}"), &expected).await;
    }
    awaits(&shop, &format!("brand={tag}%20%26%20Sons"), 3).await;
    let facets = &all["facets"];
    assert_eq!(facets["category"], json!([{ "value": "quokkas", "count": 3 }]));
    assert_eq!(facets["brand"], json!([{ "value": format!("{tag} & Sons"), "count": 3 }]));
    assert_eq!(facets["price"].as_array().map(Vec::len), Some(3), "{facets}");
    let colour = facets["attributes"].as_array().into_iter().flatten().find(|attribute| attribute["name"] == "colour");
    assert_eq!(
        colour.map(|colour| &colour["values"]),
        Some(&json!([{ "value": "blue", "count": 2 }, { "value": "red", "count": 1 }]))
    );
}

#[tokio::test]
async fn stock_changes_reach_the_stock_filter() {
    let shop = Shop::open().await;
    let word = word();
    let product = sells(&shop, json!({ "name": word, "stock": { "available": 1 } })).await;
    awaits(&shop, &format!("search={word}&inStock=true"), 1).await;
    let count = async |pieces: u32| {
        let path = format!("/api/v1/products/{}/stock", product["id"].as_str().unwrap_or_default());
        let call = shop.admin().await.call(Method::PATCH, &path);
        call.json(&json!({ "set": pieces })).send().await.expect(200);
    };
    count(0).await;
    awaits(&shop, &format!("search={word}&inStock=false"), 1).await;
    count(2).await;
    awaits(&shop, &format!("search={word}&inStock=true"), 1).await;
}

#[tokio::test]
async fn search_filter_out_of_range_is_refused_with_its_name() {
    let shop = Shop::open().await;
    let long = "x".repeat(10_000);
    for (query, field, code) in [
        (format!("search={long}"), "search", "text_length"),
        ("search=".to_owned(), "search", "text_length"),
        ("search=a%00b".to_owned(), "search", "control_characters"),
        ("minPrice=-1".to_owned(), "minPrice", "price_out_of_range"),
        ("maxPrice=1.5".to_owned(), "maxPrice", "price_out_of_range"),
        ("minPrice=2&maxPrice=1".to_owned(), "minPrice", "price_range_empty"),
        ("inStock=maybe".to_owned(), "inStock", "not_a_flag"),
        ("minRating=6".to_owned(), "minRating", "rating_out_of_range"),
        ("attribute=colour".to_owned(), "attribute", "attribute_malformed"),
        ("sort=cheapest".to_owned(), "sort", "sort_unknown"),
        ("category=a%23b".to_owned(), "category", "invalid_value"),
        ("colour=red".to_owned(), "colour", "unknown_field"),
        ("brand=a&brand=b".to_owned(), "brand", "duplicate_field"),
        ("tag=a&tag=".to_owned(), "tag", "text_length"),
        ("sku=".to_owned(), "sku", "sku_invalid"),
        ("sku=a%20b".to_owned(), "sku", "sku_invalid"),
        ("sku=a&search=mug".to_owned(), "search", "not_with_sku"),
        (format!("sku={}", vec!["a"; 51].join(",")), "sku", "too_many_skus"),
    ] {
        let problem =
            shop.anonymous().get(&format!("/api/v1/products?{query}")).await.expect_problem(422, "validation_failed");
        problem.names_field(field).has_error_code(code);
    }
    let suggest = |query: &str| format!("/api/v1/products/suggest?{query}");
    shop.anonymous().get(&suggest("")).await.expect_refusal(422).names_field("q").has_error_code("required");
    shop.anonymous()
        .get(&suggest(&format!("q={long}")))
        .await
        .expect_refusal(422)
        .names_field("q")
        .has_error_code("text_length");
    shop.anonymous().get(&suggest("q=a&limit=21")).await.expect_refusal(422).names_field("limit");
}

#[tokio::test]
async fn unchanged_search_page_is_304() {
    let shop = Shop::open().await;
    let word = word();
    sells(&shop, json!({ "name": word })).await;
    awaits(&shop, &format!("search={word}"), 1).await;
    let path = format!("/api/v1/products?search={word}");
    await_until("an unchanged page is read twice", SOON, async || {
        let first = shop.anonymous().get(&path).await.expect(200);
        assert!(first.expect_header("cache-control").starts_with("public, max-age=5"));
        let tag = first.expect_header("etag");
        let again = shop.anonymous().call(Method::GET, &path).header("If-None-Match", tag).send().await;
        // Execution environments may be some seconds apart, and then their pages differ.
        match again.status {
            200 if again.expect_header("etag") != tag => Err(again.text),
            _ => {
                assert_eq!(again.expect(304).text, "");
                Ok(())
            }
        }
    })
    .await;
}
