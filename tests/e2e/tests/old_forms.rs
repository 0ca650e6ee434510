//! The task of housekeeping that brings rows of earlier releases into the one form of texts and keys. Before it, the rows are read as if it
//! had run; after it, what only an admin can decide is in its report.

use e2e::{Draft, Product, SOON, Shop, await_until, unique};
use reqwest::Method;
use serde_json::{Value, json};

const CATEGORIES: &str = "/api/v1/categories";
/// The tests run one after the other: a run of the task by one would change the old rows of another.
const TASK: &str = "normalize-texts";

/// Runs the task from its beginning to its end; returns the last report.
async fn normalizes(shop: &Shop) -> Value {
    let run = async |task: Value| {
        let result = shop.functions.invoke("housekeeping", task.to_string()).await;
        assert!(result.error.is_none(), "{result:?}");
        result.payload["texts"].clone()
    };
    await_until("the task begins again", SOON, async || {
        // Another run can continue it at the same moment.
        let task = json!({ "task": "normalize-texts", "restart": true }).to_string();
        let result = shop.functions.invoke("housekeeping", task).await;
        if result.error.is_none() { Ok(()) } else { Err(format!("{result:?}")) }
    })
    .await;
    await_until("all rows are in form", SOON, async || {
        let report = run(json!({ "task": "normalize-texts" })).await;
        if report["isFinished"] == true { Ok(report) } else { Err(report.to_string()) }
    })
    .await
}

fn text(value: &Value) -> &str {
    value["S"].as_str().unwrap_or_else(|| panic!("there should be a text here: {value}"))
}

/// A product row as it was before: with this spelling of its category, this name, and two spellings of a tag.
async fn ages(shop: &Shop, product: &Product, category: &str, name: &str) {
    let mut row = shop.rows.reads("catalog", &format!("PRODUCT#{}", product.id), "PRODUCT").await;
    let shard = text(&row["gsi2pk"]).rsplit('#').next().unwrap_or_default().to_owned();
    row["category"] = json!({ "S": category });
    row["name"] = json!({ "S": name });
    row["tags"] = json!({ "L": [{ "S": "Tea" }, { "S": "tea" }] });
    row["gsi2pk"] = json!({ "S": format!("CATEGORY#{category}#{shard}") });
    shop.rows.loads("catalog", &row).await;
    shop.rows.removes("catalog", &format!("SKUCASE#{}", product.sku.to_lowercase()), "CLAIM").await;
}

/// A product under a SKU that today's release refuses, because another one differs in letter case only.
async fn sells_under(shop: &Shop, sku: &str) -> Product {
    let product = shop.sells(Draft::with_stock(2)).await;
    let mut row = shop.rows.reads("catalog", &format!("PRODUCT#{}", product.id), "PRODUCT").await;
    let mut offer = shop.rows.reads("catalog", &format!("SKU#{}", product.sku), "OFFER").await;
    shop.rows.removes("catalog", &format!("SKUCASE#{}", product.sku.to_lowercase()), "CLAIM").await;
    (row["sku"], offer["sku"]) = (json!({ "S": sku }), json!({ "S": sku }));
    offer["pk"] = json!({ "S": format!("SKU#{sku}") });
    shop.rows.loads("catalog", &offer).await;
    shop.rows.loads("catalog", &row).await;
    Product { sku: sku.to_owned(), ..product }
}

/// The categories of the tree with this key, at any depth.
fn named(branches: &Value, key: &str) -> Vec<Value> {
    let branches = branches.as_array().map(Vec::as_slice).unwrap_or_default();
    let found = branches.iter().flat_map(|branch| {
        let own = (branch["key"] == key).then(|| branch.clone());
        own.into_iter().chain(named(&branch["children"], key))
    });
    found.collect()
}

#[tokio::test]
async fn categories_and_products_of_earlier_releases_are_merged_once() {
    let shop = Shop::open_disturbing([TASK]).await;
    let admin = shop.admin().await;
    let key = format!("{}-é", unique("old"));
    let (upper, decomposed) = (key.to_uppercase(), key.replace('é', "e\u{301}"));
    let (first, second) = (
        shop.sells(Draft::with_stock(2).in_category(&key)).await,
        shop.sells(Draft::with_stock(2).in_category(&key)).await,
    );
    let name = format!("Cafe\u{301} {}", first.sku);
    ages(&shop, &first, &upper, &name).await;
    ages(&shop, &second, &decomposed, &second.name).await;
    for (old, name) in [(&upper, None), (&decomposed, Some("Old teas"))] {
        let mut row = json!({ "pk": { "S": "CATEGORIES" }, "sk": { "S": old }, "category": { "S": old }, "version": { "N": "4" } });
        if let Some(name) = name {
            row["name"] = json!({ "S": name });
        }
        shop.rows.loads("catalog", &row).await;
    }
    shop.rows.removes("catalog", "CATEGORIES", &key).await;

    // Read as one before it is stored as one.
    let tree = admin.get(CATEGORIES).await.expect(200).json();
    let categories = named(&tree["data"], &key);
    assert_eq!(categories.len(), 1, "{categories:#?}");
    assert_eq!((&categories[0]["name"], &categories[0]["version"]), (&json!("Old teas"), &json!(4)));
    let shown = shop.looks_up_product(&first.id).await.json();
    assert_eq!((&shown["category"], &shown["name"]), (&json!(key), &json!(format!("Café {}", first.sku))));
    let before = shown["version"].as_u64().unwrap_or_default();

    let report = normalizes(&shop).await;
    let merged = report["catalog"]["categories"].as_array().into_iter().flatten().find(|merged| merged["key"] == key);
    let former = merged.and_then(|merged| merged["formerKeys"].as_array()).map(Vec::as_slice).unwrap_or_default();
    assert!(former.contains(&json!(upper)) && former.contains(&json!(decomposed)), "{report:#}");
    let undecided = report["catalog"]["undecided"].as_array().map(Vec::as_slice).unwrap_or_default();
    let merged_tags = json!({ "kind": "mergedTags", "productId": first.id, "tags": ["tea"] });
    assert!(undecided.contains(&merged_tags), "{report:#}");
    for old in [&upper, &decomposed] {
        assert!(shop.rows.reads("catalog", "CATEGORIES", old).await.is_null(), "{old} should be gone");
        let moved = admin.call(Method::DELETE, &format!("{CATEGORIES}/{old}")).header("If-Match", "\"4\"").send().await;
        moved.expect(308);
    }
    let category = admin.get(&format!("{CATEGORIES}/{key}")).await.expect(200).json();
    assert_eq!((&category["name"], &category["version"]), (&json!("Old teas"), &json!(5)));
    let row = shop.rows.reads("catalog", &format!("PRODUCT#{}", first.id), "PRODUCT").await;
    assert_eq!((text(&row["category"]), text(&row["name"])), (key.as_str(), format!("Café {}", first.sku).as_str()));
    assert!(text(&row["gsi2pk"]).starts_with(&format!("CATEGORY#{key}#")), "{row}");
    let history = admin.get(&format!("/api/v1/products/{}/history", first.id)).await.expect(200).json();
    assert_eq!(history["data"][0]["kind"], "normalized", "{history}");
    let offer = shop.rows.reads("catalog", &format!("SKU#{}", first.sku), "OFFER").await;
    assert_eq!(text(&offer["name"]), format!("Café {}", first.sku));
    let claim = shop.rows.reads("catalog", &format!("SKUCASE#{}", first.sku.to_lowercase()), "CLAIM").await;
    assert_eq!(text(&claim["sku"]), first.sku);
    let body = json!({ "sku": first.sku.to_lowercase(), "name": "Mug", "category": key, "price": shop.money(900) });
    admin.post("/api/v1/products", &body).await.expect_problem(409, "sku_taken").mentions(&first.sku);

    normalizes(&shop).await;
    let again = shop.looks_up_product(&first.id).await.json();
    assert_eq!(again["version"].as_u64(), Some(before + 1), "a second run should write nothing");
    let category = admin.get(&format!("{CATEGORIES}/{key}")).await.expect(200).json();
    assert_eq!(category["version"], 5);
}

#[tokio::test]
async fn category_of_an_earlier_release_is_changed_before_the_task() {
    let shop = Shop::open_disturbing([TASK]).await;
    let admin = shop.admin().await;
    let key = unique("old-tea");
    let old = key.to_uppercase();
    let row = json!({ "pk": { "S": "CATEGORIES" }, "sk": { "S": old }, "category": { "S": old } });
    shop.rows.loads("catalog", &row).await;
    // Its first new product creates no second category.
    shop.sells(Draft::with_stock(1).in_category(&key)).await;
    assert!(shop.rows.reads("catalog", "CATEGORIES", &key).await.is_null());
    let path = format!("{CATEGORIES}/{key}");
    let put = admin.call(Method::PUT, &path).header("If-Match", "\"1\"").json(&json!({ "name": "Teas" }));
    assert_eq!(put.send().await.expect(200).json()["version"], 2);
    assert!(shop.rows.reads("catalog", "CATEGORIES", &old).await.is_null());
    let stored = shop.rows.reads("catalog", "CATEGORIES", &key).await;
    assert_eq!((text(&stored["name"]), text(&stored["formerKeys"]["L"][0])), ("Teas", old.as_str()));
}

#[tokio::test]
async fn skus_that_only_an_admin_can_decide_are_reported_and_stay() {
    let shop = Shop::open_disturbing([TASK]).await;
    let upper = shop.sells(Draft::with_stock(2)).await;
    let lower = sells_under(&shop, &upper.sku.to_lowercase()).await;
    let report = normalizes(&shop).await;
    let undecided = report["catalog"]["undecided"].as_array().map(Vec::as_slice).unwrap_or_default();
    let line = undecided.iter().find(|line| line["kind"] == "sku" && line["sku"] == lower.sku);
    let line = line.unwrap_or_else(|| panic!("{} and {} differ in letter case only: {report:#}", lower.sku, upper.sku));
    assert_eq!((&line["productId"], &line["existingSku"]), (&json!(lower.id), &json!(upper.sku)));

    // Both are read, changed and sold.
    let customer = shop.new_customer().await;
    for product in [&upper, &lower] {
        assert_eq!(shop.looks_up_product(&product.id).await.json()["sku"], product.sku);
        shop.tries_to_patch(&product.id, &json!({ "brand": "Kiln" })).await.expect(200);
        customer.adds(&product.sku, 1).await;
    }
    let mixed = format!("m{}", &upper.sku[1..]);
    let body = json!({ "sku": mixed, "name": "Mug", "category": "e2e", "price": shop.money(900) });
    shop.admin().await.post("/api/v1/products", &body).await.expect_problem(409, "sku_taken").mentions(&upper.sku);
}

#[tokio::test]
async fn name_of_an_earlier_release_is_found_after_the_task() {
    let shop = Shop::open_disturbing([TASK]).await;
    let admin = shop.admin().await;
    let customer = shop.new_customer().await;
    let name = unique("Zoë Weiß");
    let decomposed = name.replace('ë', "e\u{308}");
    let pk = format!("USER#{}", customer.id());
    let mut row = shop.rows.reads("identity", &pk, "ACCOUNT#PERSON").await;
    row["name"] = json!({ "S": decomposed });
    row["gsi3pk"] = json!({ "S": "NAME#z" });
    row["gsi3sk"] = json!({ "S": format!("{}#{}", decomposed.to_lowercase(), customer.id()) });
    shop.rows.loads("identity", &row).await;
    let profile = customer.api.get("/api/v1/users/profile").await.expect(200).json();
    assert_eq!(profile["name"], name, "it is read in NFC at once");

    normalizes(&shop).await;
    let row = shop.rows.reads("identity", &pk, "ACCOUNT#PERSON").await;
    assert_eq!(text(&row["name"]), name);
    await_until("the person is found", SOON, async || {
        let path = format!("/api/v1/users?search={}", name.replace('ß', "ss").to_uppercase());
        let found = admin.get(&path).await.expect(200).json();
        if found["data"][0]["id"] == customer.id() { Ok(()) } else { Err(found.to_string()) }
    })
    .await;
}
