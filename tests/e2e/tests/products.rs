//! The catalog over HTTP: pages, entity tags, and changes that must not be lost.

use std::collections::BTreeSet;

use e2e::{Draft, SOON, Shop, await_until, unique};
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

const MERGE_PATCH: &str = "application/merge-patch+json";

#[tokio::test]
async fn a_list_is_read_in_pages() {
    let shop = Shop::open().await;
    let category = unique("paged");
    let made = join_all((0..5).map(|_| shop.sells(Draft::with_stock(1).in_category(&category)))).await;
    let made: BTreeSet<_> = made.into_iter().map(|product| product.id).collect();
    let first = format!("/api/v1/products?category={category}&limit=2");

    let (seen, sizes) = await_until("all five are listed", SOON, async || {
        let (mut seen, mut sizes, mut path) = (BTreeSet::new(), Vec::new(), first.clone());
        while sizes.len() < 10 {
            let page = shop.anyone().get(&path).await.expect(200).json();
            let ids = page["data"].as_array().into_iter().flatten().filter_map(|product| product["id"].as_str());
            let ids: Vec<_> = ids.map(str::to_owned).collect();
            sizes.push(ids.len());
            seen.extend(ids);
            let pagination = &page["pagination"];
            assert_eq!(pagination["hasMore"], pagination["cursor"].is_string(), "{page}");
            let Some(cursor) = pagination["cursor"].as_str() else { break };
            path = format!("{first}&cursor={cursor}");
        }
        if seen.len() == 5 { Ok((seen, sizes)) } else { Err(format!("{sizes:?}")) }
    })
    .await;
    assert_eq!(seen, made, "each once, and nothing else");
    assert_eq!(sizes.iter().sum::<usize>(), 5, "nothing twice: {sizes:?}");
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_alone() {
    let shop = Shop::open().await;
    let category = unique("paged");
    join_all((0..2).map(|_| shop.sells(Draft::with_stock(1).in_category(&category)))).await;
    let list = format!("/api/v1/products?category={category}&limit=1");
    let cursor = await_until("there is a second page", SOON, async || {
        let page = shop.anyone().get(&list).await.expect(200).json();
        page["pagination"]["cursor"].as_str().map(str::to_owned).ok_or_else(|| page.to_string())
    })
    .await;
    shop.anyone().get(&format!("{list}&cursor={cursor}")).await.expect(200);

    let middle = cursor.len() / 2;
    let other = if cursor[middle..].starts_with('A') { "B" } else { "A" };
    let tampered = format!("{}{other}{}", &cursor[..middle], &cursor[middle + 1..]);
    for bad in [tampered.as_str(), "nonsense", "%20", &cursor[..middle]] {
        shop.anyone().get(&format!("{list}&cursor={bad}")).await.expect_problem(400, "invalid_cursor");
    }
    let elsewhere = format!("/api/v1/products?category={}&limit=1&cursor={cursor}", unique("other"));
    shop.anyone().get(&elsewhere).await.expect_problem(400, "invalid_cursor");
    for limit in ["0", "101", "-1", "many"] {
        shop.anyone().get(&format!("/api/v1/products?limit={limit}")).await.expect_refusal(422).names_field("limit");
    }
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let path = format!("/api/v1/products/{}", mug.id);
    let first = shop.anyone().get(&path).await.expect(200);
    let tag = first.expect_header("etag").to_owned();
    let again = shop.anyone().call(Method::GET, &path).header("If-None-Match", &tag).send().await.expect(304);
    assert_eq!(again.text, "");
    assert_eq!(again.expect_header("etag"), tag);
    shop.anyone().call(Method::GET, &path).header("If-None-Match", "\"another\"").send().await.expect(200);
}

#[tokio::test]
async fn a_change_names_the_version_it_is_of() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let path = format!("/api/v1/products/{}", mug.id);
    let tag = shop.anyone().get(&path).await.expect(200).expect_header("etag").to_owned();
    let admin = shop.admin().await;
    let rename = |name: &str| admin.call(Method::PATCH, &path).text(MERGE_PATCH, json!({ "name": name }).to_string());

    rename("Without a version").send().await.expect_refusal(428);
    rename("Of another version").header("If-Match", "\"4711\"").send().await.expect_refusal(412);
    let changed = rename("Teacup").header("If-Match", &tag).send().await.expect(200);
    assert_eq!(changed.json()["name"], "Teacup");
    assert_ne!(changed.expect_header("etag"), tag, "a change has a new tag");
    rename("Too late").header("If-Match", &tag).send().await.expect_refusal(412);
    await_until("everybody sees the new name", SOON, async || {
        let shown = shop.shows(&mug).await;
        if shown["name"] == "Teacup" { Ok(()) } else { Err(shown["name"].to_string()) }
    })
    .await;
}

#[tokio::test]
async fn a_sku_names_one_product() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let twin = json!({
        "sku": mug.sku, "name": "Twin", "description": "Another.", "category": "mugs",
        "price": { "amount": 100, "currency": shop.stack.currency }, "stock": { "available": 1 },
    });
    shop.admin().await.post("/api/v1/products", &twin).await.expect_refusal(409);
}
