//! Invalid categories: each mistake has a code and the name of its field, and the tree stays a tree.

use e2e::{Api, Draft, SOON, Shop, await_until, unique, with};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn invalid_category_is_refused() {
    let shop = Shop::open().await;
    let (admin, customer) = (shop.admin().await, shop.new_customer().await);
    let post = async |body: &Value| admin.post("/api/v1/categories", body).await;
    let (key, child) = (unique("cat"), unique("cat"));
    let good = json!({ "key": key, "name": "Garden" });
    shop.anonymous().post("/api/v1/categories", &good).await.expect_problem(401, "unauthenticated");
    customer.api.post("/api/v1/categories", &good).await.expect_problem(403, "forbidden");
    for (place, value, field, code) in [
        ("/name", Value::Null, "name", "required"),
        ("/name", json!(""), "name", "invalid_value"),
        ("/name", json!("x".repeat(101)), "name", "invalid_value"),
        ("/name", json!("a\nb"), "name", "invalid_value"),
        ("/name", json!(7), "name", "wrong_type"),
        ("/key", json!(""), "key", "invalid_value"),
        ("/key", json!("a/b"), "key", "invalid_value"),
        ("/key", json!("a#b"), "key", "invalid_value"),
        ("/key", json!("x".repeat(65)), "key", "invalid_value"),
        ("/key", json!("a\u{0}"), "key", "invalid_value"),
        ("/parent", json!(unique("none")), "parent", "category_unknown"),
        ("/parent", json!("a#b"), "parent", "invalid_value"),
        ("/parent", json!(1), "parent", "wrong_type"),
        ("/position", json!(-1), "position", "invalid_value"),
        ("/position", json!(1.5), "position", "wrong_type"),
        ("/position", json!("first"), "position", "wrong_type"),
        ("/version", json!(1), "version", "unknown_field"),
        ("/children", json!([]), "children", "unknown_field"),
    ] {
        post(&with(&good, place, value)).await.expect_fault(field, code);
    }
    post(&json!({ "name": "!?" })).await.expect_fault("key", "required");
    post(&good).await.expect(201);
    post(&good).await.expect_problem(409, "category_exists").names_field("key");
    post(&json!({ "key": child, "name": "Pots", "parent": key })).await.expect(201);

    let path = |key: &str| format!("/api/v1/categories/{key}");
    let body = json!({ "name": "Home" });
    for method in [Method::PUT, Method::DELETE] {
        let call = |api: &Api, key: &str| api.call(method.clone(), &path(key)).json(&body);
        call(&shop.anonymous(), &key).header("If-Match", "\"1\"").send().await.expect_problem(401, "unauthenticated");
        call(&customer.api, &key).header("If-Match", "\"1\"").send().await.expect_problem(403, "forbidden");
        call(&admin, &key).send().await.expect_problem(428, "if_match_required");
        for tag in ["\"7\"", "nonsense"] {
            call(&admin, &key).header("If-Match", tag).send().await.expect_problem(412, "version_mismatch");
        }
        let nowhere = call(&admin, &unique("none")).header("If-Match", "\"1\"").send().await;
        nowhere.expect_problem(404, "not_found");
    }
    let put =
        async |body: &Value| admin.call(Method::PUT, &path(&key)).header("If-Match", "\"1\"").json(body).send().await;
    for parent in [&key, &child] {
        let cycle = put(&json!({ "name": "Garden", "parent": parent })).await;
        cycle.expect_problem(409, "category_cycle").names_field("parent");
    }
    put(&json!({ "name": "Garden", "parent": unique("none") })).await.expect_fault("parent", "category_unknown");
    put(&json!({ "name": "Garden", "key": "another" })).await.expect_fault("key", "read_only");
    let delete = async |key: &str| admin.call(Method::DELETE, &path(key)).header("If-Match", "\"1\"").send().await;
    delete(&key).await.expect_problem(409, "category_in_use");
    shop.sells(Draft::with_stock(1).in_category(&child)).await;
    await_until("the category is known to be in use", SOON, async || {
        // The index is eventually consistent, and a delete could succeed before it. So the test awaits the list first.
        let listed = shop.anonymous().get(&format!("/api/v1/products?category={child}")).await.expect(200).json();
        if listed["data"].as_array().is_some_and(|data| !data.is_empty()) { Ok(()) } else { Err(listed.to_string()) }
    })
    .await;
    delete(&child).await.expect_problem(409, "category_in_use");
}

#[tokio::test]
async fn categories_are_at_most_six_deep() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let keys: Vec<String> = (0..7).map(|_| unique("deep")).collect();
    for (depth, key) in keys.iter().enumerate() {
        let parent = depth.checked_sub(1).map(|above| &keys[above]);
        let response = admin.post("/api/v1/categories", &json!({ "key": key, "name": "Deep", "parent": parent })).await;
        match depth {
            0..6 => drop(response.expect(201)),
            _ => drop(response.expect_problem(409, "category_too_deep").names_field("parent")),
        }
    }
    let top = unique("deep");
    admin.post("/api/v1/categories", &json!({ "key": top, "name": "Top" })).await.expect(201);
    let call = admin.call(Method::PUT, &format!("/api/v1/categories/{}", keys[0])).header("If-Match", "\"1\"");
    let moved = call.json(&json!({ "name": "Deep", "parent": top })).send().await;
    moved.expect_problem(409, "category_too_deep");
}
