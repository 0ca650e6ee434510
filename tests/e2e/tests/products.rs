//! The catalog over HTTP: pages, entity tags, and changes that must not be lost.

use std::collections::BTreeSet;

use e2e::{Draft, SOON, Shop, await_until, unique};
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

const MERGE_PATCH: &str = "application/merge-patch+json";

#[tokio::test]
async fn list_of_products_has_pages() {
    let shop = Shop::open().await;
    let category = unique("paged");
    let created = join_all((0..5).map(|_| shop.sells(Draft::with_stock(1).in_category(&category)))).await;
    let created: BTreeSet<_> = created.into_iter().map(|product| product.id).collect();
    let first = format!("/api/v1/products?category={category}&limit=2");

    let (listed, sizes) = await_until("all five are listed", SOON, async || {
        let (mut listed, mut sizes, mut path) = (BTreeSet::new(), Vec::new(), first.clone());
        while sizes.len() < 10 {
            let page = shop.anonymous().get(&path).await.expect(200).json();
            let ids = page["data"].as_array().into_iter().flatten().filter_map(|product| product["id"].as_str());
            let ids: Vec<_> = ids.map(str::to_owned).collect();
            sizes.push(ids.len());
            listed.extend(ids);
            let pagination = &page["pagination"];
            assert_eq!(pagination["hasMore"], pagination["cursor"].is_string(), "{page}");
            let Some(cursor) = pagination["cursor"].as_str() else { break };
            path = format!("{first}&cursor={cursor}");
        }
        if listed.len() == 5 { Ok((listed, sizes)) } else { Err(format!("{sizes:?}")) }
    })
    .await;
    assert_eq!(listed, created, "each should be listed once, and nothing else");
    assert_eq!(sizes.iter().sum::<usize>(), 5, "no product should be listed twice: {sizes:?}");
}

#[tokio::test]
async fn cursor_is_valid_for_its_own_list_only() {
    let shop = Shop::open().await;
    let category = unique("paged");
    join_all((0..2).map(|_| shop.sells(Draft::with_stock(1).in_category(&category)))).await;
    let list = format!("/api/v1/products?category={category}&limit=1");
    let cursor = await_until("there is a second page", SOON, async || {
        let page = shop.anonymous().get(&list).await.expect(200).json();
        page["pagination"]["cursor"].as_str().map(str::to_owned).ok_or_else(|| page.to_string())
    })
    .await;
    shop.anonymous().get(&format!("{list}&cursor={cursor}")).await.expect(200);

    let middle = cursor.len() / 2;
    let other = if cursor[middle..].starts_with('A') { "B" } else { "A" };
    let tampered = format!("{}{other}{}", &cursor[..middle], &cursor[middle + 1..]);
    for bad in [tampered.as_str(), "nonsense", "%20", &cursor[..middle]] {
        shop.anonymous().get(&format!("{list}&cursor={bad}")).await.expect_problem(400, "invalid_cursor");
    }
    let other_path = format!("/api/v1/products?category={}&limit=1&cursor={cursor}", unique("other"));
    shop.anonymous().get(&other_path).await.expect_problem(400, "invalid_cursor");
    for limit in ["0", "101", "-1", "many"] {
        shop.anonymous().get(&format!("/api/v1/products?limit={limit}")).await.expect_refusal(422).names_field("limit");
    }
}

#[tokio::test]
async fn unchanged_product_is_304() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let path = format!("/api/v1/products/{}", mug.id);
    let first = shop.anonymous().get(&path).await.expect(200);
    let tag = first.expect_header("etag").to_owned();
    let again = shop.anonymous().call(Method::GET, &path).header("If-None-Match", &tag).send().await.expect(304);
    assert_eq!(again.text, "");
    assert_eq!(again.expect_header("etag"), tag);
    assert_eq!(again.expect_header("cache-control"), first.expect_header("cache-control"));
    shop.anonymous().call(Method::GET, &path).header("If-None-Match", "\"another\"").send().await.expect(200);
}

#[tokio::test]
async fn product_change_needs_the_current_version() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let path = format!("/api/v1/products/{}", mug.id);
    let tag = shop.anonymous().get(&path).await.expect(200).expect_header("etag").to_owned();
    let admin = shop.admin().await;
    let rename = |name: &str| admin.call(Method::PATCH, &path).text(MERGE_PATCH, json!({ "name": name }).to_string());

    rename("Without a version").send().await.expect_refusal(428);
    rename("Of another version").header("If-Match", "\"4711\"").send().await.expect_refusal(412);
    let changed = rename("Teacup").header("If-Match", &tag).send().await.expect(200);
    assert_eq!(changed.json()["name"], "Teacup");
    assert_ne!(changed.expect_header("etag"), tag, "a change should have a new tag");
    rename("Too late").header("If-Match", &tag).send().await.expect_refusal(412);
    await_until("everybody sees the new name", SOON, async || {
        let shown = shop.reads_product(&mug).await;
        if shown["name"] == "Teacup" { Ok(()) } else { Err(shown["name"].to_string()) }
    })
    .await;
}

#[tokio::test]
async fn sku_is_unique() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let twin = json!({
        "sku": mug.sku, "name": "Twin", "description": "Another.", "category": "mugs",
        "price": { "amount": 100, "currency": shop.stack.currency }, "stock": { "available": 1 },
    });
    shop.admin().await.post("/api/v1/products", &twin).await.expect_refusal(409);
}

#[tokio::test]
async fn public_page_is_cacheable_and_admin_page_is_not() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let path = format!("/api/v1/products/{}", mug.id);
    for reader in [shop.anonymous(), shop.new_customer().await.api] {
        let cache_control = reader.get(&path).await.expect(200).expect_header("cache-control").to_owned();
        assert_eq!(cache_control, "public, max-age=5, stale-while-revalidate=30");
    }
    let cache_control = shop.looks_up_product(&mug.id).await.expect_header("cache-control").to_owned();
    assert_eq!(cache_control, "private, no-cache");
    let refused = shop.anonymous().get("/api/v1/products/prd_01h455vb4pex5vsknk084sn02q").await.expect(404);
    assert_eq!(refused.expect_header("cache-control"), "no-store", "a 404 should not be cached");
}

#[tokio::test]
async fn change_is_visible_to_admin_at_once_and_to_everyone_within_seconds() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let before = shop.reads_product(&mug).await;
    shop.tries_to_patch(&mug.id, &json!({ "name": "Teacup", "price": { "amount": 990 } })).await.expect(200);
    let now = shop.looks_up_product(&mug.id).await.json();
    assert_eq!((&now["name"], &now["price"]["amount"], &now["version"]), (&json!("Teacup"), &json!(990), &json!(2)));
    await_until("everybody sees the new price", SOON, async || {
        let shown = shop.reads_product(&mug).await;
        // Never a new name at an old price.
        let document = (shown["name"].as_str(), shown["price"]["amount"].as_i64());
        assert!(shown == before || document == (Some("Teacup"), Some(990)), "{shown}");
        if shown == now { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn product_members_are_stored_and_removed_by_null() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let document = json!({
        "name": "Stoneware Mug", "description": "Holds tea.\nAnd coffee.", "category": "e2e", "brand": "Kiln & Co",
        "tags": ["mug", "stoneware"], "attributes": { "volumeMl": 350, "glazed": true, "colour": "indigo" },
        "price": shop.money(1_490), "compareAtPrice": shop.money(1_990), "weight": 380, "taxClass": "reduced",
    });
    let replaced = shop.tries_to_replace(&mug.id, &document).await.expect(200).json();
    for (field, value) in document.as_object().into_iter().flatten() {
        assert_eq!(&replaced[field], value, "{field}");
    }
    assert_eq!(
        (&replaced["sku"], &replaced["stock"]["available"]),
        (&json!(mug.sku), &json!(3)),
        "SKU and stock should stay"
    );

    let less = json!({ "brand": null, "compareAtPrice": null, "weight": null, "attributes": { "glazed": null } });
    let patched = shop.tries_to_patch(&mug.id, &less).await.expect(200).json();
    for gone in ["brand", "compareAtPrice", "weight"] {
        assert!(patched.get(gone).is_none(), "{gone}: {patched}");
    }
    assert_eq!(patched["attributes"], json!({ "volumeMl": 350, "colour": "indigo" }));
    assert_eq!(patched["price"], document["price"], "an omitted member should stay");
}

#[tokio::test]
async fn invalid_price_is_refused_with_its_field() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let money = |amount: i64| shop.money(amount);
    let foreign = if shop.stack.currency == "USD" { "EUR" } else { "USD" };
    let bad = [
        (json!({ "price": money(-1) }), "amount", "price_out_of_range"),
        (json!({ "price": money(100_000_001) }), "amount", "price_out_of_range"),
        (json!({ "price": { "amount": 1.5 } }), "amount", "wrong_type"),
        (json!({ "price": { "currency": foreign } }), "currency", "currency_mismatch"),
        (json!({ "price": { "currency": "Euro" } }), "currency", "invalid_value"),
        (json!({ "price": null }), "price", "required"),
        (json!({ "compareAtPrice": money(1_299) }), "compareAtPrice", "compare_at_price_too_low"),
        (json!({ "compareAtPrice": { "amount": 9_999 } }), "currency", "required"),
        (json!({ "compareAtPrice": { "amount": 9_999, "currency": foreign } }), "currency", "currency_mismatch"),
        (json!({ "weight": 0 }), "weight", "weight_out_of_range"),
        (json!({ "weight": 1_000_001 }), "weight", "weight_out_of_range"),
        (json!({ "brand": "a\u{200b}b" }), "brand", "invalid_value"),
        (json!({ "stock": { "available": 9 } }), "stock", "unknown_field"),
    ];
    for (patch, field, code) in bad {
        shop.tries_to_patch(&mug.id, &patch).await.expect_refusal(422).names_field(field).has_error_code(code);
    }
    shop.tries_to_patch(&mug.id, &json!({ "compareAtPrice": money(1_299) }))
        .await
        .expect_problem(422, "compare_at_price_too_low");
    let content = json!({ "name": "Mug", "category": "e2e", "price": money(1) });
    for (field, value) in [("sku", json!("ANOTHER")), ("stock", json!({ "available": 9 }))] {
        let mut content = content.clone();
        content[field] = value;
        shop.tries_to_replace(&mug.id, &content).await.expect_refusal(422).names_field(field);
    }
    assert_eq!(shop.looks_up_product(&mug.id).await.json()["version"], 1, "nothing should change");
}

#[tokio::test]
async fn product_has_a_history() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    shop.reprices(&mug, 990).await;
    shop.tries_to_patch(&mug.id, &json!({ "brand": "Kiln" })).await.expect(200);
    shop.archives(&mug).await;
    let path = format!("/api/v1/products/{}/history", mug.id);
    let admin = shop.admin().await;
    let document = admin.get(&path).await.expect(200).json();
    let entries = document["data"].as_array().cloned().unwrap_or_default();
    let kinds: Vec<_> = entries.iter().map(|entry| (&entry["version"], &entry["kind"], &entry["was"])).collect();
    let (active, price) = (json!({ "status": "active" }), json!({ "price": shop.money(1299) }));
    assert_eq!(
        kinds,
        [
            (&json!(4), &json!("archived"), &active),
            (&json!(3), &json!("patched"), &json!({ "brand": null })),
            (&json!(2), &json!("patched"), &price),
            (&json!(1), &json!("created"), &json!({})),
        ]
    );
    assert!(entries.iter().all(|entry| entry["actor"].as_str().is_some_and(|who| who.starts_with("admin:usr_"))));
    let pages = admin.walks(&path, 3).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1]);

    shop.anonymous().get(&path).await.expect_refusal(401);
    shop.new_customer().await.api.get(&path).await.expect_refusal(403);
    admin.get("/api/v1/products/prd_01h455vb4pex5vsknk084sn02q/history").await.expect_refusal(404);
}

#[tokio::test]
async fn archived_product_is_visible_to_admins_and_cannot_change() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    shop.reads_product(&mug).await;
    shop.archives(&mug).await;
    await_until("the mug is hidden from everyone", SOON, async || {
        let response = shop.anonymous().get(&format!("/api/v1/products/{}", mug.id)).await;
        if response.status == 404 { Ok(()) } else { Err(response.text) }
    })
    .await;
    let shown = shop.looks_up_product(&mug.id).await.json();
    assert_eq!((&shown["status"], &shown["stock"]["available"]), (&json!("archived"), &json!(3)));
    shop.tries_to_patch(&mug.id, &json!({ "name": "Back" })).await.expect_problem(409, "product_archived");
}
