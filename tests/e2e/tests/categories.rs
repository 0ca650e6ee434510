//! The tree of categories: admins arrange it, and no product changes.

use e2e::{Draft, Response, SOON, Shop, await_until, unique};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

const CATEGORIES: &str = "/api/v1/categories";

/// A category as everyone sees it, at any depth of the tree; null if it is not there.
fn find(branches: &Value, key: &str) -> Value {
    let branches = branches.as_array().map(Vec::as_slice).unwrap_or_default();
    let found = branches.iter().find(|branch| branch["key"] == key).cloned();
    let below = || branches.iter().map(|branch| find(&branch["children"], key)).find(|found| !found.is_null());
    found.or_else(below).unwrap_or_default()
}

async fn looks_up(shop: &Shop, key: &str) -> Value {
    find(&shop.admin().await.get(CATEGORIES).await.expect(200).json()["data"], key)
}

async fn makes(shop: &Shop, name: &str, parent: Option<&str>) -> Value {
    let body = json!({ "key": unique(name), "name": name, "parent": parent });
    shop.admin().await.post(CATEGORIES, &body).await.expect(201).json()
}

/// Moves a category. Retries while other tests change the tree.
async fn tries_to_move(shop: &Shop, category: &Value, parent: Option<&str>) -> Response {
    let path = format!("{CATEGORIES}/{}", key(category));
    let tag = format!("\"{}\"", category["version"]);
    let body = json!({ "name": category["name"], "parent": parent, "position": category["position"] });
    await_until(format_args!("{path} is moved"), SOON, async || {
        let admin = shop.admin().await;
        let response = admin.call(Method::PUT, &path).header("If-Match", &tag).json(&body).send().await;
        if response.text.contains("too_many_concurrent_updates") { Err(response.text) } else { Ok(response) }
    })
    .await
}

async fn tries_to_delete(shop: &Shop, category: &Value) -> Response {
    let path = format!("{CATEGORIES}/{}", key(category));
    let tag = format!("\"{}\"", category["version"]);
    shop.admin().await.call(Method::DELETE, &path).header("If-Match", &tag).send().await
}

fn key(category: &Value) -> &str {
    category["key"].as_str().unwrap_or_else(|| panic!("a category should have a key: {category}"))
}

#[tokio::test]
async fn category_appears_with_its_first_product_and_moves_without_changing_it() {
    let shop = Shop::open().await;
    let name = unique("mugs");
    let mug = shop.sells(Draft::with_stock(1).in_category(&name)).await;
    let mugs = looks_up(&shop, &name).await;
    assert_eq!((&mugs["name"], &mugs["version"], &mugs["children"]), (&json!(name), &json!(1), &json!([])));

    let kitchen = makes(&shop, "Kitchen", None).await;
    let renamed = json!({ "name": "Mugs & Cups", "parent": key(&kitchen), "position": 3 });
    let path = format!("{CATEGORIES}/{name}");
    let admin = shop.admin().await;
    admin.put(&path, &renamed).await.expect_problem(428, "if_match_required");
    let put = async |tag: &str| admin.call(Method::PUT, &path).header("If-Match", tag).json(&renamed).send().await;
    put("\"7\"").await.expect_problem(412, "version_mismatch");
    let changed = put("\"1\"").await.expect(200);
    assert_eq!((changed.expect_header("etag"), &changed.json()["parent"]), ("\"2\"", &kitchen["key"]));
    put("\"1\"").await.expect_problem(412, "version_mismatch");

    let below = &looks_up(&shop, key(&kitchen)).await["children"][0];
    assert_eq!((&below["key"], &below["name"], &below["position"]), (&json!(name), &json!("Mugs & Cups"), &json!(3)));
    let shown = shop.looks_up_product(&mug.id).await.json();
    assert_eq!((&shown["category"], &shown["version"]), (&json!(name), &json!(1)), "the product should be unchanged");
}

#[tokio::test]
async fn category_key_derives_from_the_name_and_is_unique() {
    let shop = Shop::open().await;
    let name = format!("Küche & {}", unique("Bad"));
    let admin = shop.admin().await;
    let created = admin.post(CATEGORIES, &json!({ "name": name, "position": 2 })).await.expect(201);
    let category = created.json();
    let slug = key(&category).to_owned();
    assert!(slug.starts_with("küche-bad-"), "{category}");
    assert_eq!(
        (&category["parent"], &category["position"], created.expect_header("etag")),
        (&json!(null), &json!(2), "\"1\"")
    );
    admin.post(CATEGORIES, &json!({ "name": name })).await.expect_problem(409, "category_exists").names_field("key");
    for (body, field) in [
        (json!({ "name": "&&&" }), "key"),
        (json!({ "name": "" }), "name"),
        (json!({ "key": "a/b", "name": "A" }), "key"),
        (json!({ "name": "A", "parent": unique("nowhere") }), "parent"),
        (json!({ "name": "A", "position": -1 }), "position"),
        (json!({ "name": "A", "children": [] }), "children"),
    ] {
        admin.post(CATEGORIES, &body).await.expect_refusal(422).names_field(field);
    }
}

#[tokio::test]
async fn concurrent_moves_never_make_a_cycle() {
    let shop = Shop::open().await;
    let a = makes(&shop, "A", None).await;
    let c = makes(&shop, "C", Some(key(&a))).await;
    tries_to_move(&shop, &a, Some(key(&c))).await.expect_problem(409, "category_cycle").names_field("parent");
    tries_to_move(&shop, &a, Some(key(&a))).await.expect_problem(409, "category_cycle");

    // Several pairs at once, so that some of them conflict.
    join_all((0..4).map(async |_| {
        let (a, b) = (makes(&shop, "A", None).await, makes(&shop, "B", None).await);
        let (first, second) =
            futures::join!(tries_to_move(&shop, &a, Some(key(&b))), tries_to_move(&shop, &b, Some(key(&a))));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "one of the two moves should succeed: {} {}", first.text, second.text);
        let (a, b) = (looks_up(&shop, key(&a)).await, looks_up(&shop, key(&b)).await);
        assert!(!a.is_null() && !b.is_null(), "both should be in the tree");
        assert_ne!(
            find(&a["children"], key(&b)).is_null(),
            find(&b["children"], key(&a)).is_null(),
            "one should be below the other"
        );
    }))
    .await;
}

#[tokio::test]
async fn tree_is_at_most_six_deep() {
    let shop = Shop::open().await;
    let mut lowest = makes(&shop, "1", None).await;
    for level in 2..=6 {
        lowest = makes(&shop, &level.to_string(), Some(key(&lowest))).await;
    }
    let body = json!({ "key": unique("7"), "name": "7", "parent": key(&lowest) });
    shop.admin().await.post(CATEGORIES, &body).await.expect_problem(409, "category_too_deep");
    let (top, leaf) = (makes(&shop, "top", None).await, key(&lowest));
    tries_to_move(&shop, &top, Some(leaf)).await.expect_problem(409, "category_too_deep");
}

#[tokio::test]
async fn only_an_empty_category_can_be_deleted() {
    let shop = Shop::open().await;
    let parent = makes(&shop, "Parent", None).await;
    let child = makes(&shop, "Child", Some(key(&parent))).await;
    tries_to_delete(&shop, &parent).await.expect_problem(409, "category_in_use");
    let mug = shop.sells(Draft::with_stock(1).in_category(key(&child))).await;
    tries_to_delete(&shop, &child).await.expect_problem(409, "category_in_use");
    shop.archives(&mug).await;
    await_until("nothing is in it any more", SOON, async || {
        let response = tries_to_delete(&shop, &child).await;
        if response.status == 204 { Ok(()) } else { Err(response.text) }
    })
    .await;
    tries_to_delete(&shop, &parent).await.expect(204);
    tries_to_delete(&shop, &parent).await.expect_refusal(404);
}

#[tokio::test]
async fn everyone_reads_the_tree_and_only_admins_change_it() {
    let shop = Shop::open().await;
    let created = makes(&shop, "Seen", None).await;
    let tree = await_until("everybody sees it", SOON, async || {
        let tree = shop.anonymous().get(CATEGORIES).await.expect(200);
        if find(&tree.json()["data"], key(&created)).is_null() { Err(tree.text) } else { Ok(tree) }
    })
    .await;
    assert_eq!(tree.expect_header("cache-control"), "public, max-age=5, stale-while-revalidate=30");
    let tag = tree.expect_header("etag");
    let again = shop.anonymous().call(Method::GET, CATEGORIES).header("If-None-Match", tag).send().await;
    // Another test may have changed the tree meanwhile, and with it the tag.
    assert!(again.status == 304 || again.expect_header("etag") != tag, "{} {}", again.status, again.text);

    let customer = shop.new_customer().await;
    let path = format!("{CATEGORIES}/{}", key(&created));
    for (api, status) in [(shop.anonymous(), 401), (customer.api, 403)] {
        api.post(CATEGORIES, &json!({ "name": "Mine" })).await.expect_refusal(status);
        api.put(&path, &json!({ "name": "Mine" })).await.expect_refusal(status);
        api.delete(&path).await.expect_refusal(status);
    }
    shop.admin().await.delete(&path).await.expect_problem(428, "if_match_required");
}
