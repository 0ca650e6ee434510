//! Accounts and sessions.

use e2e::{EVENTUALLY, Response, Shop, await_until, unique, unique_email};
use futures::future::join_all;
use serde_json::{Value, json};

async fn login(shop: &Shop, email: &str, password: &str) -> Response {
    shop.anonymous().post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

async fn refresh(shop: &Shop, token: &Value) -> Response {
    shop.anonymous().post("/api/v1/auth/refresh", &json!({ "refreshToken": token })).await
}

async fn me(shop: &Shop, session: &Value) -> Response {
    let token = session["accessToken"].as_str().unwrap_or_default();
    shop.anonymous().with_token(token).get("/api/v1/auth/me").await
}

#[tokio::test]
async fn registered_customer_is_logged_in() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    assert_eq!(customer.welcome["tokenType"], "Bearer", "{}", customer.welcome);
    assert!(customer.welcome["expiresIn"].as_u64().is_some_and(|seconds| seconds > 0));
    let user = customer.api.get("/api/v1/auth/me").await.expect(200).json();
    assert_eq!((&user["email"], &user["role"]), (&json!(customer.email), &json!("customer")));
    assert!(user["id"].as_str().is_some_and(|id| id.starts_with("usr_")), "{user}");
    assert!(!user.to_string().to_lowercase().contains("password"), "{user}");

    let again =
        json!({ "email": customer.email.to_uppercase(), "password": unique("another password"), "name": "Eve" });
    shop.anonymous().post("/api/v1/auth/register", &again).await.expect_problem(409, "email_taken");
    login(&shop, &customer.email.to_uppercase(), &customer.password).await.expect(200);
}

#[tokio::test]
async fn wrong_password_and_unknown_email_get_the_same_response() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let wrong = login(&shop, &customer.email, "not the password").await.expect_problem(401, "invalid_credentials");
    let unknown_email = unique_email("nobody");
    let unknown = login(&shop, &unknown_email, "not the password").await.expect_problem(401, "invalid_credentials");
    assert_eq!(wrong.without_request_id(), unknown.without_request_id());
}

#[tokio::test]
async fn invalid_registration_is_422() {
    let shop = Shop::open().await;
    let valid = || json!({ "email": unique_email("bob"), "password": unique("a password"), "name": "Bob" });
    for (field, value) in [("email", json!("bob")), ("password", json!("short")), ("name", json!(""))] {
        let mut body = valid();
        body[field] = value;
        shop.anonymous().post("/api/v1/auth/register", &body).await.expect_refusal(422).names_field(field);
        if let Some(members) = body.as_object_mut() {
            members.remove(field);
        }
        shop.anonymous().post("/api/v1/auth/register", &body).await.expect_refusal(422).names_field(field);
    }
}

#[tokio::test]
async fn refresh_token_is_valid_once() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let first = &customer.welcome["refreshToken"];
    let second = refresh(&shop, first).await.expect(200).json();
    me(&shop, &second).await.expect(200);
    assert_ne!(*first, second["refreshToken"]);
    // The response may have been lost: for a moment the spent token gets the same successor.
    let again = refresh(&shop, first).await.expect(200).json();
    assert_eq!(again["refreshToken"], second["refreshToken"]);
    let third = refresh(&shop, &second["refreshToken"]).await.expect(200).json();

    // Later, or after its successor was spent, it is a sign of theft, and the session ends.
    await_until("the spent token is refused", EVENTUALLY, async || {
        let response = refresh(&shop, first).await;
        if response.status == 200 { Err(response.text) } else { Ok(response.expect_problem(401, "refresh_reused")) }
    })
    .await;
    refresh(&shop, &third["refreshToken"]).await.expect_refusal(401);
    me(&shop, &third).await.expect_refusal(401);
    refresh(&shop, &json!("nonsense")).await.expect_refusal(401);
}

#[tokio::test]
async fn eight_concurrent_refreshes_get_one_successor() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let token = &customer.welcome["refreshToken"];
    let responses = join_all((0..8).map(|_| refresh(&shop, token))).await;
    let successors: Vec<Value> = responses.into_iter().map(|response| response.expect(200).json()).collect();
    let first = &successors[0]["refreshToken"];
    assert!(successors.iter().all(|successor| successor["refreshToken"] == *first), "{successors:?}");
    assert_ne!(first, token);
    // The session goes on with whichever response is used.
    me(&shop, &refresh(&shop, first).await.expect(200).json()).await.expect(200);
}

#[tokio::test]
async fn lookalike_email_is_the_same_or_invalid() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let (name, _) = customer.email.split_once('@').unwrap_or_default();
    let register = async |email: &str| {
        let body = json!({ "email": email, "password": unique("a long password"), "name": "Eve" });
        shop.anonymous().post("/api/v1/auth/register", &body).await
    };
    // Full-width letters and a soft hyphen: the same domain. Cyrillic letters in the local part: mail cannot be sent to it.
    for same in ["ｅｘａｍｐｌｅ.com", "ex\u{ad}ample.com", "EXAMPLE.COM"] {
        register(&format!("{name}@{same}")).await.expect_problem(409, "email_taken");
        login(&shop, &format!("{name}@{same}"), &customer.password).await.expect(200);
    }
    register(&format!("\u{430}{}@example.com", &name[1..])).await.expect_refusal(422).names_field("email");
    // A Cyrillic letter in the domain makes another domain, which is shown in Punycode.
    let other = register(&format!("{name}@ex\u{430}mple.com")).await.expect(201).json();
    assert_eq!(other["user"]["email"], format!("{name}@xn--exmple-4nf.com"));
}

#[tokio::test]
async fn logout_ends_its_session_only() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let other = login(&shop, &customer.email, &customer.password).await.expect(200).json();
    customer.api.post("/api/v1/auth/logout", &json!({})).await.expect(204);
    me(&shop, &customer.welcome).await.expect_refusal(401);
    refresh(&shop, &customer.welcome["refreshToken"]).await.expect_refusal(401);
    me(&shop, &other).await.expect(200);
    // Other functions notice within a minute.
    await_until("the cart is refused, too", EVENTUALLY, async || {
        let response = customer.api.get("/api/v1/cart/me").await;
        if response.status == 401 { Ok(()) } else { Err(response.text) }
    })
    .await;
}

#[tokio::test]
async fn the_demo_customer_and_the_admin_can_log_in() {
    let shop = Shop::open().await;
    for (person, role) in [(&shop.stack.customer, "customer"), (&shop.stack.admin, "admin")] {
        let session = login(&shop, &person.email, &person.password).await.expect(200).json();
        assert_eq!(session["user"]["role"], role, "{session}");
    }
    let short = json!({ "email": shop.stack.customer.email, "password": shop.stack.customer.password });
    shop.anonymous().post("/api/v1/users/login", &short).await.expect(200);
}
