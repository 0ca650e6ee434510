//! Conditional requests (RFC 9110, 13): a list of entity tags, weak tags, `*`, and headers outside the grammar.

use e2e::{Draft, Product, Response, Shop};
use reqwest::Method;
use serde_json::json;

/// A product, its path and its current entity tag.
async fn mug(shop: &Shop) -> (Product, String, String) {
    let mug = shop.sells(Draft::with_stock(5)).await;
    let path = format!("/api/v1/products/{}", mug.id);
    let tag = shop.looks_up_product(&mug.id).await.expect_header("etag").to_owned();
    (mug, path, tag)
}

/// Renames a product with these lines of `If-Match`.
async fn renames(shop: &Shop, path: &str, lines: &[&str]) -> Response {
    let call = shop.admin().await.call(Method::PATCH, path);
    let call = lines.iter().fold(call, |call, line| call.header("If-Match", line));
    call.text("application/merge-patch+json", json!({ "name": "Teacup" }).to_string()).send().await
}

#[tokio::test]
async fn change_needs_one_strong_tag_of_the_current_version() {
    let shop = Shop::open().await;
    let (mug, path, tag) = mug(&shop).await;
    // A weak tag never matches in the strong comparison (RFC 9110, 8.8.3.2).
    let (weak, pair, half) = (format!("W/{tag}"), format!("W/{tag}, \"999\""), format!("{tag}, 5"));
    for never in [&weak, &pair, &half, "\"998\", \"999\"", "*, \"999\"", "\"foreign\"", "4", ""] {
        renames(&shop, &path, &[never]).await.expect_problem(412, "version_mismatch");
    }
    renames(&shop, &path, &["*"]).await.expect_problem(428, "if_match_required");
    assert_eq!(shop.looks_up_product(&mug.id).await.expect_header("etag"), tag, "nothing should be changed");

    let first = format!("{tag}, \"999\"");
    let changed = renames(&shop, &path, &[&first]).await.expect(200);
    let last = format!("W/\"998\" ,\"a,b\",, {}", changed.expect_header("etag"));
    let changed = renames(&shop, &path, &[&last]).await.expect(200);
    renames(&shop, &path, &["\"999\"", changed.expect_header("etag")]).await.expect(200);
}

#[tokio::test]
async fn cart_changes_in_any_version_or_in_a_listed_one() {
    let shop = Shop::open().await;
    let (mug, ..) = mug(&shop).await;
    let customer = shop.new_customer().await;
    customer.adds(&mug.sku, 1).await;
    let line = format!("/api/v1/cart/me/items/{}", mug.sku);
    let set = async |quantity: u32, tag: &str| {
        let call = customer.api.call(Method::PUT, &line).header("If-Match", tag);
        call.json(&json!({ "quantity": quantity })).send().await
    };
    let changed = set(2, "*").await.expect(200);
    let tag = changed.expect_header("etag").to_owned();
    for never in [&format!("W/{tag}"), &format!("{tag}, 5"), "\"998\", \"999\"", "4"] {
        set(3, never).await.expect_problem(412, "version_mismatch");
    }
    set(4, &format!("\"999\", {tag}")).await.expect(200);
    assert_eq!(customer.looks_into_cart().await["items"][0]["quantity"], 4);
}

#[tokio::test]
async fn known_version_is_304_by_any_listed_tag_weak_or_strong() {
    let shop = Shop::open().await;
    let (_mug, path, _tag) = mug(&shop).await;
    let tag = shop.anonymous().get(&path).await.expect(200).expect_header("etag").to_owned();
    let read =
        async |known: &str| shop.anonymous().call(Method::GET, &path).header("If-None-Match", known).send().await;
    let (weak, list, weak_list) = (format!("W/{tag}"), format!("\"999\", {tag}"), format!("\"a,b\",, W/{tag}"));
    for known in [&tag, &weak, &list, &weak_list, "*"] {
        let response = read(known).await.expect(304);
        assert_eq!((response.expect_header("etag"), response.text.as_str()), (tag.as_str(), ""), "{known}");
    }
    // A malformed header is ignored.
    let (half, unquoted) = (format!("{tag}, 5"), tag.replace('"', ""));
    for unknown in ["\"999\"", "W/\"999\", \"998\"", "", &half, &unquoted, &format!("*, {tag}"), &format!("w/{tag}")] {
        read(unknown).await.expect(200);
    }
}
