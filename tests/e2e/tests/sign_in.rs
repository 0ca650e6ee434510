//! Signing in with Google, at a real OpenID provider: which account it opens, and which sign-ins are refused.

use e2e::{Redirect, Response, SIGNED_IN, Shop, unique, unique_email};
use futures::future::join_all;
use serde_json::{Value, json};

/// A unique subject and email address.
fn new_user() -> (String, String) {
    let subject = unique("grace");
    let email = format!("{subject}@example.com");
    (subject, email)
}

async fn me(shop: &Shop, session: &Value) -> Value {
    let token = session["accessToken"].as_str().unwrap_or_else(|| panic!("a sign-in should give a token: {session}"));
    shop.anonymous().with_token(token).get("/api/v1/auth/me").await.expect(200).json()
}

async fn login(shop: &Shop, email: &str, password: &str) -> Response {
    shop.anonymous().post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

/// Signs in and exchanges the code.
async fn signs_in(shop: &Shop, subject: &str) -> Value {
    let code = shop.browser().signs_in_with_google(subject).await.expect_code();
    shop.redeems(&code).await.expect(200).json()
}

/// A new customer who has verified the email address by the mailed link.
async fn verified(shop: &Shop) -> e2e::Customer {
    let ada = shop.new_customer().await;
    let token = shop.awaits_token(&ada.email, "verify-email", 1).await;
    shop.anonymous().post("/api/v1/auth/verify-email", &json!({ "token": token })).await.expect(204);
    ada
}

#[tokio::test]
async fn first_sign_in_makes_an_account_and_the_next_opens_it() {
    let shop = Shop::open().await;
    let (subject, email) = new_user();
    shop.google_knows_owner(&subject, &email).await;
    let session = signs_in(&shop, &subject).await;
    assert_eq!(session["tokenType"], "Bearer", "{session}");
    let user = me(&shop, &session).await;
    let members = (&user["email"], &user["name"], &user["role"], &user["emailVerified"]);
    assert_eq!(members, (&json!(email), &json!("Grace Hopper"), &json!("customer"), &json!(true)));

    // The email address may change at the provider; the subject identifies the user.
    shop.google_knows_owner(&subject, &unique_email("moved")).await;
    let again = signs_in(&shop, &subject).await;
    assert_eq!(me(&shop, &again).await["id"], user["id"]);
    // Both are ordinary sessions.
    let refresh = json!({ "refreshToken": again["refreshToken"] });
    shop.anonymous().post("/api/v1/auth/refresh", &refresh).await.expect(200);
}

#[tokio::test]
async fn sign_in_request_has_state_nonce_and_pkce() {
    let shop = Shop::open().await;
    let mut browser = shop.browser();
    let response = browser.begins("google", "&state=of-the-front-end").await;
    let page = Redirect::of(&response);
    for (name, length) in [("state", 43), ("nonce", 43), ("code_challenge", 43)] {
        assert_eq!(page.parameter(name).map(|text| text.len()), Some(length), "{name}: {}", page.0);
    }
    assert_eq!(page.parameter("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(page.parameter("response_type").as_deref(), Some("code"));
    assert!(page.parameter("scope").is_some_and(|scope| scope.split(' ').any(|scope| scope == "openid")), "{}", page.0);
    let cookie = response.expect_header("set-cookie");
    for attribute in ["HttpOnly", "SameSite=Lax", "Max-Age=600", "/api/v1/auth/oauth/google/callback"] {
        assert!(cookie.contains(attribute), "{attribute}: {cookie}");
    }
    assert!(
        !cookie.contains(&page.parameter("state").unwrap_or_default()),
        "cookie and URL should have different secrets"
    );
    assert_eq!(
        (response.header("cache-control"), response.header("referrer-policy")),
        (Some("no-store"), Some("no-referrer"))
    );

    // Every attempt writes a row, so attempts are limited.
    assert_eq!(response.header("ratelimit-limit"), Some("120"));

    let (subject, email) = new_user();
    shop.google_knows_owner(&subject, &email).await;
    let back = browser.agrees_at_google(&page, &subject).await;
    let end = Redirect::of(&browser.opens(back.0.as_str()).await);
    assert_eq!(end.parameter("state").as_deref(), Some("of-the-front-end"));
    end.expect_code();
    assert_eq!(browser.cookies(), 0, "the cookie should be removed");
}

#[tokio::test]
async fn sign_in_redirects_to_listed_pages_only() {
    let shop = Shop::open().await;
    for page in ["https://evil.example/", "http://localhost:3000/signed-in/", "http://localhost:3000/signed-in%23x"] {
        let response = shop.anonymous().get(&format!("/api/v1/auth/oauth/google?redirect={page}")).await;
        assert_eq!((response.header("location"), response.header("set-cookie")), (None, None));
        response.expect_problem(422, "redirect_not_allowed").names_field("redirect");
    }
    shop.anonymous().get("/api/v1/auth/oauth/google").await.expect_refusal(422);
    let long = "x".repeat(257);
    let path = format!("/api/v1/auth/oauth/google?redirect={SIGNED_IN}&state={long}");
    shop.anonymous().get(&path).await.expect_fault("state", "state_invalid");
    shop.anonymous()
        .get(&format!("/api/v1/auth/oauth/nobody?redirect={SIGNED_IN}"))
        .await
        .expect_problem(404, "not_found");
}

#[tokio::test]
async fn callback_in_another_browser_is_refused() {
    let shop = Shop::open().await;
    let (subject, email) = new_user();
    shop.google_knows_owner(&subject, &email).await;
    let (mut ada, mut eve) = (shop.browser(), shop.browser());
    let page = Redirect::of(&eve.begins("google", "").await);
    let others = Redirect::of(&ada.begins("google", "").await);
    // Eve has agreed, and hands the URL with her code to Ada: CSRF on the callback.
    let back = eve.agrees_at_google(&page, &subject).await;
    let state = back.parameter("state").unwrap_or_default();
    for mut stranger in [ada.clone(), shop.browser()] {
        let response = stranger.opens(back.0.as_str()).await;
        assert_eq!(response.header("location"), None, "an unknown browser should not be redirected");
        response.expect_problem(400, "oauth_state_invalid");
    }
    // A state of another browser, none, or an invented one.
    let foreign = back.with_parameter("state", &others.parameter("state").unwrap_or_default());
    eve.opens(foreign.0.as_str()).await.expect_problem(400, "oauth_state_invalid");
    for made_up in ["", "x", "0123456789012345678901234567890123456789012"] {
        eve.opens(back.with_parameter("state", made_up).0.as_str()).await.expect_problem(400, "oauth_state_invalid");
    }
    // The same attempt at another provider's callback.
    let other_path = back.0.as_str().replace("/google/callback", "/github/callback");
    eve.opens(&other_path).await.expect_problem(400, "oauth_state_invalid");

    // None of that has spent it. Its own browser can use it once.
    let copy = eve.clone();
    Redirect::of(&eve.opens(back.0.as_str()).await).expect_code();
    for mut browser in [eve, copy] {
        browser.opens(back.0.as_str()).await.expect_problem(400, "oauth_state_invalid");
    }
    assert!(!state.is_empty());
}

#[tokio::test]
async fn concurrent_callbacks_succeed_once() {
    let shop = Shop::open().await;
    let (subject, email) = new_user();
    shop.google_knows_owner(&subject, &email).await;
    let mut browser = shop.browser();
    let page = Redirect::of(&browser.begins("google", "").await);
    let back = browser.agrees_at_google(&page, &subject).await;
    let mut windows: Vec<_> = (0..8).map(|_| browser.clone()).collect();
    let responses = join_all(windows.iter_mut().map(|window| window.opens(back.0.as_str()))).await;
    let (let_in, sent_away): (Vec<_>, Vec<_>) = responses.into_iter().partition(|response| response.status == 302);
    assert_eq!((let_in.len(), sent_away.len()), (1, 7));
    for response in sent_away {
        response.expect_problem(400, "oauth_state_invalid");
    }

    let code = Redirect::of(&let_in[0]).expect_code();
    let responses = join_all((0..8).map(|_| shop.redeems(&code))).await;
    let (traded, refused): (Vec<_>, Vec<_>) = responses.into_iter().partition(|response| response.status == 200);
    assert_eq!((traded.len(), refused.len()), (1, 7));
    for response in refused {
        response.expect_problem(401, "invalid_code");
    }
    shop.redeems(&code).await.expect_problem(401, "invalid_code");
    shop.redeems("made up").await.expect_problem(401, "invalid_code");
}

#[tokio::test]
async fn concurrent_first_sign_ins_make_one_account() {
    let shop = Shop::open().await;
    let (subject, email) = new_user();
    shop.google_knows_owner(&subject, &email).await;
    let sessions = join_all((0..4).map(|_| signs_in(&shop, &subject))).await;
    let users: std::collections::BTreeSet<_> =
        sessions.iter().map(|session| session["user"]["id"].to_string()).collect();
    assert_eq!(users.len(), 1, "{users:?}");
}

#[tokio::test]
async fn verified_account_is_linked_and_keeps_its_password() {
    let shop = Shop::open().await;
    let ada = verified(&shop).await;
    let subject = unique("ada");
    shop.google_knows_owner(&subject, &ada.email.to_uppercase()).await;
    let session = signs_in(&shop, &subject).await;
    assert_eq!(me(&shop, &session).await["id"], ada.id());
    login(&shop, &ada.email, &ada.password).await.expect(200);
    ada.api.get("/api/v1/auth/me").await.expect(200);

    // The email address may belong to another user later.
    let later = unique("later");
    shop.google_knows_owner(&later, &ada.email).await;
    shop.browser().signs_in_with_google(&later).await.expect_error("already_linked");
}

#[tokio::test]
async fn owner_of_an_email_reclaims_an_unverified_account() {
    let shop = Shop::open().await;
    // A customer registers with an email address that they cannot read, and waits.
    let squatter = shop.new_customer().await;
    let subject = unique("owner");
    shop.google_knows_owner(&subject, &squatter.email).await;
    let session = signs_in(&shop, &subject).await;
    let user = me(&shop, &session).await;
    assert_eq!((user["id"].as_str(), &user["emailVerified"]), (Some(squatter.id()), &json!(true)));
    login(&shop, &squatter.email, &squatter.password).await.expect_problem(401, "invalid_credentials");
    squatter.api.get("/api/v1/auth/me").await.expect_problem(401, "session_ended");
    let refresh = json!({ "refreshToken": squatter.welcome["refreshToken"] });
    shop.anonymous().post("/api/v1/auth/refresh", &refresh).await.expect_refusal(401);
}

#[tokio::test]
async fn email_that_the_provider_has_not_verified_opens_no_account() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    for claims in [
        json!({ "email": ada.email, "email_verified": false }),
        json!({ "email": ada.email }),
        json!({ "email": ada.email, "email_verified": "true" }),
        json!({ "email_verified": true }),
    ] {
        let subject = unique("mallory");
        shop.google_knows(&subject, &claims).await;
        shop.browser().signs_in_with_google(&subject).await.expect_error("email_not_verified");
    }
    login(&shop, &ada.email, &ada.password).await.expect(200);
}

#[tokio::test]
async fn id_token_of_another_sign_in_is_refused() {
    let shop = Shop::open().await;
    let (subject, email) = new_user();
    shop.google_knows_owner(&subject, &email).await;
    let mut browser = shop.browser();
    let page = Redirect::of(&browser.begins("google", "").await);
    let back = browser.agrees_at_google(&page.with_parameter("nonce", "of-another-sign-in"), &subject).await;
    Redirect::of(&browser.opens(back.0.as_str()).await).expect_error("provider_refused");

    // A code that the provider did not issue, and a response in another issuer's name (RFC 9207).
    for (name, value) in [("code", "made-up"), ("iss", "https://evil.example")] {
        let page = Redirect::of(&browser.begins("google", "").await);
        let back = browser.agrees_at_google(&page, &subject).await.with_parameter(name, value);
        Redirect::of(&browser.opens(back.0.as_str()).await).expect_error("provider_refused");
    }
    // Nothing was created.
    shop.anonymous()
        .post("/api/v1/auth/register", &json!({ "email": email, "password": unique("a password"), "name": "G" }))
        .await
        .expect(201);
}

#[tokio::test]
async fn suspended_account_cannot_sign_in() {
    let shop = Shop::open().await;
    let (subject, email) = new_user();
    shop.google_knows_owner(&subject, &email).await;
    let session = signs_in(&shop, &subject).await;
    let code = shop.browser().signs_in_with_google(&subject).await.expect_code();
    let path = format!("/api/v1/users/{}/status", session["user"]["id"].as_str().unwrap_or_default());
    let admin = shop.admin().await;
    admin.put(&path, &json!({ "status": "suspended", "reason": "A test" })).await.expect(200);
    shop.browser().signs_in_with_google(&subject).await.expect_error("account_suspended");
    shop.redeems(&code).await.expect_problem(403, "account_suspended");
    admin.put(&path, &json!({ "status": "active" })).await.expect(200);
    // All sessions have ended, and with them the sign-ins in progress.
    shop.redeems(&code).await.expect_problem(401, "invalid_code");
    signs_in(&shop, &subject).await;
}
