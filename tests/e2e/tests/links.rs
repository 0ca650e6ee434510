//! Signing in with GitHub, at a strict fake of it, and what an account is linked to.

use e2e::{Api, Redirect, Shop, unique};
use futures::future::join_all;
use serde_json::{Value, json};

/// Somebody at GitHub with one address; their login.
async fn somebody(shop: &Shop, email: &str) -> String {
    let login = unique("octocat");
    shop.github_knows(&login, &person(email, true)).await;
    login
}

fn person(email: &str, verified: bool) -> Value {
    let other = json!({ "email": "other@example.com", "primary": false, "verified": true });
    let own = json!({ "email": email, "primary": true, "verified": verified });
    json!({ "id": id(email), "name": null, "emails": [other, own] })
}

/// A number for an address, the same for the same.
fn id(email: &str) -> u64 {
    email.bytes().fold(7, |id, byte| (id * 31 + u64::from(byte)) % (1 << 50))
}

fn address() -> String {
    format!("{}@example.com", unique("hub"))
}

async fn signs_in(shop: &Shop, login: &str) -> (Api, Value) {
    let code = shop.browser().signs_in_with_github(login).await.expect_code();
    let session = shop.redeems(&code).await.expect(200).json();
    (shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default()), session["user"].clone())
}

/// Somebody who is linked at both providers, signed in with GitHub.
struct Both {
    email: String,
    login: String,
    api: Api,
    user: Value,
}

impl Both {
    async fn linked(shop: &Shop) -> Self {
        let email = address();
        let login = somebody(shop, &email).await;
        let (api, user) = signs_in(shop, &login).await;
        let subject = unique("hub");
        shop.google_knows_owner(&subject, &email).await;
        shop.browser().signs_in_with_google(&subject).await.expect_code();
        Self { email, login, api, user }
    }
}

async fn linked(api: &Api) -> Vec<String> {
    let listed = api.get("/api/v1/auth/oauth/links").await.expect(200).json();
    let links = listed["data"].as_array().into_iter().flatten();
    links.map(|link| link["provider"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn somebody_signs_in_with_github_and_is_known_by_their_number() {
    let shop = Shop::open().await;
    let email = address();
    let login = somebody(&shop, &email).await;
    let (api, user) = signs_in(&shop, &login).await;
    // Without a name there, the login is one.
    assert_eq!((&user["email"], &user["name"], &user["emailVerified"]), (&json!(email), &json!(login), &json!(true)));
    assert_eq!(linked(&api).await, ["github"]);

    let renamed = unique("renamed");
    shop.github_knows(&renamed, &person(&email, true)).await;
    assert_eq!(signs_in(&shop, &renamed).await.1["id"], user["id"]);
}

#[tokio::test]
async fn an_address_that_github_has_not_verified_is_nobodys() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let login = unique("mallory");
    shop.github_knows(&login, &person(&ada.email, false)).await;
    shop.browser().signs_in_with_github(&login).await.expect_error("email_not_verified");
    assert!(linked(&ada.api).await.is_empty());
}

#[tokio::test]
async fn whoever_says_no_and_whoever_cannot_be_asked_comes_back_with_an_error() {
    let shop = Shop::open().await;
    let email = address();
    let login = somebody(&shop, &email).await;
    let mut browser = shop.browser();
    let page = Redirect::of(&browser.begins("github", "&state=mine").await);
    let back = browser.agrees_at_github(&page.with_parameter("deny", "1"), &login).await;
    let end = Redirect::of(&browser.opens(back.0.as_str()).await);
    end.expect_error("access_denied");
    assert_eq!(end.parameter("state").as_deref(), Some("mine"));
    browser.opens(back.0.as_str()).await.expect_problem(400, "oauth_state_invalid");

    for failing in ["token", "user", "emails"] {
        let mut broken = person(&email, true);
        broken["failing"] = json!(failing);
        shop.github_knows(&login, &broken).await;
        shop.browser().signs_in_with_github(&login).await.expect_error("provider_unavailable");
    }
    // Nothing is half written: the address is free.
    let body = json!({ "email": email, "password": unique("a password"), "name": "Hub" });
    shop.anonymous().post("/api/v1/auth/register", &body).await.expect(201);
}

#[tokio::test]
async fn a_code_of_another_sign_in_is_of_no_use() {
    let shop = Shop::open().await;
    let (mine, theirs) = (somebody(&shop, &address()).await, somebody(&shop, &address()).await);
    let (mut eve, victim) = (shop.browser(), shop.browser());
    let page = Redirect::of(&eve.begins("github", "").await);
    let stolen = victim.agrees_at_github(&Redirect::of(&shop.browser().begins("github", "").await), &theirs).await;
    // Eve puts the code that she saw into her own sign-in: PKCE binds it to the one that asked for it.
    let back = eve.agrees_at_github(&page, &mine).await;
    let injected = back.with_parameter("code", &stolen.parameter("code").unwrap_or_default());
    Redirect::of(&eve.opens(injected.0.as_str()).await).expect_error("provider_refused");
}

#[tokio::test]
async fn a_link_is_forgotten_and_the_last_way_in_stays() {
    let shop = Shop::open().await;
    let Both { email, login, api, user } = Both::linked(&shop).await;
    assert_eq!(linked(&api).await, ["github", "google"]);

    api.delete("/api/v1/auth/oauth/links/github").await.expect(204);
    api.delete("/api/v1/auth/oauth/links/github").await.expect_problem(404, "not_found");
    assert_eq!(linked(&api).await, ["google"]);
    api.delete("/api/v1/auth/oauth/links/google").await.expect_problem(409, "last_way_in");

    // It is linked again by the next sign-in: the address is theirs still.
    assert_eq!(signs_in(&shop, &login).await.1["id"], user["id"]);

    // Who has no password is told what everybody is told, and may choose one.
    let wrong = json!({ "email": email, "password": "not a password" });
    shop.anonymous().post("/api/v1/auth/login", &wrong).await.expect_problem(401, "invalid_credentials");
    let token = shop.resets(&email, 1).await;
    let chosen = json!({ "token": token, "newPassword": "battery staple 4711" });
    shop.anonymous().post("/api/v1/auth/reset-password/confirm", &chosen).await.expect(204);
    let login = json!({ "email": email, "password": "battery staple 4711" });
    let session = shop.anonymous().post("/api/v1/auth/login", &login).await.expect(200).json();
    let api = shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default());
    for provider in ["google", "github"] {
        api.delete(&format!("/api/v1/auth/oauth/links/{provider}")).await.expect(204);
    }
    assert!(linked(&api).await.is_empty());
}

#[tokio::test]
async fn of_two_who_unlink_two_at_once_one_leaves_a_way_in() {
    let shop = Shop::open().await;
    let Both { login, api, user, .. } = Both::linked(&shop).await;

    let gone =
        ["google", "github"].map(async |provider| api.delete(&format!("/api/v1/auth/oauth/links/{provider}")).await);
    let responses = join_all(gone).await;
    let (done, refused): (Vec<_>, Vec<_>) = responses.into_iter().partition(|response| response.status == 204);
    assert_eq!((done.len(), refused.len()), (1, 1));
    for response in refused {
        response.expect_refusal(409);
    }
    assert_eq!(linked(&api).await.len(), 1);
    assert_eq!(signs_in(&shop, &login).await.1["id"], user["id"]);
}
