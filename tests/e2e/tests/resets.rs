//! Password resets by mail, and verification of email addresses.

use e2e::{EVENTUALLY, Response, Shop, await_until, row_of, unique, unique_email};
use futures::future::join_all;
use serde_json::{Value, json};

const RESET: &str = "reset-password";
const VERIFY: &str = "verify-email";

async fn confirm(shop: &Shop, token: &str, password: &str) -> Response {
    let body = json!({ "token": token, "newPassword": password });
    shop.anonymous().post("/api/v1/auth/reset-password/confirm", &body).await
}

async fn verify(shop: &Shop, token: &str) -> Response {
    shop.anonymous().post("/api/v1/auth/verify-email", &json!({ "token": token })).await
}

async fn login(shop: &Shop, email: &str, password: &str) -> Response {
    shop.anonymous().post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

async fn refresh(shop: &Shop, session: &Value) -> Response {
    shop.anonymous().post("/api/v1/auth/refresh", &json!({ "refreshToken": session["refreshToken"] })).await
}

async fn me(shop: &Shop, session: &Value) -> Response {
    shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default()).get("/api/v1/auth/me").await
}

#[tokio::test]
async fn reset_by_mail_changes_the_password_and_ends_all_sessions() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let other = login(&shop, &customer.email, &customer.password).await.expect(200).json();
    let token = shop.resets(&customer.email, 1).await;
    let password = unique("a new password");
    confirm(&shop, &token, &password).await.expect(204);

    login(&shop, &customer.email, &customer.password).await.expect_problem(401, "invalid_credentials");
    let session = login(&shop, &customer.email, &password).await.expect(200).json();
    assert_eq!(session["user"]["emailVerified"], true, "a reset should verify the email address: {session}");
    for ended in [&customer.welcome, &other] {
        refresh(&shop, ended).await.expect_refusal(401);
        me(&shop, ended).await.expect_refusal(401);
    }
    await_until("the cart refuses the old session, too", EVENTUALLY, async || {
        let response = customer.api.get("/api/v1/cart/me").await;
        if response.status == 401 { Ok(()) } else { Err(response.text) }
    })
    .await;
    // The session that began after the reset is valid.
    me(&shop, &session).await.expect(200);
    refresh(&shop, &session).await.expect(200);

    confirm(&shop, &token, &unique("another one")).await.expect_problem(422, "reset_token_invalid");
}

#[tokio::test]
async fn reset_response_does_not_disclose_accounts() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let unknown_email = unique_email("nobody");
    let ask = async |email: &str| {
        shop.from_new_ip().post("/api/v1/auth/reset-password", &json!({ "email": email })).await.expect(202)
    };
    let (known, unknown) = (ask(&customer.email).await, ask(&unknown_email).await);
    assert_eq!((&known.text, &unknown.text), (&String::new(), &String::new()));
    let headers = |response: &Response| {
        let headers = response.headers.keys().map(|name| name.as_str().to_owned());
        headers.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(headers(&known), headers(&unknown));
    // When the first mail has arrived, the other would have arrived, too.
    shop.awaits_token(&customer.email, RESET, 1).await;
    assert!(shop.mailbox.of(&unknown_email).await.is_empty());
    shop.anonymous().post("/api/v1/auth/reset-password", &json!({ "email": "nonsense" })).await.expect_refusal(422);
}

#[tokio::test]
async fn concurrent_uses_of_a_token_succeed_once() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let token = shop.resets(&customer.email, 1).await;
    let passwords: Vec<_> = (0..8).map(|number| unique(&format!("password number {number}"))).collect();
    let responses = join_all(passwords.iter().map(|password| confirm(&shop, &token, password))).await;
    let won: Vec<_> = responses.iter().map(|response| response.status == 204).collect();
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{responses:#?}");
    for (response, password) in responses.into_iter().zip(&passwords) {
        let expected = if response.status == 204 { 200 } else { 401 };
        if response.status != 204 {
            response.expect_problem(422, "reset_token_invalid");
        }
        login(&shop, &customer.email, password).await.expect(expected);
    }
}

#[tokio::test]
async fn refused_password_leaves_the_token_valid() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let token = shop.resets(&customer.email, 1).await;
    for (password, code) in [("short", "password_too_short"), ("Password1", "password_too_common")] {
        confirm(&shop, &token, password).await.expect_fault("newPassword", code);
    }
    confirm(&shop, &token, &unique("a new password")).await.expect(204);
}

#[tokio::test]
async fn reset_invalidates_earlier_tokens() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let first = shop.resets(&customer.email, 1).await;
    let second = shop.resets(&customer.email, 2).await;
    assert_ne!(first, second);
    confirm(&shop, &second, &unique("a new password")).await.expect(204);
    confirm(&shop, &first, &unique("a thief's password")).await.expect_problem(422, "reset_token_invalid");
}

#[tokio::test]
async fn expired_forged_or_foreign_token_is_invalid() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let token = shop.resets(&customer.email, 1).await;
    let welcome = shop.awaits_token(&customer.email, VERIFY, 1).await;
    let (id, secret) = token.split_once('.').unwrap_or_else(|| panic!("a token should have two parts"));
    let (_, other_secret) = welcome.split_once('.').unwrap_or_else(|| panic!("a token should have two parts"));
    let nonsense =
        ["", ".", "nonsense", &token[1..], &token[..token.len() - 1], &format!("{id}."), &format!(".{secret}")];
    for forged in nonsense.into_iter().chain([format!("{id}.{other_secret}").as_str(), welcome.as_str()]) {
        confirm(&shop, forged, &unique("a new password")).await.expect_problem(422, "reset_token_invalid");
    }
    verify(&shop, &token).await.expect_problem(422, "verification_token_invalid");

    let row = shop.rows.reads("identity", &row_of(&token), "TOKEN").await;
    assert!(
        row["digest"]["S"].is_string() && !row.to_string().contains(secret),
        "the secret should not be stored: {row}"
    );
    shop.rows.sets("identity", &row_of(&token), "TOKEN", "expiresAt", json!({ "N": "1700000000" })).await;
    confirm(&shop, &token, &unique("a new password")).await.expect_problem(422, "reset_token_invalid");
    login(&shop, &customer.email, &customer.password).await.expect(200);
}

#[tokio::test]
async fn mail_of_the_registration_verifies_the_email() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let verified = async || customer.api.get("/api/v1/auth/me").await.expect(200).json()["emailVerified"].clone();
    assert_eq!(verified().await, false);
    let first = shop.awaits_token(&customer.email, VERIFY, 1).await;
    // Requested again: both tokens are valid, each once.
    customer.api.post("/api/v1/auth/verify-email/request", &json!({})).await.expect(202);
    let second = shop.awaits_token(&customer.email, VERIFY, 2).await;
    verify(&shop, &second).await.expect(204);
    assert_eq!(verified().await, true);
    verify(&shop, &second).await.expect_problem(422, "verification_token_invalid");
    verify(&shop, &first).await.expect(204);
    assert_eq!(verified().await, true);
    // The email address is verified: no third mail.
    customer.api.post("/api/v1/auth/verify-email/request", &json!({})).await.expect(202);
    shop.resets(&customer.email, 1).await;
    assert_eq!(shop.tokens_of(&customer.email, VERIFY).await.len(), 2);
    shop.anonymous().post("/api/v1/auth/verify-email/request", &json!({})).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn reset_ends_sessions_even_after_a_crash() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    // As after a reset that crashed before it ended the sessions, or after a concurrent login with the old password.
    let row = format!("USER#{}", customer.id());
    let ended = json!({ "S": "2026-11-21T08:00:00.000Z" });
    shop.rows.sets("identity", &row, "ACCOUNT", "sessionsEndedAt", ended).await;
    refresh(&shop, &customer.welcome).await.expect_problem(401, "invalid_refresh_token");
    let session = login(&shop, &customer.email, &customer.password).await.expect(200).json();
    refresh(&shop, &session).await.expect(200);
}
