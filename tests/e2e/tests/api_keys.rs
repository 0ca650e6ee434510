//! Programs with an API key: what they may do, what they may not do, and how a key ends.

use e2e::{
    Api, ApiKeyClient, Checkout, Customer, Draft, EVENTUALLY, KEYS, Response, Shop, await_until, row_of_key, unique,
};
use futures::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

const PROFILE: &str = "/api/v1/users/profile";
const ORDERS: &str = "/api/v1/orders";
/// Well-formed, but no key.
const OF_NOBODY: &str = "sk_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF105k8Ez";

async fn changes(shop: &Shop, who: &Customer, what: &str, body: &Value) {
    shop.admin().await.put(&format!("/api/v1/users/{}/{what}", who.id()), body).await.expect(200);
}

/// A new customer with the admin role, logged in after the change.
async fn new_admin(shop: &Shop) -> Customer {
    let grace = shop.new_verified_customer().await;
    changes(shop, &grace, "role", &json!({ "role": "admin" })).await;
    let body = json!({ "email": grace.email, "password": grace.password });
    let session = shop.anonymous().post("/api/v1/auth/login", &body).await.expect(200).json();
    grace.through(&shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default()))
}

/// Waits until a call gets this status. Every execution environment caches a key for 30 seconds at most.
async fn awaits(what: &str, status: u16, look: impl AsyncFn() -> Response) -> Response {
    await_until(what, EVENTUALLY, async || {
        let response = look().await;
        if response.status == status { Ok(response) } else { Err(response.text) }
    })
    .await
}

fn a_mug() -> Value {
    let sku = unique("KEYED").to_uppercase();
    json!({ "sku": sku, "name": "Mug", "description": "By a robot.", "category": "e2e",
            "price": { "amount": 1299, "currency": "EUR" }, "stock": { "available": 1 } })
}

#[tokio::test]
async fn key_is_shown_once_and_listed_with_its_last_characters() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let body = json!({ "name": " The ERP ", "scopes": ["use_account", "buy"], "expiresInDays": 30 });
    let created = ada.tries_to_make_key(body).await.expect(201).json();
    let key = created["key"].as_str().expect("a new key should be shown");
    assert!(
        key.len() == 52 && key.starts_with("sk_") && key.ends_with(created["last4"].as_str().unwrap_or("?")),
        "{created}"
    );
    assert_eq!(
        (&created["name"], &created["scopes"]),
        (&json!("The ERP"), &json!(["buy", "use_account"])),
        "{created}"
    );

    let usual = ada.makes_key(&["buy"]).await;
    let listed = ada.api.get(KEYS).await.expect(200);
    assert!(!listed.text.contains(key) && !listed.text.contains(&key[3..30]), "{}", listed.text);
    let listed = ada.keys().await;
    let mut without_key = created.clone();
    without_key.as_object_mut().expect("a key is an object").remove("key");
    assert_eq!(listed[1], without_key, "newest should come first: {listed:?}");
    assert!(usual.created["expiresAt"].as_str() > created["expiresAt"].as_str(), "90 days: {}", usual.created);

    let row = shop.rows.reads("identity", &row_of_key(key), "APIKEY").await;
    assert!(row["keyId"]["S"] == created["id"] && !row.to_string().contains(&key[3..30]), "{row}");
}

#[tokio::test]
async fn last_use_of_a_key_is_stored_to_the_hour() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let client = ada.makes_key(&["use_account"]).await;
    assert!(ada.keys().await[0]["lastUsedAt"].is_null());
    let first = await_until("the use is noted", EVENTUALLY, async || {
        client.api.get(PROFILE).await.expect(200);
        let used = ada.keys().await[0]["lastUsedAt"].clone();
        if used.is_null() { Err("never used".to_owned()) } else { Ok(used) }
    })
    .await;
    // Another function, which has not seen the key, reads the stored time of use.
    client.api.get(ORDERS).await.expect(200);
    assert_eq!(ada.keys().await[0]["lastUsedAt"], first);
}

#[tokio::test]
async fn key_acts_for_its_account_within_its_scopes() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let ada = shop.new_verified_customer().await;
    let client = ada.makes_key(&["use_account"]).await;
    assert_eq!(client.api.get("/api/v1/auth/me").await.expect(200).json()["id"], ada.id());
    assert_eq!(client.api.get(PROFILE).await.expect(200).json()["id"], ada.id());
    client.api.get(ORDERS).await.expect(200);
    let item = json!({ "sku": mug.sku, "quantity": 1 });
    client.api.post("/api/v1/cart/me/items", &item).await.expect_problem(403, "insufficient_scope").mentions("buy");
    client.api.get("/api/v1/users").await.expect_problem(403, "forbidden");
    let review = json!({ "rating": 5, "text": "Robots like it." });
    let reviews = format!("/api/v1/products/{}/reviews", mug.id);
    client.api.post(&reviews, &review).await.expect_problem(403, "insufficient_scope");

    let buyer = ada.makes_key(&["buy", "use_account"]).await;
    ada.through(&buyer.api).adds(&mug.sku, 2).await;
    assert_eq!(ada.looks_into_cart().await["items"][0]["quantity"], 2);
    let order = ada.through(&buyer.api).places(&Checkout::of(&[(&mug.sku, 1)])).await;
    ada.looks_up(&order).await;
    let path = format!("{ORDERS}/{}", order.id());
    client.api.get(&path).await.expect(200);
    let cancel = json!({ "reason": "A robot changed its mind" });
    client.api.post(&format!("{path}/cancel"), &cancel).await.expect_problem(403, "insufficient_scope");
}

#[tokio::test]
async fn key_without_use_account_cannot_read_personal_data() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let ada = shop.new_verified_customer().await;
    let order = ada.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let buyer = ada.makes_key(&["buy"]).await;
    for path in [PROFILE, ORDERS, "/api/v1/cart/me", "/api/v1/auth/me", "/api/v1/users/addresses"] {
        buyer.api.get(path).await.expect_problem(403, "insufficient_scope").mentions("use_account");
    }
    // The same response as for a stranger.
    buyer.api.get(&format!("{ORDERS}/{}", order.id())).await.expect_problem(404, "not_found");
    buyer.api.reads_payment(&order).await.expect_problem(404, "not_found");
    // What the key buys still belongs to the account.
    let bought = ada.through(&buyer.api).places(&Checkout::of(&[(&mug.sku, 1)])).await;
    ada.looks_up(&bought).await;
}

#[tokio::test]
async fn key_with_catalog_scopes_manages_the_catalog_only() {
    let shop = Shop::open().await;
    let grace = new_admin(&shop).await;
    let client_of_catalog = grace.makes_key(&["manage_products"]).await;
    let mut mug = a_mug();
    mug["price"]["currency"] = shop.stack.currency.clone().into();
    let created = client_of_catalog.api.post("/api/v1/products", &mug).await.expect(201).json();
    let product = format!("/api/v1/products/{}", created["id"].as_str().unwrap_or_default());
    let history = client_of_catalog.api.get(&format!("{product}/history")).await.expect(200);
    assert!(history.text.contains(&format!("admin:{}", grace.id())), "{}", history.text);
    let count = client_of_catalog.api.call(Method::PATCH, &format!("{product}/stock")).json(&json!({ "set": 5 }));
    count.send().await.expect_problem(403, "insufficient_scope").mentions("manage_stock");
    for path in ["/api/v1/users", ORDERS, PROFILE] {
        client_of_catalog.api.get(path).await.expect_problem(403, "insufficient_scope");
    }
    let ada = shop.new_verified_customer().await;
    let mine = shop.sells(Draft::with_stock(1)).await;
    let order = ada.places(&Checkout::of(&[(&mine.sku, 1)])).await;
    let reader = grace.makes_key(&["read_orders"]).await;
    reader.api.get(&format!("{ORDERS}/{}", order.id())).await.expect(200);
    reader.api.get(&format!("{ORDERS}?limit=1")).await.expect(200);
    reader.api.get(&format!("{ORDERS}/user/{}", ada.id())).await.expect(200);
    reader.api.reads_payment(&order).await.expect(200);
    // The permission to read all orders does not include changing them or their payments.
    let buyer = grace.makes_key(&["buy", "read_orders"]).await;
    buyer.api.get(&format!("{ORDERS}/{}", order.id())).await.expect(200);
    buyer.api.cancels(&order, "by a robot").await.expect_problem(404, "not_found");
    buyer.api.pays(&order, "pm_card_visa").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn closed_account_loses_its_keys() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let client = ada.makes_key(&["buy"]).await;
    ada.api.delete(PROFILE).await.expect(202);
    let row = shop.rows.reads("identity", &row_of_key(&client.key), "APIKEY").await;
    assert!(row.is_null(), "the key should be deleted at once, not by the erasure: {row}");
    client.api.get("/api/v1/categories").await.expect_problem(401, "invalid_api_key");
}

#[tokio::test]
async fn invalid_key_is_refused() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let client = ada.makes_key(&["use_account"]).await;
    let mistyped = client.key.replacen(&client.key[10..11], if &client.key[10..11] == "x" { "y" } else { "x" }, 1);
    let cut = &client.key[..51];
    let long = format!("{}x", client.key);
    for key in ["sk_", "nonsense", OF_NOBODY, &mistyped, cut, &long, &"x".repeat(4_000)] {
        for path in [PROFILE, "/api/v1/cart/me", "/api/v1/auth/me", "/api/v1/categories"] {
            shop.anonymous().with_key(key).get(path).await.expect_problem(401, "invalid_api_key");
        }
    }
    // A key is no token, and a token is no key.
    shop.anonymous().with_token(&client.key).get(PROFILE).await.expect_problem(401, "invalid_token");
    let token = ada.welcome["accessToken"].as_str().unwrap_or_default();
    shop.anonymous().with_key(token).get(PROFILE).await.expect_problem(401, "invalid_api_key");
    client.api.with_token(token).get(PROFILE).await.expect_problem(400, "ambiguous_credentials");
}

#[tokio::test]
async fn expired_key_is_refused_and_listed() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let client = ada.makes_key(&["use_account"]).await;
    shop.expires_key(&client).await;
    client.api.get(PROFILE).await.expect_problem(401, "api_key_expired");
    assert_eq!(ada.keys().await.len(), 1);
}

#[tokio::test]
async fn revoked_key_is_refused_and_keys_of_others_are_404() {
    let shop = Shop::open().await;
    let (ada, eve) = (shop.new_verified_customer().await, shop.new_verified_customer().await);
    let client = ada.makes_key(&["use_account"]).await;
    client.api.get(PROFILE).await.expect(200);
    eve.revokes(&client).await.expect_problem(404, "not_found");
    shop.anonymous().delete(&client.path()).await.expect_problem(401, "unauthenticated");

    ada.revokes(&client).await.expect(204);
    // A function that has not cached the key reads the row.
    client.api.get("/api/v1/auth/me").await.expect_problem(401, "invalid_api_key");
    awaits("the key is no longer cached", 401, async || client.api.get(PROFILE).await)
        .await
        .expect_problem(401, "invalid_api_key");
    assert_eq!(ada.keys().await, Vec::<Value>::new());
    ada.revokes(&client).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn key_of_a_suspended_account_is_refused_until_reactivation() {
    let shop = Shop::open().await;
    let eve = shop.new_verified_customer().await;
    let client = eve.makes_key(&["use_account"]).await;
    client.api.get(PROFILE).await.expect(200);
    let asks = async || client.api.get(PROFILE).await;
    changes(&shop, &eve, "status", &json!({ "status": "suspended" })).await;
    client.api.get("/api/v1/auth/me").await.expect_problem(403, "account_suspended");
    awaits("the key is refused", 403, asks).await.expect_problem(403, "account_suspended");
    changes(&shop, &eve, "status", &json!({ "status": "active" })).await;
    awaits("the key is valid again", 200, asks).await;
}

#[tokio::test]
async fn key_loses_permissions_with_its_account() {
    let shop = Shop::open().await;
    let grace = new_admin(&shop).await;
    let client = grace.makes_key(&["manage_users", "use_account"]).await;
    client.api.get("/api/v1/users?limit=1").await.expect(200);
    changes(&shop, &grace, "role", &json!({ "role": "customer" })).await;
    awaits("the role is lost", 403, async || client.api.get("/api/v1/users?limit=1").await)
        .await
        .expect_problem(403, "forbidden");
    assert_eq!(client.api.get(PROFILE).await.expect(200).json()["role"], "customer");
}

#[tokio::test]
async fn key_cannot_manage_credentials() {
    let shop = Shop::open().await;
    let grace = new_admin(&shop).await;
    let all = json!({ "scopes": [
        "buy", "use_account", "write_reviews", "manage_users", "manage_products", "manage_stock", "manage_categories",
        "moderate_reviews", "serve_carts", "read_orders", "move_orders", "move_money",
    ] });
    let created = grace.tries_to_make_key(all.clone()).await.expect(201).json();
    let client = shop.anonymous().with_key(created["key"].as_str().unwrap_or_default());
    let own = format!("{KEYS}/{}", created["id"].as_str().unwrap_or_default());
    let sessions = grace.api.get("/api/v1/auth/sessions").await.expect(200).json();
    let session = format!("/api/v1/auth/sessions/{}", sessions["data"][0]["id"].as_str().unwrap_or_default());
    let login = |response: Response| response.expect_problem(403, "login_required");
    login(client.get(KEYS).await);
    login(client.post(KEYS, &json!({ "name": "Another", "scopes": ["buy"] })).await);
    login(client.delete(&own).await);
    login(client.get("/api/v1/auth/sessions").await);
    login(client.delete(&session).await);
    login(client.post("/api/v1/auth/logout", &json!({})).await);
    login(client.post("/api/v1/auth/verify-email/request", &json!({})).await);
    client.get("/api/v1/users?limit=1").await.expect(200);
}

#[tokio::test]
async fn account_has_at_most_twenty_keys() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let mut clients: Vec<ApiKeyClient> = Vec::new();
    for _ in 0..20 {
        clients.push(ada.makes_key(&["buy"]).await);
    }
    let one_more = async || ada.tries_to_make_key(json!({ "scopes": ["buy"] })).await;
    one_more().await.expect_problem(409, "too_many_api_keys");
    ada.revokes(&clients[7]).await.expect(204);
    one_more().await.expect(201);
    one_more().await.expect_problem(409, "too_many_api_keys");
    // The transaction that changes the account changes all keys.
    changes(&shop, &ada, "status", &json!({ "status": "suspended" })).await;
    for client in [&clients[0], &clients[19]] {
        let row = shop.rows.reads("identity", &row_of_key(&client.key), "APIKEY").await;
        assert_eq!(row["active"]["BOOL"], false, "{row}");
    }
}

#[tokio::test]
async fn key_created_during_a_suspension_is_suspended() {
    let shop = Shop::open().await;
    let eve = shop.new_verified_customer().await;
    let makes = join_all((0..8).map(|_| eve.tries_to_make_key(json!({ "scopes": ["buy"] }))));
    let suspended = json!({ "status": "suspended" });
    let (responses, ()) = join(makes, changes(&shop, &eve, "status", &suspended)).await;
    for created in responses.iter().filter(|response| response.status == 201).map(Response::json) {
        let row = row_of_key(created["key"].as_str().unwrap_or_default());
        let row = shop.rows.reads("identity", &row, "APIKEY").await;
        assert_eq!(row["active"]["BOOL"], false, "{row}");
    }
}

#[tokio::test]
async fn unverified_customer_cannot_create_a_key() {
    let shop = Shop::open().await;
    let eve = shop.new_customer().await;
    eve.tries_to_make_key(json!({ "scopes": ["buy"] })).await.expect_problem(403, "email_not_verified");
    assert!(eve.keys().await.is_empty());
}

#[tokio::test]
async fn invalid_key_request_is_refused_with_its_field() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let scopes = |scopes: &[&str]| json!({ "scopes": scopes });
    for (body, field, code) in [
        (scopes(&["use_account", "fly"]), "scopes[1]", "scope_unknown"),
        (scopes(&["manage_credentials"]), "scopes[0]", "scope_unknown"),
        (scopes(&["manage_products"]), "scopes[0]", "scope_not_allowed"),
        (scopes(&[]), "scopes", "required"),
        (json!({ "scopes": ["buy"], "expiresInDays": 0 }), "expiresInDays", "expiry_out_of_range"),
        (json!({ "scopes": ["buy"], "expiresInDays": 366 }), "expiresInDays", "expiry_out_of_range"),
        (json!({ "scopes": ["buy"], "name": "" }), "name", "invalid_value"),
        (json!({ "scopes": ["buy"], "role": "admin" }), "role", "unknown_field"),
    ] {
        ada.tries_to_make_key(body).await.expect_fault(field, code);
    }
    assert!(ada.keys().await.is_empty());
    let anonymous: &Api = &shop.anonymous();
    anonymous.post(KEYS, &json!({})).await.expect_problem(401, "unauthenticated");
    ada.api.delete(&format!("{KEYS}/nonsense")).await.expect_problem(404, "not_found");
}
