//! What ends a thief's access: resets that revoke API keys, another password, and a logout everywhere. And what the owner is mailed.

use std::time::Duration;

use e2e::{Api, Customer, EVENTUALLY, KEYS, Response, Shop, await_until, unique, unique_email};
use serde_json::{Value, json};

const PROFILE: &str = "/api/v1/users/profile";
const NEW_DEVICE: &str = "A new login to your account";
const NEW_KEY: &str = "A new API key for your account";
const NEW_ROLE: &str = "Your account has another role";
const NEW_ADMIN: &str = "The shop has a new admin";
const NEW_PASSWORD: &str = "Your password was changed";
const LINKED: &str = "A new way to log in to your account";
const UNLINKED: &str = "A way to log in to your account was removed";

async fn login(shop: &Shop, email: &str, password: &str) -> Response {
    shop.anonymous().post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

async fn refresh(shop: &Shop, session: &Value) -> Response {
    shop.anonymous().post("/api/v1/auth/refresh", &json!({ "refreshToken": session["refreshToken"] })).await
}

fn api_of(shop: &Shop, session: &Value) -> Api {
    shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default())
}

async fn change_password(api: &Api, old: &str, new: &str) -> Response {
    api.put("/api/v1/auth/password", &json!({ "oldPassword": old, "newPassword": new })).await
}

/// Resets a password by mail; `more` is added to the confirmation.
async fn reset(shop: &Shop, customer: &Customer, more: Value) -> String {
    let password = unique("a new password");
    let mut body = json!({ "token": shop.resets(&customer.email, 1).await, "newPassword": password });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    shop.anonymous().post("/api/v1/auth/reset-password/confirm", &body).await.expect(204);
    password
}

async fn awaits_refusal(what: &str, code: &str, api: &Api, path: &str) {
    await_until(what, EVENTUALLY, async || {
        let response = api.get(path).await;
        if response.text.contains(code) { Ok(()) } else { Err(response.text) }
    })
    .await;
}

/// The subjects of the mails to an email address.
async fn subjects(shop: &Shop, email: &str) -> Vec<String> {
    shop.mailbox.of(email).await.into_iter().map(|mail| mail.subject).collect()
}

#[tokio::test]
async fn reset_revokes_the_api_keys_of_a_thief() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let robots = [ada.makes_key(&["use_account"]).await, ada.makes_key(&["use_account", "buy"]).await];
    for robot in &robots {
        robot.api.get(PROFILE).await.expect(200);
    }
    let password = reset(&shop, &ada, json!({})).await;
    for robot in &robots {
        awaits_refusal("the key is refused", "invalid_api_key", &robot.api, PROFILE).await;
        awaits_refusal("auth refuses it, too", "invalid_api_key", &robot.api, "/api/v1/auth/me").await;
    }
    let ada = shop.logs_in(&ada.email, &password).await;
    assert!(ada.keys().await.is_empty());
    // The count is right again: twenty keys can be made.
    for _ in 0..20 {
        ada.makes_key(&["use_account"]).await;
    }
    ada.tries_to_make_key(json!({ "scopes": ["buy"] })).await.expect_problem(409, "too_many_api_keys");
}

#[tokio::test]
async fn key_that_is_made_during_a_reset_does_not_outlive_it() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let token = shop.resets(&ada.email, 1).await;
    // A thief with Ada's session makes keys until it ends, and removes them again, so that there is always room.
    let thief = async || loop {
        let made = ada.tries_to_make_key(json!({ "scopes": ["use_account"] })).await;
        match made.status {
            201 => drop(ada.api.delete(&format!("{KEYS}/{}", made.json()["id"].as_str().unwrap_or_default())).await),
            401 => return,
            _ => drop(made.expect_problem(409, "too_many_concurrent_updates")),
        }
    };
    let password = unique("a new password");
    let body = json!({ "token": token, "newPassword": password });
    let reset = await_until("the password is reset", EVENTUALLY, async || {
        let confirm = shop.anonymous().post("/api/v1/auth/reset-password/confirm", &body).await;
        if confirm.status == 204 { Ok(()) } else { Err(confirm.text) }
    });
    tokio::join!(reset, thief(), thief());
    assert_eq!(shop.logs_in(&ada.email, &password).await.keys().await, Vec::<Value>::new());
}

#[tokio::test]
async fn reset_keeps_the_api_keys_of_an_owner_who_says_so() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let robot = ada.makes_key(&["use_account"]).await;
    let password = reset(&shop, &ada, json!({ "keepApiKeys": true })).await;
    let ada = shop.logs_in(&ada.email, &password).await;
    assert_eq!(ada.keys().await.len(), 1);
    robot.api.get(PROFILE).await.expect(200);
    robot.api.get("/api/v1/auth/me").await.expect(200);
}

#[tokio::test]
async fn changed_password_ends_all_other_sessions() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let robot = ada.makes_key(&["use_account"]).await;
    let thief = login(&shop, &ada.email, &ada.password).await.expect(200).json();
    let link = shop.resets(&ada.email, 1).await;
    let next = unique("another password");
    change_password(&ada.api, "a wrong password", &next).await.expect_problem(403, "wrong_password");
    change_password(&ada.api, &ada.password, "short").await.expect_refusal(422).names_field("newPassword");
    change_password(&shop.anonymous(), &ada.password, &next).await.expect_problem(401, "unauthenticated");
    change_password(&robot.api, &ada.password, &next).await.expect_problem(403, "login_required");
    let changed = change_password(&ada.api, &ada.password, &next).await.expect(200);
    changed.expect_header("ratelimit-limit");
    let session = changed.json();

    login(&shop, &ada.email, &ada.password).await.expect_problem(401, "invalid_credentials");
    for ended in [&thief, &ada.welcome] {
        refresh(&shop, ended).await.expect_problem(401, "invalid_refresh_token");
        let api = api_of(&shop, ended);
        api.get("/api/v1/auth/me").await.expect_problem(401, "session_ended");
        awaits_refusal("the profile is refused", "session_ended", &api, PROFILE).await;
    }
    // The new session takes the place of the one that made the change. Its login is recent, and the key is valid.
    let api = api_of(&shop, &session);
    api.get("/api/v1/auth/me").await.expect(200);
    api.get(PROFILE).await.expect(200);
    assert_eq!(api.get("/api/v1/auth/sessions").await.expect(200).json()["data"].as_array().map(Vec::len), Some(1));
    api.post(KEYS, &json!({ "name": "Robot", "scopes": ["use_account"] })).await.expect(201);
    robot.api.get(PROFILE).await.expect(200);
    refresh(&shop, &session).await.expect(200);
    login(&shop, &ada.email, &next).await.expect(200);
    // Nobody who could read the mail before can take the account now.
    let body = json!({ "token": link, "newPassword": unique("a third password") });
    let confirm = shop.anonymous().post("/api/v1/auth/reset-password/confirm", &body).await;
    confirm.expect_problem(422, "reset_token_invalid");
}

#[tokio::test]
async fn logout_everywhere_ends_all_sessions() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let other = login(&shop, &ada.email, &ada.password).await.expect(200).json();
    ada.api.post("/api/v1/auth/logout-everywhere", &json!({})).await.expect(204);
    for ended in [&ada.welcome, &other] {
        refresh(&shop, ended).await.expect_problem(401, "invalid_refresh_token");
        api_of(&shop, ended).get("/api/v1/auth/me").await.expect_problem(401, "session_ended");
        awaits_refusal("the profile is refused", "session_ended", &api_of(&shop, ended), PROFILE).await;
    }
    ada.api.post("/api/v1/auth/logout-everywhere", &json!({})).await.expect_problem(401, "session_ended");
    let session = login(&shop, &ada.email, &ada.password).await.expect(200).json();
    api_of(&shop, &session).get(PROFILE).await.expect(200);
}

#[tokio::test]
async fn owner_is_mailed_about_each_change_without_a_name() {
    let shop = Shop::open().await;
    let email = unique_email("mailed");
    let ada = shop.registers(&email, "Your prize waits", "e2e").await;
    shop.verifies(&ada).await;
    // Where the account was registered is no new device.
    login(&shop, &email, &ada.password).await.expect(200);
    let abroad = json!({ "email": email, "password": ada.password });
    shop.from_new_ip().post("/api/v1/auth/login", &abroad).await.expect(200);
    shop.mailbox.awaits(&email, &[NEW_DEVICE]).await;
    // Nor is a device that was logged in before, on whatever network.
    let known = json!({ "email": email, "password": ada.password, "deviceToken": ada.welcome["deviceToken"] });
    shop.from_new_ip().post("/api/v1/auth/login", &known).await.expect(200);

    ada.makes_key(&["use_account"]).await;
    shop.mailbox.awaits(&email, &[NEW_KEY]).await;
    let subject = unique("mailed");
    shop.google_knows_owner(&subject, &email).await;
    shop.browser().signs_in_with_google(&subject).await.expect_code();
    shop.mailbox.awaits(&email, &[LINKED]).await;
    ada.api.delete("/api/v1/auth/oauth/links/google").await.expect(204);
    shop.mailbox.awaits(&email, &[UNLINKED]).await;
    change_password(&ada.api, &ada.password, &unique("another password")).await.expect(200);
    shop.mailbox.awaits(&email, &[NEW_PASSWORD]).await;
    let role = format!("/api/v1/users/{}/role", ada.id());
    shop.admin().await.put(&role, &json!({ "role": "admin" })).await.expect(200);
    shop.mailbox.awaits(&email, &[NEW_ROLE]).await;
    reset(&shop, &ada, json!({})).await;
    await_until("the reset is mailed, too", EVENTUALLY, async || {
        let mails = subjects(&shop, &email).await;
        if mails.iter().filter(|mail| *mail == NEW_PASSWORD).count() == 2 { Ok(()) } else { Err(format!("{mails:?}")) }
    })
    .await;

    let mails = shop.mailbox.of(&email).await;
    let security = [NEW_DEVICE, NEW_KEY, LINKED, UNLINKED, NEW_PASSWORD, NEW_ROLE];
    let security = mails.iter().filter(|mail| security.contains(&mail.subject.as_str()));
    let mut count = 0;
    for mail in security {
        count += 1;
        assert!(!mail.mentions("Your prize waits"), "{mail:?}");
    }
    assert_eq!(count, 7, "each change should be mailed once: {mails:#?}");
}

#[tokio::test]
async fn device_and_network_from_before_a_reset_are_new() {
    let shop = Shop::open().await;
    let email = unique_email("thief");
    let ada = shop.registers(&email, "Ada", "e2e").await;
    shop.verifies(&ada).await;
    // A thief who knows the password makes a network and a device known.
    let abroad = shop.from_new_ip();
    let guess = json!({ "email": email, "password": ada.password });
    let thief = abroad.post("/api/v1/auth/login", &guess).await.expect(200).json();
    let awaits_mails = async |number: usize| {
        await_until("each login of the thief is mailed", EVENTUALLY, async || {
            let mails = subjects(&shop, &email).await;
            let count = mails.iter().filter(|mail| *mail == NEW_DEVICE).count();
            if count == number { Ok(()) } else { Err(format!("{mails:?}")) }
        })
        .await;
    };
    awaits_mails(1).await;
    // The reset is of a later second than the login.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let password = reset(&shop, &ada, json!({})).await;
    let with_device = json!({ "email": email, "password": password, "deviceToken": thief["deviceToken"] });
    let next = shop.from_new_ip().post("/api/v1/auth/login", &with_device).await.expect(200).json();
    awaits_mails(2).await;
    let guess = json!({ "email": email, "password": password });
    abroad.post("/api/v1/auth/login", &guess).await.expect(200);
    awaits_mails(3).await;
    // Both are known again.
    abroad.post("/api/v1/auth/login", &guess).await.expect(200);
    let with_device = json!({ "email": email, "password": password, "deviceToken": next["deviceToken"] });
    shop.from_new_ip().post("/api/v1/auth/login", &with_device).await.expect(200);
    shop.from_new_ip().post("/api/v1/auth/login", &guess).await.expect(200);
    awaits_mails(4).await;
}

#[tokio::test]
async fn key_of_rate_limits_makes_no_device_token() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let logs_in = async |token: String| {
        let body = json!({ "email": ada.email, "password": ada.password, "deviceToken": token });
        shop.from_new_ip().post("/api/v1/auth/login", &body).await.expect(200);
    };
    // Only auth and oauth have the key of device tokens. The login with it is not mailed, so the token is well made.
    logs_in(shop.forges_device_token("auth", &ada.email).await).await;
    logs_in(shop.forges_device_token("rateLimits", &ada.email).await).await;
    shop.mailbox.awaits(&ada.email, &[NEW_DEVICE]).await;
    ada.makes_key(&["use_account"]).await;
    shop.mailbox.awaits(&ada.email, &[NEW_KEY]).await;
    let mails = subjects(&shop, &ada.email).await;
    assert_eq!(mails.iter().filter(|mail| *mail == NEW_DEVICE).count(), 1, "{mails:?}");
}

#[tokio::test]
async fn stranger_whose_email_somebody_has_registered_is_not_mailed() {
    let shop = Shop::open().await;
    let mallory = shop.new_customer().await;
    let body = json!({ "email": mallory.email, "password": mallory.password });
    for _ in 0..3 {
        shop.from_new_ip().post("/api/v1/auth/login", &body).await.expect(200);
    }
    let next = unique("another password");
    change_password(&mallory.api, &mallory.password, &next).await.expect(200);
    // A later mail of the same account has arrived, so the others would have, too.
    shop.resets(&mallory.email, 1).await;
    let mails = subjects(&shop, &mallory.email).await;
    assert!(mails.iter().all(|mail| mail != NEW_DEVICE && mail != NEW_PASSWORD), "{mails:?}");
}

#[tokio::test]
async fn first_sign_in_with_a_provider_is_no_new_device() {
    let shop = Shop::open().await;
    let (subject, email) = (unique("first"), unique_email("first"));
    shop.google_knows_owner(&subject, &email).await;
    let redeems_abroad = async || {
        let code = shop.browser().signs_in_with_google(&subject).await.expect_code();
        shop.from_new_ip().post("/api/v1/auth/oauth/token", &json!({ "code": code })).await.expect(200)
    };
    redeems_abroad().await;
    let before = subjects(&shop, &email).await;
    redeems_abroad().await;
    shop.mailbox.awaits(&email, &[NEW_DEVICE]).await;
    let mails = subjects(&shop, &email).await;
    assert_eq!(mails.iter().filter(|mail| *mail == NEW_DEVICE).count(), 1, "{before:?}, then {mails:?}");
}

#[tokio::test]
async fn all_admins_are_mailed_about_a_new_admin() {
    let shop = Shop::open().await;
    let (grace, ada) = (shop.new_customer().await, shop.new_customer().await);
    let becomes_admin = async |who: &Customer| {
        let path = format!("/api/v1/users/{}/role", who.id());
        shop.admin().await.put(&path, &json!({ "role": "admin" })).await.expect(200);
    };
    becomes_admin(&grace).await;
    becomes_admin(&ada).await;
    let admin = shop.stack.admin.email.clone();
    shop.mailbox.awaits(&admin, &[NEW_ADMIN, grace.id()]).await;
    shop.mailbox.awaits(&admin, &[NEW_ADMIN, ada.id()]).await;
    shop.mailbox.awaits(&grace.email, &[NEW_ADMIN, ada.id()]).await;
    // The one who became an admin hears of it in another mail. Ada's address is not verified, so she gets none.
    let own = shop.mailbox.of(&ada.email).await;
    assert!(!own.iter().any(|mail| mail.subject == NEW_ADMIN && mail.mentions(ada.id())), "{own:?}");
}
