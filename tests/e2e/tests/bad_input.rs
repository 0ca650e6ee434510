//! Invalid requests: the response is a problem document that says what to do.

use e2e::{Checkout, Customer, Draft, Product, Shop};
use reqwest::Method;
use serde_json::{Value, json};

/// Well-formed, but of nothing that exists.
const NO_PRODUCT: &str = "prd_01h455vb4pex5vsknk084sn02q";
const NO_ORDER: &str = "ord_01h455vb4pex5vsknk084sn02q";
const NO_PAYMENT: &str = "pay_01h455vb4pex5vsknk084sn02q";

async fn shop_with_mug_and_customer() -> (Shop, Product, Customer) {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let customer = shop.new_customer().await;
    (shop, mug, customer)
}

/// A valid order of one mug.
fn valid_order(shop: &Shop, mug: &Product) -> Value {
    let mut body = Checkout::of(&[(&mug.sku, 1)]).body;
    body["paymentMethod"] = shop.stack.payment_method.clone();
    body
}

#[tokio::test]
async fn malformed_json_is_400() {
    let (_shop, mug, customer) = shop_with_mug_and_customer().await;
    for body in ["", "{", "{\"sku\": ", &format!("{{\"sku\": \"{}\" \"quantity\": 1}}", mug.sku), "sku=1"] {
        for path in ["/api/v1/cart/me/items", "/api/v1/orders", "/api/v1/auth/login"] {
            let call = customer.api.call(Method::POST, path).idempotency_key("malformed");
            call.text("application/json", body.to_owned()).send().await.expect_refusal(400);
        }
    }
}

#[tokio::test]
async fn body_that_is_not_utf8_is_400_and_stores_nothing() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mut product = shop.mug();
    product["name"] = json!("NAME");
    let body = product.to_string();
    let (before, after) = body.split_once("NAME").expect("the body has the name");
    let with_name = |name: &[u8]| [before.as_bytes(), name, after.as_bytes()].concat();
    let post = async |media_type: &str, name: &[u8]| {
        admin.call(Method::POST, "/api/v1/products").bytes(media_type, with_name(name)).send().await
    };
    // Latin-1, half a character, an overlong slash, half a surrogate pair, and what a gateway makes of them.
    for name in [&b"M\xfcsli"[..], b"Caf\xc3", b"a\xc0\xafb", b"\xed\xa0\x80", "M\u{FFFD}sli".as_bytes()] {
        post("application/json", name).await.expect_problem(400, "not_utf8").mentions("UTF-8");
    }
    for name in [&b"M\xfcsli"[..], b"Caf\xc3"] {
        post("application/merge-patch+json", name).await.expect_problem(400, "not_utf8");
    }
    let utf16: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    admin.call(Method::POST, "/api/v1/products").bytes("application/json", utf16).send().await.expect_refusal(400);
    let latin1 = b"{\"email\": \"ada@example.com\", \"password\": \"pass\xe9 pass\xe9 pass\xe9\"}".to_vec();
    let login = shop.anonymous().call(Method::POST, "/api/v1/auth/login").bytes("application/json", latin1);
    login.send().await.expect_problem(400, "not_utf8");
    // None of them took the SKU. As an escape, the character is what was sent.
    let created = post("application/json", br"M\ufffdsli \u00fc").await.expect(201).json();
    assert_eq!(created["name"], "M\u{FFFD}sli ü");
}

#[tokio::test]
async fn name_that_an_object_has_twice_is_400_at_every_depth() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let valid = shop.two_sizes().to_string();
    let twice = |member: &str| valid.replacen(member, &format!("{member},{member}"), 1);
    let price = format!("\"currency\":\"{}\"", shop.stack.currency);
    for (body, field) in [
        (valid.replacen('{', "{\"name\":\"Bowl\",", 1), "name"),
        (twice(&price), "variants[0].price.currency"),
        (valid.replacen('{', "{\"attributes\":{\"a\":1,\"\\u0061\":1},", 1), "attributes.a"),
        (valid.replacen('{', "{\"colour\":[[{\"a\":1,\"a\":1}]],", 1), "colour[0][0].a"),
    ] {
        let call = admin.call(Method::POST, "/api/v1/products").text("application/json", body);
        let problem = call.send().await.expect_problem(400, "duplicate_field").has_error_code("duplicate_field");
        assert_eq!(problem.errors()[0]["field"], *field, "{}", problem.body);
    }
}

#[tokio::test]
async fn body_that_is_not_json_is_415() {
    let (_shop, mug, customer) = shop_with_mug_and_customer().await;
    let item = json!({ "sku": mug.sku, "quantity": 1 }).to_string();
    for media_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let call = customer.api.call(Method::POST, "/api/v1/cart/me/items");
        call.text(media_type, item.clone()).send().await.expect_refusal(415);
    }
}

#[tokio::test]
async fn unknown_field_is_422_and_named() {
    let (shop, mug, customer) = shop_with_mug_and_customer().await;
    let item = json!({ "sku": mug.sku, "quantity": 1, "colour": "red" });
    customer.tries_to_add(item).await.expect_refusal(422).names_field("colour");
    let mut order = valid_order(&shop, &mug);
    order["items"][0]["price"] = json!(1);
    customer.api.post("/api/v1/orders", &order).await.expect_refusal(422).names_field("price");
    let greedy = json!({ "email": "mallory@example.com", "password": "a long password", "name": "M", "role": "admin" });
    shop.anonymous().post("/api/v1/auth/register", &greedy).await.expect_refusal(422).names_field("role");
}

#[tokio::test]
async fn wrong_type_is_422_and_names_the_field() {
    let (shop, mug, customer) = shop_with_mug_and_customer().await;
    for quantity in [json!("two"), json!(1.5), json!([1]), json!(null), json!(true)] {
        let response = customer.tries_to_add(json!({ "sku": mug.sku, "quantity": quantity })).await;
        response.expect_refusal(422).names_field("quantity");
        let mut order = valid_order(&shop, &mug);
        order["items"][0]["quantity"] = quantity;
        customer.api.post("/api/v1/orders", &order).await.expect_refusal(422).names_field("quantity");
    }
    let login = json!({ "email": 7, "password": "a long password" });
    shop.anonymous().post("/api/v1/auth/login", &login).await.expect_refusal(422).names_field("email");
}

#[tokio::test]
async fn quantity_is_between_1_and_999() {
    let (shop, mug, customer) = shop_with_mug_and_customer().await;
    for quantity in [0, -1, 1000, i64::MAX] {
        let response = customer.tries_to_add(json!({ "sku": mug.sku, "quantity": quantity })).await;
        response.expect_refusal(422).names_field("quantity");
        let mut order = valid_order(&shop, &mug);
        order["items"][0]["quantity"] = json!(quantity);
        customer.api.post("/api/v1/orders", &order).await.expect_refusal(422).names_field("quantity");
    }
    let path = format!("/api/v1/cart/me/items/{}", mug.sku);
    customer.adds(&mug.sku, 1).await;
    customer.api.put(&path, &json!({ "quantity": 1000 })).await.expect_refusal(422).names_field("quantity");
    customer.api.put(&path, &json!({ "quantity": 0 })).await.expect_success();
    let cart = customer.api.get("/api/v1/cart/me").await.expect(200).json();
    assert_eq!(cart["items"], json!([]), "0 should remove a line");
}

#[tokio::test]
async fn body_over_256_kb_is_413() {
    let (_shop, mug, customer) = shop_with_mug_and_customer().await;
    let item = json!({ "sku": mug.sku, "quantity": 1, "padding": "x".repeat(257 * 1024) });
    customer.tries_to_add(item).await.expect_refusal(413);
}

#[tokio::test]
async fn unknown_product_is_422_in_a_body_and_404_in_a_path() {
    let (shop, mug, customer) = shop_with_mug_and_customer().await;
    customer.tries_to_add(json!({ "sku": "NO-SUCH-SKU", "quantity": 1 })).await.expect_refusal(422);
    customer.tries_to_add(json!({ "productId": NO_PRODUCT, "quantity": 1 })).await.expect_refusal(422);
    let mut order = valid_order(&shop, &mug);
    order["items"][0]["sku"] = json!("NO-SUCH-SKU");
    customer.api.post("/api/v1/orders", &order).await.expect_refusal(422);
    for path in [NO_PRODUCT, "prd_nonsense", "nonsense", NO_ORDER] {
        shop.anonymous().get(&format!("/api/v1/products/{path}")).await.expect_refusal(404);
    }
    let line = "/api/v1/cart/me/items/NO-SUCH-SKU";
    customer.api.put(line, &json!({ "quantity": 1 })).await.expect_refusal(404);
}

#[tokio::test]
async fn missing_member_of_an_order_is_422() {
    let (shop, mug, customer) = shop_with_mug_and_customer().await;
    for missing in ["items", "shippingAddress", "paymentMethod"] {
        let mut order = valid_order(&shop, &mug);
        if let Some(members) = order.as_object_mut() {
            members.remove(missing);
        }
        customer.api.post("/api/v1/orders", &order).await.expect_refusal(422);
    }
    let mut order = valid_order(&shop, &mug);
    order["items"] = json!([]);
    customer.api.post("/api/v1/orders", &order).await.expect_refusal(422);
    let guest = shop.anonymous();
    guest.post("/api/v1/orders", &valid_order(&shop, &mug)).await.expect_refusal(422).names_field("email");
    let mut order = valid_order(&shop, &mug);
    order["email"] = json!("nobody");
    guest.post("/api/v1/orders", &order).await.expect_refusal(422).names_field("email");
    // An empty cart is a state and not a mistake in the request. Either way nothing is ordered.
    let refused = customer.tries_to_place(&Checkout::of_cart()).await;
    assert!(matches!(refused.status, 409 | 422), "{} {}", refused.status, refused.text);
}

#[tokio::test]
async fn email_that_no_mail_can_be_sent_to_is_422() {
    let (shop, mug, _customer) = shop_with_mug_and_customer().await;
    for email in ["a..b@example.com", ".a@example.com", "a.@example.com", "a@example..com"] {
        let account = json!({ "email": email, "password": "a long password", "name": "Ada" });
        shop.anonymous().post("/api/v1/auth/register", &account).await.expect_fault("email", "invalid_value");
        let order = shop.new_guest().with_email(email).tries_to_place(&Checkout::of(&[(&mug.sku, 1)])).await;
        order.expect_fault("email", "invalid_value");
    }
}

#[tokio::test]
async fn two_credentials_are_refused_also_on_public_routes() {
    let (shop, mug, _customer) = shop_with_mug_and_customer().await;
    let both = shop.anonymous().with_token("a token").with_key("a key");
    let product = format!("/api/v1/products/{}", mug.id);
    let paths = ["/api/v1/products", "/api/v1/products/suggest?q=mug", "/api/v1/categories", "/docs", "/nowhere"];
    let documents = ["/api/v1/openapi.json", "/.well-known/jwks.json", "/api/v1/auth/oauth/google", &product];
    for path in paths.into_iter().chain(documents).chain([mug.reviews().as_str()]) {
        both.get(path).await.expect_problem(400, "ambiguous_credentials");
    }
    let login = json!({ "email": "ada@example.com", "password": "a long password" });
    both.post("/api/v1/auth/login", &login).await.expect_problem(400, "ambiguous_credentials");
    let order = valid_order(&shop, &mug);
    both.post("/api/v1/orders/quote", &order).await.expect_problem(400, "ambiguous_credentials");
    for probe in ["/health", "/api/v1/health"] {
        both.get(probe).await.expect(200);
    }
}

#[tokio::test]
async fn resource_of_another_customer_is_404_like_a_missing_one() {
    let (shop, mug, customer) = shop_with_mug_and_customer().await;
    let order = customer.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let stranger = shop.new_customer().await;
    let path = |id: &str| format!("/api/v1/orders/{id}");
    let theirs = stranger.api.get(&path(order.id())).await.expect_refusal(404);
    let nobodys = stranger.api.get(&path(NO_ORDER)).await.expect_refusal(404);
    assert_eq!(theirs.without_request_id(), nobodys.without_request_id(), "both responses should be the same");
    stranger.api.get(&path("nonsense")).await.expect_refusal(404);
    shop.anonymous().get(&path(order.id())).await.expect_refusal(404);
    stranger.pays(&order, "pm_card_visa").await.expect_refusal(404);
    for payment in [order.payment_id(), NO_PAYMENT] {
        stranger.api.get(&format!("/api/v1/payments/{payment}")).await.expect_refusal(404);
    }
    let user = customer.welcome["user"]["id"].as_str().unwrap_or_default();
    stranger.api.get(&format!("/api/v1/cart/{user}")).await.expect_refusal(404);
    shop.admin().await.get(&path(order.id())).await.expect(200);
}

#[tokio::test]
async fn anonymous_is_401_and_customer_is_403_on_admin_routes() {
    let (shop, mug, customer) = shop_with_mug_and_customer().await;
    for path in ["/api/v1/cart/me", "/api/v1/orders", "/api/v1/auth/me"] {
        shop.anonymous().get(path).await.expect_refusal(401);
    }
    let product = json!({
        "sku": "MALLORY-1", "name": "Mug", "description": "A mug.", "category": "mugs",
        "price": { "amount": 1, "currency": shop.stack.currency }, "stock": { "available": 1 },
    });
    shop.anonymous().post("/api/v1/products", &product).await.expect_refusal(401);
    customer.api.post("/api/v1/products", &product).await.expect_refusal(403);
    let path = format!("/api/v1/products/{}", mug.id);
    let patch = customer.api.call(Method::PATCH, &path).header("If-Match", "\"1\"");
    patch.text("application/merge-patch+json", json!({ "name": "Mine" }).to_string()).send().await.expect_refusal(403);
    customer.api.delete(&path).await.expect_refusal(403);
}

#[tokio::test]
async fn changed_token_is_401() {
    let (shop, _mug, customer) = shop_with_mug_and_customer().await;
    let token = customer.welcome["accessToken"].as_str().unwrap_or_default();
    let (signed, signature) = token.rsplit_once('.').unwrap_or_default();
    // A character in the middle: the last character of base64 may hold unused bits.
    let (head, tail) = signature.split_at(signature.len() / 2);
    let other = if tail.starts_with('A') { "B" } else { "A" };
    let forged = format!("{signed}.{head}{other}{}", &tail[1..]);
    for token in [forged.as_str(), &format!("{signed}."), "nonsense", "a.b.c"] {
        shop.anonymous().with_token(token).get("/api/v1/auth/me").await.expect_problem(401, "invalid_token");
        shop.anonymous().with_token(token).get("/api/v1/cart/me").await.expect_problem(401, "invalid_token");
    }
}

#[tokio::test]
async fn card_number_is_refused_and_not_echoed() {
    let (_shop, mug, customer) = shop_with_mug_and_customer().await;
    for number in ["4242424242424242", "4242 4242 4242 4242"] {
        let response = customer.tries_to_place(&Checkout::of(&[(&mug.sku, 1)]).paid_with(number)).await;
        let problem = response.expect_refusal(422).names_field("token");
        assert!(!problem.body.to_string().contains("4242"), "the number should not be echoed: {}", problem.body);
    }
}

#[tokio::test]
async fn headers_beyond_what_a_gateway_takes_are_431_and_long_credentials_401() {
    let (shop, _mug, customer) = shop_with_mug_and_customer().await;
    let long = |of: usize| "x".repeat(of);
    let api = &customer.api;
    let asks =
        |name: &'static str, bytes: usize| api.call(Method::GET, "/api/v1/users/profile").header(name, &long(bytes));
    asks("X-Anything", 13_000).send().await.expect_problem(431, "headers_too_large");
    asks("X-Anything", 9_000).send().await.expect(200);
    asks("User-Agent", 9_000).send().await.expect(200);
    asks("X-Request-Id", 5_000).send().await.expect(200);
    shop.anonymous().with_token(&long(5_000)).get("/api/v1/users/profile").await.expect_problem(401, "invalid_token");
    shop.anonymous()
        .with_order_token(&long(5_000))
        .get(&format!("/api/v1/orders/{NO_ORDER}"))
        .await
        .expect_refusal(404);
}
