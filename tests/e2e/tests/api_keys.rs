//! Programs that act as an account, with a key: what they may do, what they may not, and how they are stopped.

use e2e::{
    Api, ApiKeyClient, Checkout, Customer, Draft, EVENTUALLY, KEYS, Response, Shop, await_until, row_of_key, unique,
};
use futures::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

const PROFILE: &str = "/api/v1/users/profile";
const ORDERS: &str = "/api/v1/orders";
/// Whole, and nobody's.
const OF_NOBODY: &str = "sk_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF105k8Ez";

async fn changes(shop: &Shop, who: &Customer, what: &str, body: &Value) {
    shop.admin().await.put(&format!("/api/v1/users/{}/{what}", who.id()), body).await.expect(200);
}

/// Somebody new who runs the shop, too, logged in as that.
async fn new_admin(shop: &Shop) -> Customer {
    let grace = shop.new_verified_customer().await;
    changes(shop, &grace, "role", &json!({ "role": "admin" })).await;
    let body = json!({ "email": grace.email, "password": grace.password });
    let session = shop.anonymous().post("/api/v1/auth/login", &body).await.expect(200).json();
    grace.through(&shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default()))
}

/// Waits until a call is answered so: every sandbox forgets what it knows of a key within 30 seconds.
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
async fn a_key_is_shown_once_and_then_known_by_its_last_characters() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let body = json!({ "name": " The ERP ", "scopes": ["use_account", "buy"], "expiresInDays": 30 });
    let made = ada.tries_to_make_key(body).await.expect(201).json();
    let key = made["key"].as_str().expect("a new key is shown");
    assert!(
        key.len() == 52 && key.starts_with("sk_") && key.ends_with(made["last4"].as_str().unwrap_or("?")),
        "{made}"
    );
    assert_eq!((&made["name"], &made["scopes"]), (&json!("The ERP"), &json!(["buy", "use_account"])), "{made}");

    let usual = ada.makes_key(&["buy"]).await;
    let listed = ada.api.get(KEYS).await.expect(200);
    assert!(!listed.text.contains(key) && !listed.text.contains(&key[3..30]), "{}", listed.text);
    let listed = ada.keys().await;
    let mut seen = made.clone();
    seen.as_object_mut().expect("a key is an object").remove("key");
    assert_eq!(listed[1], seen, "newest first: {listed:?}");
    assert!(usual.created["expiresAt"].as_str() > made["expiresAt"].as_str(), "90 days: {}", usual.made);

    let row = shop.rows.reads("identity", &row_of_key(key), "APIKEY").await;
    assert!(row["keyId"]["S"] == made["id"] && !row.to_string().contains(&key[3..30]), "{row}");
}

#[tokio::test]
async fn the_last_use_of_a_key_is_seen_to_the_hour() {
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
    // Another function, which has not seen the key, reads that it was noted.
    client.api.get(ORDERS).await.expect(200);
    assert_eq!(ada.keys().await[0]["lastUsedAt"], first);
}

#[tokio::test]
async fn a_key_acts_as_its_account_within_its_scopes() {
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
async fn what_is_ones_own_is_closed_to_a_key_that_is_not_for_it() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let ada = shop.new_verified_customer().await;
    let order = ada.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let buyer = ada.makes_key(&["buy"]).await;
    for path in [PROFILE, ORDERS, "/api/v1/cart/me", "/api/v1/auth/me", "/api/v1/users/addresses"] {
        buyer.api.get(path).await.expect_problem(403, "insufficient_scope").mentions("use_account");
    }
    // As to anybody whose it is not.
    buyer.api.get(&format!("{ORDERS}/{}", order.id())).await.expect_problem(404, "not_found");
    buyer.api.reads_payment(&order).await.expect_problem(404, "not_found");
    // What it buys is the account's all the same.
    let bought = ada.through(&buyer.api).places(&Checkout::of(&[(&mug.sku, 1)])).await;
    ada.looks_up(&bought).await;
}

#[tokio::test]
async fn a_shops_key_keeps_the_shelves_and_nothing_else() {
    let shop = Shop::open().await;
    let grace = new_admin(&shop).await;
    let shelves = grace.makes_key(&["manage_products"]).await;
    let mut mug = a_mug();
    mug["price"]["currency"] = shop.stack.currency.clone().into();
    let made = shelves.api.post("/api/v1/products", &mug).await.expect(201).json();
    let product = format!("/api/v1/products/{}", made["id"].as_str().unwrap_or_default());
    let history = shelves.api.get(&format!("{product}/history")).await.expect(200);
    assert!(history.text.contains(&format!("admin:{}", grace.id())), "{}", history.text);
    let count = shelves.api.call(Method::PATCH, &format!("{product}/stock")).json(&json!({ "set": 5 }));
    count.send().await.expect_problem(403, "insufficient_scope").mentions("manage_stock");
    for path in ["/api/v1/users", ORDERS, PROFILE] {
        shelves.api.get(path).await.expect_problem(403, "insufficient_scope");
    }
    let ada = shop.new_verified_customer().await;
    let mine = shop.sells(Draft::with_stock(1)).await;
    let order = ada.places(&Checkout::of(&[(&mine.sku, 1)])).await;
    let reader = grace.makes_key(&["read_orders"]).await;
    reader.api.get(&format!("{ORDERS}/{}", order.id())).await.expect(200);
    reader.api.get(&format!("{ORDERS}?limit=1")).await.expect(200);
    reader.api.get(&format!("{ORDERS}/user/{}", ada.id())).await.expect(200);
    reader.api.reads_payment(&order).await.expect(200);
    // To see what others bought is not to buy it: neither their order nor their payment is this key's to change.
    let buyer = grace.makes_key(&["buy", "read_orders"]).await;
    buyer.api.get(&format!("{ORDERS}/{}", order.id())).await.expect(200);
    buyer.api.cancels(&order, "by a robot").await.expect_problem(404, "not_found");
    buyer.api.pays(&order, "pm_card_visa").await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn the_keys_of_a_closed_account_are_gone_with_it() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let client = ada.makes_key(&["buy"]).await;
    ada.api.delete(PROFILE).await.expect(202);
    let row = shop.rows.reads("identity", &row_of_key(&client.key), "APIKEY").await;
    assert!(row.is_null(), "at once, and not when somebody comes by to erase: {row}");
    client.api.get("/api/v1/categories").await.expect_problem(401, "invalid_api_key");
}

#[tokio::test]
async fn what_is_no_key_opens_nothing() {
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
    // It is not a token, and a token is not a key.
    shop.anonymous().with_token(&client.key).get(PROFILE).await.expect_problem(401, "invalid_token");
    let token = ada.welcome["accessToken"].as_str().unwrap_or_default();
    shop.anonymous().with_key(token).get(PROFILE).await.expect_problem(401, "invalid_api_key");
    client.api.with_token(token).get(PROFILE).await.expect_problem(400, "ambiguous_credentials");
}

#[tokio::test]
async fn a_key_that_has_expired_is_refused_and_still_listed() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let client = ada.makes_key(&["use_account"]).await;
    shop.expires_key(&client).await;
    client.api.get(PROFILE).await.expect_problem(401, "api_key_expired");
    assert_eq!(ada.keys().await.len(), 1);
}

#[tokio::test]
async fn a_revoked_key_is_over_and_others_keys_are_not_there() {
    let shop = Shop::open().await;
    let (ada, eve) = (shop.new_verified_customer().await, shop.new_verified_customer().await);
    let client = ada.makes_key(&["use_account"]).await;
    client.api.get(PROFILE).await.expect(200);
    eve.revokes(&client).await.expect_problem(404, "not_found");
    shop.anonymous().delete(&client.path()).await.expect_problem(401, "unauthenticated");

    ada.revokes(&client).await.expect(204);
    // Whoever looks at the row itself knows it at once.
    client.api.get("/api/v1/auth/me").await.expect_problem(401, "invalid_api_key");
    awaits("the key is forgotten", 401, async || client.api.get(PROFILE).await)
        .await
        .expect_problem(401, "invalid_api_key");
    assert_eq!(ada.keys().await, Vec::<Value>::new());
    ada.revokes(&client).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_key_is_out_as_long_as_its_account_is() {
    let shop = Shop::open().await;
    let eve = shop.new_verified_customer().await;
    let client = eve.makes_key(&["use_account"]).await;
    client.api.get(PROFILE).await.expect(200);
    let asks = async || client.api.get(PROFILE).await;
    changes(&shop, &eve, "status", &json!({ "status": "suspended" })).await;
    client.api.get("/api/v1/auth/me").await.expect_problem(403, "account_suspended");
    awaits("the key is refused", 403, asks).await.expect_problem(403, "account_suspended");
    changes(&shop, &eve, "status", &json!({ "status": "active" })).await;
    awaits("the key is good again", 200, asks).await;
}

#[tokio::test]
async fn a_key_may_no_more_than_its_account_may_now() {
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
async fn what_opens_the_account_takes_a_login() {
    let shop = Shop::open().await;
    let grace = new_admin(&shop).await;
    let all = json!({ "scopes": [
        "buy", "use_account", "write_reviews", "manage_users", "manage_products", "manage_stock", "manage_categories",
        "moderate_reviews", "serve_carts", "read_orders", "move_orders", "move_money",
    ] });
    let made = grace.tries_to_make_key(all.clone()).await.expect(201).json();
    let client = shop.anonymous().with_key(made["key"].as_str().unwrap_or_default());
    let own = format!("{KEYS}/{}", made["id"].as_str().unwrap_or_default());
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
async fn an_account_has_twenty_keys_at_most() {
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
    // All of them are told what becomes of the account, in one transaction.
    changes(&shop, &ada, "status", &json!({ "status": "suspended" })).await;
    for client in [&clients[0], &clients[19]] {
        let row = shop.rows.reads("identity", &row_of_key(&client.key), "APIKEY").await;
        assert_eq!(row["active"]["BOOL"], false, "{row}");
    }
}

#[tokio::test]
async fn a_key_that_is_made_while_its_account_is_suspended_is_told_of_it() {
    let shop = Shop::open().await;
    let eve = shop.new_verified_customer().await;
    let makes = join_all((0..8).map(|_| eve.tries_to_make_key(json!({ "scopes": ["buy"] }))));
    let suspended = json!({ "status": "suspended" });
    let (responses, ()) = join(makes, changes(&shop, &eve, "status", &suspended)).await;
    for made in responses.iter().filter(|response| response.status == 201).map(Response::json) {
        let row = row_of_key(made["key"].as_str().unwrap_or_default());
        let row = shop.rows.reads("identity", &row, "APIKEY").await;
        assert_eq!(row["active"]["BOOL"], false, "{row}");
    }
}

#[tokio::test]
async fn who_has_not_shown_that_their_address_is_theirs_makes_no_key() {
    let shop = Shop::open().await;
    let eve = shop.new_customer().await;
    eve.tries_to_make_key(json!({ "scopes": ["buy"] })).await.expect_problem(403, "email_not_verified");
    assert!(eve.keys().await.is_empty());
}

#[tokio::test]
async fn what_no_key_can_be_is_refused_by_its_field() {
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
    let nobody: &Api = &shop.anonymous();
    nobody.post(KEYS, &json!({})).await.expect_problem(401, "unauthenticated");
    ada.api.delete(&format!("{KEYS}/nonsense")).await.expect_problem(404, "not_found");
}
