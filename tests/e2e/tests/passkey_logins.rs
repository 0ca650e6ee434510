//! What passkeys are used for: a login with one alone, the second factor of a login, and a step-up.

use std::time::Duration;

use e2e::{AddedPasskey, Authenticator, EVENTUALLY, Lie, SHOP_PAGE, Shop, await_until, claims, in_seconds, with};
use futures::future::join_all;
use serde_json::{Value, json};

const STEP_UP: &str = "/api/v1/auth/step-up";
const LOGIN_MFA: &str = "/api/v1/auth/login/mfa";

fn device() -> Authenticator {
    Authenticator::new(SHOP_PAGE)
}

/// A lie for each rule of a login.
fn lies<'a>(challenge: &'a str, other: &'a str) -> Vec<Lie<'a>> {
    vec![
        Lie { origin: Some("http://localhost:3001"), ..Lie::default() },
        Lie { origin: Some("https://evil.example"), ..Lie::default() },
        Lie { is_embedded: true, ..Lie::default() },
        Lie { kind: Some("webauthn.create"), ..Lie::default() },
        Lie { rp_id: Some("evil.example"), ..Lie::default() },
        Lie { challenge: Some(challenge), ..Lie::default() },
        Lie { without_flags: Lie::NOT_PRESENT, ..Lie::default() },
        Lie { without_flags: Lie::NOT_VERIFIED, ..Lie::default() },
        Lie { user_handle: Some(other), ..Lie::default() },
        Lie { has_wrong_signature: true, ..Lie::default() },
    ]
}

/// The user handle of an account that does not have the passkey.
async fn handle_of_another(shop: &Shop) -> String {
    let bob = shop.new_verified_customer().await;
    let options = bob.begins_passkey().await;
    options["publicKey"]["user"]["id"].as_str().unwrap_or_default().to_owned()
}

async fn mfa_token(shop: &Shop, added: &AddedPasskey) -> String {
    let login = json!({ "email": added.customer.email, "password": added.customer.password });
    let refused = shop.anonymous().post("/api/v1/auth/login", &login).await.expect_problem(403, "mfa_required");
    assert_eq!(refused.body["methods"], json!(["passkey", "recovery_code"]));
    refused.body["mfaToken"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn passkey_alone_begins_a_session_with_two_factors() {
    let shop = Shop::open().await;
    let mut phone = device();
    let added = shop.new_customer_with_passkey(&mut phone).await;
    for _ in 0..2 {
        let used = phone.gets(&shop.begins_passkey_login().await);
        let welcome = shop.tries_to_log_in_with(&used).await.expect(200).json();
        assert_eq!(welcome["user"]["id"], json!(added.customer.id()));
        let token = welcome["accessToken"].as_str().unwrap_or_default();
        assert_eq!(claims(token)["amr"], json!(["hwk", "mfa"]));
        assert!(claims(token)["auth_time"].as_i64().is_some_and(|at| (in_seconds(-60)..=in_seconds(5)).contains(&at)));
        shop.anonymous().with_token(token).get("/api/v1/auth/me").await.expect(200);
        let refresh = json!({ "refreshToken": welcome["refreshToken"] });
        shop.anonymous().post("/api/v1/auth/refresh", &refresh).await.expect(200);
    }
    let listed = added.customer.passkeys().await;
    assert!(listed[0]["lastUsedAt"].is_string(), "{listed:?}");
}

#[tokio::test]
async fn login_with_a_lie_is_refused() {
    let shop = Shop::open().await;
    let mut phone = device();
    shop.new_customer_with_passkey(&mut phone).await;
    let (challenge, other) = (e2e::encoded_bytes(&[7; 32]), handle_of_another(&shop).await);
    for lie in lies(&challenge, &other) {
        let used = phone.gets_with(&shop.begins_passkey_login().await, &lie);
        shop.tries_to_log_in_with(&used).await.expect_problem(401, "passkey_invalid");
    }
    let used = phone.gets(&shop.begins_passkey_login().await);
    for (pointer, value) in [
        ("/response/userHandle", json!(null)),
        ("/response/userHandle", json!(e2e::encoded_bytes(&[0; 16]))),
        ("/response/userHandle", json!("AAAA")),
        ("/id", json!(e2e::encoded_bytes(&[9; 32]))),
        ("/response/authenticatorData", json!(e2e::encoded_bytes(&[5; 37]))),
    ] {
        let bad = with(&used, pointer, value);
        shop.tries_to_log_in_with(&bad).await.expect_problem(401, "passkey_invalid");
    }
    for (pointer, value, field) in [
        ("/id", json!("A".repeat(1_400)), "credential.id"),
        ("/response/signature", json!("A".repeat(700)), "credential.response.signature"),
        ("/response/authenticatorData", json!("AAAA"), "credential.response.authenticatorData"),
        ("/response/userHandle", json!("A".repeat(88)), "credential.response.userHandle"),
        ("/response/clientDataJSON", json!("A".repeat(6_000)), "credential.response.clientDataJSON"),
    ] {
        shop.tries_to_log_in_with(&with(&used, pointer, value)).await.expect_refusal(422).names_field(field);
    }
    shop.tries_to_log_in_with(&used).await.expect(200);
}

#[tokio::test]
async fn key_of_another_device_does_not_sign_for_a_passkey() {
    let shop = Shop::open().await;
    let (mut phone, mut thief) = (device(), device());
    shop.new_customer_with_passkey(&mut phone).await;
    shop.new_customer_with_passkey(&mut thief).await;
    let options = shop.begins_passkey_login().await;
    let (of_phone, of_thief) = (phone.gets(&options), thief.gets(&options));
    let mut forged = of_thief;
    forged["id"] = of_phone["id"].clone();
    forged["response"]["userHandle"] = of_phone["response"]["userHandle"].clone();
    shop.tries_to_log_in_with(&forged).await.expect_problem(401, "passkey_invalid");
    shop.tries_to_log_in_with(&of_phone).await.expect(200);
}

#[tokio::test]
async fn challenge_of_a_login_is_used_once_in_five_minutes() {
    let shop = Shop::open().await;
    let mut phone = device();
    let added = shop.new_customer_with_passkey(&mut phone).await;
    let options = shop.begins_passkey_login().await;
    let used = phone.gets(&options);
    shop.tries_to_log_in_with(&used).await.expect(200);
    shop.tries_to_log_in_with(&used).await.expect_problem(401, "passkey_invalid");
    shop.tries_to_log_in_with(&phone.gets(&options)).await.expect_problem(401, "passkey_invalid");
    let options = shop.begins_passkey_login().await;
    let row = e2e::row_of_challenge(options["publicKey"]["challenge"].as_str().unwrap_or_default());
    let past = json!({ "N": in_seconds(-1).to_string() });
    shop.rows.sets("identity", &row, "CHALLENGE", "expiresAt", past).await;
    shop.tries_to_log_in_with(&phone.gets(&options)).await.expect_problem(401, "passkey_invalid");
    // One of a registration.
    let creation = added.customer.begins_passkey().await;
    let mut options = shop.begins_passkey_login().await;
    options["publicKey"]["challenge"] = creation["publicKey"]["challenge"].clone();
    shop.tries_to_log_in_with(&phone.gets(&options)).await.expect_problem(401, "passkey_invalid");
}

#[tokio::test]
async fn one_of_ten_concurrent_logins_succeeds() {
    let shop = Shop::open().await;
    // A device that does not count, so that the challenge alone decides.
    let mut phone = device();
    shop.new_customer_with_passkey(&mut phone).await;
    let lie = Lie { count: Some(0), ..Lie::default() };
    let used = phone.gets_with(&shop.begins_passkey_login().await, &lie);
    let answers = join_all((0..10).map(|_| shop.tries_to_log_in_with(&used))).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    for refused in answers.into_iter().filter(|answer| answer.status != 200) {
        refused.expect_problem(401, "passkey_invalid");
    }
}

#[tokio::test]
async fn count_that_does_not_grow_is_refused() {
    let shop = Shop::open().await;
    let mut phone = device();
    shop.new_customer_with_passkey(&mut phone).await;
    for (count, status) in
        [(0, 200), (0, 200), (7, 200), (7, 401), (6, 401), (0, 401), (8, 200), (u32::MAX, 200), (1, 401)]
    {
        let lie = Lie { count: Some(count), ..Lie::default() };
        let used = phone.gets_with(&shop.begins_passkey_login().await, &lie);
        let answer = shop.tries_to_log_in_with(&used).await;
        match status {
            200 => drop(answer.expect(200)),
            _ => drop(answer.expect_problem(401, "passkey_invalid")),
        }
    }
}

#[tokio::test]
async fn passkey_is_the_second_factor_of_a_login() {
    let shop = Shop::open().await;
    let mut phone = device();
    let added = shop.new_customer_with_passkey(&mut phone).await;
    let token = mfa_token(&shop, &added).await;
    let (challenge, other) = (e2e::encoded_bytes(&[7; 32]), handle_of_another(&shop).await);
    for lie in lies(&challenge, &other).into_iter().rev().take(4) {
        let used = phone.gets_with(&shop.begins_passkey_login().await, &lie);
        let body = json!({ "mfaToken": token, "passkey": used });
        shop.anonymous().post(LOGIN_MFA, &body).await.expect_problem(401, "passkey_invalid");
    }
    let body = json!({ "mfaToken": token, "passkey": phone.gets(&shop.begins_passkey_login().await) });
    let welcome = shop.anonymous().post(LOGIN_MFA, &body).await.expect(200).json();
    let amr = claims(welcome["accessToken"].as_str().unwrap_or_default())["amr"].clone();
    assert_eq!(amr, json!(["pwd", "hwk", "mfa"]));
    shop.anonymous().post(LOGIN_MFA, &body).await.expect_problem(401, "invalid_mfa_token");
    // The same use with another token.
    let token = mfa_token(&shop, &added).await;
    let body = with(&body, "/mfaToken", json!(token));
    shop.anonymous().post(LOGIN_MFA, &body).await.expect_problem(401, "passkey_invalid");
    // A passkey of another account.
    let mut thief = device();
    shop.new_customer_with_passkey(&mut thief).await;
    let used = thief.gets(&shop.begins_passkey_login().await);
    for passkey in [used.clone(), with(&used, "/response/userHandle", Value::Null)] {
        let body = json!({ "mfaToken": token, "passkey": passkey });
        shop.anonymous().post(LOGIN_MFA, &body).await.expect_problem(401, "passkey_invalid");
    }
    // The account is known, so the user handle may be missing.
    let used = with(&phone.gets(&shop.begins_passkey_login().await), "/response/userHandle", Value::Null);
    let body = json!({ "mfaToken": token, "passkey": used });
    shop.anonymous().post(LOGIN_MFA, &body).await.expect(200);
}

#[tokio::test]
async fn five_wrong_passkeys_end_a_login() {
    let shop = Shop::open().await;
    let mut phone = device();
    let added = shop.new_customer_with_passkey(&mut phone).await;
    let token = mfa_token(&shop, &added).await;
    let lie = Lie { has_wrong_signature: true, ..Lie::default() };
    for _ in 0..5 {
        let used = phone.gets_with(&shop.begins_passkey_login().await, &lie);
        let body = json!({ "mfaToken": token, "passkey": used });
        shop.anonymous().post(LOGIN_MFA, &body).await.expect_problem(401, "passkey_invalid");
    }
    let used = phone.gets(&shop.begins_passkey_login().await);
    let body = json!({ "mfaToken": token, "passkey": used });
    shop.anonymous().post(LOGIN_MFA, &body).await.expect_problem(401, "invalid_mfa_token");
}

#[tokio::test]
async fn passkey_makes_an_older_login_recent() {
    let shop = Shop::open().await;
    let mut phone = device();
    let added = shop.new_customer_with_passkey(&mut phone).await;
    let ada = &added.customer;
    let used = phone.gets(&shop.begins_passkey_login().await);
    let welcome = shop.tries_to_log_in_with(&used).await.expect(200).json();
    let mut claims = claims(welcome["accessToken"].as_str().unwrap_or_default());
    claims["auth_time"] = json!(in_seconds(-601));
    let old = shop.anonymous().with_token(&shop.signs_token(&claims, |_| ()).await);
    let path = format!("{}/{}", e2e::PASSKEYS, added.id);
    old.delete(&path).await.expect_problem(403, "recent_login_required");
    old.post(STEP_UP, &json!({ "password": ada.password })).await.expect_problem(409, "second_factor_required");
    // Clients log out at a 401, so a wrong passkey of a caller who is logged in is a 403.
    old.post(STEP_UP, &json!({ "passkey": used })).await.expect_problem(403, "passkey_invalid");
    let body = json!({ "passkey": phone.gets(&shop.begins_passkey_login().await) });
    let stepped_up = old.post(STEP_UP, &body).await.expect(200).json();
    old.post(STEP_UP, &body).await.expect_problem(403, "passkey_invalid");
    let recent = shop.anonymous().with_token(stepped_up["accessToken"].as_str().unwrap_or_default());
    recent.delete(&path).await.expect(204);
}

#[tokio::test]
async fn only_its_owner_reads_that_an_account_is_suspended() {
    let shop = Shop::open().await;
    let mut phone = device();
    let added = shop.new_customer_with_passkey(&mut phone).await;
    let path = format!("/api/v1/users/{}/status", added.customer.id());
    shop.admin().await.put(&path, &json!({ "status": "suspended", "reason": "a test" })).await.expect(200);
    let lie = Lie { has_wrong_signature: true, ..Lie::default() };
    let used = phone.gets_with(&shop.begins_passkey_login().await, &lie);
    shop.tries_to_log_in_with(&used).await.expect_problem(401, "passkey_invalid");
    let used = phone.gets(&shop.begins_passkey_login().await);
    shop.tries_to_log_in_with(&used).await.expect_problem(403, "account_suspended");
}

#[tokio::test]
async fn end_of_all_sessions_keeps_passkeys() {
    let shop = Shop::open().await;
    let mut phone = device();
    let added = shop.new_customer_with_passkey(&mut phone).await;
    added.customer.api.post("/api/v1/auth/logout-everywhere", &json!({})).await.expect(204);
    let used = phone.gets(&shop.begins_passkey_login().await);
    shop.tries_to_log_in_with(&used).await.expect(200);
    mfa_token(&shop, &added).await;
}

#[tokio::test]
async fn login_from_a_network_from_before_a_logout_everywhere_is_mailed() {
    let shop = Shop::open().await;
    let mut phone = device();
    let added = shop.new_customer_with_passkey(&mut phone).await;
    let abroad = shop.from_new_ip();
    let mut logs_in = async || {
        let body = json!({ "credential": phone.gets(&shop.begins_passkey_login().await) });
        abroad.post(&format!("{}/login", e2e::PASSKEYS), &body).await.expect(200).json()
    };
    let awaits_mails = async |number: usize| {
        await_until("logins are mailed", EVENTUALLY, async || {
            let mails = shop.mailbox.of(&added.customer.email).await;
            let count = mails.iter().filter(|mail| mail.subject == "A new login to your account").count();
            if count == number { Ok(()) } else { Err(format!("{mails:?}")) }
        })
        .await;
    };
    logs_in().await;
    awaits_mails(1).await;
    let session = logs_in().await;
    // The logout is of a later second than the login.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let api = shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default());
    api.post("/api/v1/auth/logout-everywhere", &json!({})).await.expect(204);
    logs_in().await;
    awaits_mails(2).await;
}
