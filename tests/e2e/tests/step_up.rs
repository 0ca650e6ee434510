//! What a thief of a session must not do needs a recent login, and a step-up makes a login recent.

use e2e::scenarios::paid_order_of;
use e2e::{Api, Customer, Draft, KEYS, Response, Shop, claims, in_seconds, unique, unique_email};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

const STEP_UP: &str = "/api/v1/auth/step-up";
/// `LoginsPerAccount` of the test stack, per minute.
const LOGINS: u64 = 20;
/// `RefundStepUpAmount`.
const REFUNDS: i64 = 50_000;

fn token(answer: &Value) -> &str {
    answer["accessToken"].as_str().unwrap_or_else(|| panic!("a login should give a token: {answer}"))
}

/// A token like that one, of a login at another time, or of one that it does not tell.
async fn login_of(shop: &Shop, token: &str, at: Option<i64>) -> Api {
    let mut claims = claims(token);
    match at {
        Some(at) => claims["auth_time"] = json!(at),
        None => drop(claims.as_object_mut().and_then(|claims| claims.remove("auth_time"))),
    }
    shop.anonymous().with_token(&shop.signs_token(&claims, |_| ()).await)
}

async fn admin_token(shop: &Shop) -> String {
    let login = json!({ "email": shop.stack.admin.email, "password": shop.stack.admin.password });
    token(&shop.anonymous().post("/api/v1/auth/login", &login).await.expect(200).json()).to_owned()
}

/// The routes of a person's own account, with a body.
fn own_routes() -> [(Method, &'static str, Value); 4] {
    [
        (Method::POST, KEYS, json!({ "name": "Robot", "scopes": ["use_account"] })),
        (Method::POST, "/api/v1/users/profile/export", json!({})),
        (Method::DELETE, "/api/v1/auth/oauth/links/google", json!({})),
        (Method::DELETE, "/api/v1/users/profile", json!({})),
    ]
}

async fn send(api: &Api, (method, path, body): &(Method, &str, Value)) -> Response {
    api.call(method.clone(), path).json(body).send().await
}

async fn step_up(api: &Api, password: &str) -> Response {
    api.post(STEP_UP, &json!({ "password": password })).await
}

async fn refresh(shop: &Shop, token: &Value) -> Value {
    shop.anonymous().post("/api/v1/auth/refresh", &json!({ "refreshToken": token })).await.expect(200).json()
}

#[tokio::test]
async fn older_login_and_api_key_are_refused() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let robot = ada.makes_key(&["use_account"]).await;
    for at in [Some(in_seconds(-601)), Some(in_seconds(3_600)), None] {
        let api = login_of(&shop, token(&ada.welcome), at).await;
        api.get("/api/v1/auth/me").await.expect(200);
        for route in &own_routes() {
            send(&api, route).await.expect_problem(403, "recent_login_required");
        }
    }
    for route in &own_routes() {
        send(&robot.api, route).await.expect_problem(403, "login_required");
    }
    let recent = login_of(&shop, token(&ada.welcome), Some(in_seconds(-500))).await;
    for (route, status) in own_routes().iter().zip([201, 202, 404, 202]) {
        send(&recent, route).await.expect(status);
    }
}

#[tokio::test]
async fn role_is_changed_by_a_recent_login_only() {
    let shop = Shop::open().await;
    let (ada, grace) = (shop.new_customer().await, shop.new_verified_customer().await);
    let role = (Method::PUT, format!("/api/v1/users/{}/role", ada.id()), json!({ "role": "admin" }));
    let role = (role.0, role.1.as_str(), role.2);
    let admin = admin_token(&shop).await;
    send(&login_of(&shop, &admin, Some(in_seconds(-601))).await, &role)
        .await
        .expect_problem(403, "recent_login_required");
    send(&grace.api, &role).await.expect_problem(403, "forbidden");
    // A key of an admin with that scope.
    let path = format!("/api/v1/users/{}/role", grace.id());
    shop.admin().await.put(&path, &role.2).await.expect(200);
    let grace = shop.logs_in(&grace.email, &grace.password).await;
    let robot = grace.makes_key(&["manage_users"]).await;
    robot.api.get("/api/v1/users").await.expect(200);
    send(&robot.api, &role).await.expect_problem(403, "login_required");
    send(&grace.api, &role).await.expect(200);
}

/// The customer's session, which began an hour ago; returns its tokens.
async fn began_an_hour_ago(shop: &Shop, customer: &Customer) -> Value {
    let sid = claims(token(&customer.welcome))["sid"].as_str().unwrap_or_default().to_owned();
    let (user, session) = (format!("USER#{}", customer.id()), format!("SESSION#{sid}"));
    shop.rows.sets("identity", &user, &session, "authTime", json!({ "S": "2026-01-01T00:00:00.000Z" })).await;
    refresh(shop, &customer.welcome["refreshToken"]).await
}

#[tokio::test]
async fn step_up_makes_a_login_recent_and_a_refresh_does_not() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let session = began_an_hour_ago(&shop, &ada).await;
    let old = ada.through(&shop.anonymous().with_token(token(&session)));
    let robot = json!({ "scopes": ["use_account"] });
    old.tries_to_make_key(robot.clone()).await.expect_problem(403, "recent_login_required").mentions("step-up");

    step_up(&old.api, "not the password").await.expect_problem(403, "wrong_password");
    step_up(&shop.anonymous(), &ada.password).await.expect_problem(401, "unauthenticated");
    old.api
        .post(STEP_UP, &json!({ "password": ada.password, "code": "123456" }))
        .await
        .expect_fault("password", "one_proof_required");
    old.tries_to_make_key(robot.clone()).await.expect_problem(403, "recent_login_required");
    let stepped_up = step_up(&old.api, &ada.password).await.expect(200);
    stepped_up.expect_header("ratelimit-remaining");
    let stepped_up = stepped_up.json();
    assert_eq!(claims(token(&stepped_up))["sid"], claims(token(&session))["sid"], "the session should continue");
    assert!(stepped_up["refreshToken"].is_null(), "{stepped_up}");
    ada.through(&shop.anonymous().with_token(token(&stepped_up))).tries_to_make_key(robot.clone()).await.expect(201);
    // The session's own refresh token is still valid, and its next token says when the person stepped up.
    let next = refresh(&shop, &session["refreshToken"]).await;
    assert_eq!(claims(token(&next))["auth_time"], claims(token(&stepped_up))["auth_time"]);
    ada.through(&shop.anonymous().with_token(token(&next))).tries_to_make_key(robot).await.expect(201);

    old.api.post("/api/v1/auth/logout", &json!({})).await.expect(204);
    step_up(&old.api, &ada.password).await.expect_problem(401, "session_ended");
}

#[tokio::test]
async fn session_of_an_older_release_is_not_recent() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let sid = claims(token(&ada.welcome))["sid"].as_str().unwrap_or_default().to_owned();
    let (user, session) = (format!("USER#{}", ada.id()), format!("SESSION#{sid}"));
    let mut row = shop.rows.reads("identity", &user, &session).await;
    row.as_object_mut().expect("a session should have a row").remove("authTime");
    shop.rows.loads("identity", &row).await;
    let tokens = refresh(&shop, &ada.welcome["refreshToken"]).await;
    assert!(claims(token(&tokens))["auth_time"].is_null());
    let ada = ada.through(&shop.anonymous().with_token(token(&tokens)));
    ada.tries_to_make_key(json!({ "scopes": ["use_account"] })).await.expect_problem(403, "recent_login_required");
    step_up(&ada.api, &ada.password).await.expect(200);
}

#[tokio::test]
async fn account_without_a_password_signs_in_again() {
    let shop = Shop::open().await;
    let (subject, email) = (unique("nopass"), unique_email("nopass"));
    shop.google_knows_owner(&subject, &email).await;
    let code = shop.browser().signs_in_with_google(&subject).await.expect_code();
    let session = shop.redeems(&code).await.expect(200).json();
    let api = shop.anonymous().with_token(token(&session));
    step_up(&api, "no password").await.expect_problem(409, "no_password");
    // The sign-in is a recent login.
    api.post(KEYS, &json!({ "name": "Robot", "scopes": ["use_account"] })).await.expect(201);
}

#[tokio::test]
async fn guesses_of_a_thief_are_rate_limited_and_the_login_is_not() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    for attempts in 0..=2 * LOGINS {
        let response = step_up(&ada.api, "a wrong guess").await;
        if response.status == 429 {
            assert!(attempts >= LOGINS, "rate limited after {attempts}");
            response.expect_problem(429, "rate_limited");
            shop.logs_in(&ada.email, &ada.password).await;
            return;
        }
        response.expect_problem(403, "wrong_password");
    }
    panic!("{} guesses should be rate limited", 2 * LOGINS);
}

/// Another admin, who has just logged in.
async fn new_admin(shop: &Shop) -> Customer {
    let grace = shop.new_verified_customer().await;
    let path = format!("/api/v1/users/{}/role", grace.id());
    shop.admin().await.put(&path, &json!({ "role": "admin" })).await.expect(200);
    shop.logs_in(&grace.email, &grace.password).await
}

#[tokio::test]
async fn large_refund_needs_a_recent_login_also_in_parts() {
    let shop = Shop::open().await;
    let draft = Draft { price: 60_000, ..Draft::with_stock(1) };
    let (_, order, _) = paid_order_of(&shop, draft, "pm_card_visa").await;
    let grace = new_admin(&shop).await;
    let robot = grace.makes_key(&["move_money", "read_orders"]).await;
    let old = login_of(&shop, token(&grace.welcome), Some(in_seconds(-601))).await;
    let amount = |amount| json!({ "amount": shop.money(amount) });
    old.refunds(&order, json!({})).await.expect_problem(403, "recent_login_required");
    robot.api.refunds(&order, amount(50_001)).await.expect_problem(403, "login_required");
    robot.api.refunds(&order, amount(30_000)).await.expect(201);
    old.refunds(&order, amount(20_000)).await.expect(201);
    old.refunds(&order, amount(1)).await.expect_problem(403, "recent_login_required");
    robot.api.refunds(&order, amount(1)).await.expect_problem(403, "login_required");
    grace.api.refunds(&order, json!({})).await.expect(201);
}

#[tokio::test]
async fn refunds_at_once_need_a_recent_login_together() {
    let shop = Shop::open().await;
    let draft = Draft { price: 600_000, ..Draft::with_stock(1) };
    let (_, order, _) = paid_order_of(&shop, draft, "pm_card_visa").await;
    let grace = new_admin(&shop).await;
    let old = login_of(&shop, token(&grace.welcome), Some(in_seconds(-601))).await;
    let body = json!({ "amount": shop.money(REFUNDS - 1_000) });
    let answers = join_all((0..10).map(|_| old.refunds(&order, body.clone()))).await;
    let mut refunds = 0;
    for answer in answers {
        match answer.status {
            201 => refunds += 1,
            403 => drop(answer.expect_problem(403, "recent_login_required")),
            _ => drop(answer.expect_problem(409, "too_many_concurrent_updates")),
        }
    }
    assert_eq!(refunds, 1, "the refunds should come to {REFUNDS} at most");
}
