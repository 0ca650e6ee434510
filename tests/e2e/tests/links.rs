//! Signing in with GitHub, at a strict fake of it, and the links of an account.

use e2e::{Api, Redirect, Shop, unique, unique_email};
use futures::future::join_all;
use serde_json::{Value, json};

/// A GitHub user with one email address; returns their login.
async fn github_user(shop: &Shop, email: &str) -> String {
    let login = unique("octocat");
    shop.github_knows(&login, &person(email, true)).await;
    login
}

fn person(email: &str, verified: bool) -> Value {
    let other = json!({ "email": "other@example.com", "primary": false, "verified": true });
    let own = json!({ "email": email, "primary": true, "verified": verified });
    json!({ "id": id(email), "name": null, "emails": [other, own] })
}

/// A number for an email address; always the same for the same address.
fn id(email: &str) -> u64 {
    email.bytes().fold(7, |id, byte| (id * 31 + u64::from(byte)) % (1 << 50))
}

fn address() -> String {
    unique_email("hub")
}

async fn signs_in(shop: &Shop, login: &str) -> (Api, Value) {
    let code = shop.browser().signs_in_with_github(login).await.expect_code();
    let session = shop.redeems(&code).await.expect(200).json();
    (shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default()), session["user"].clone())
}

/// A customer with links to both providers, signed in with GitHub.
struct Both {
    email: String,
    login: String,
    api: Api,
    user: Value,
}

impl Both {
    async fn linked(shop: &Shop) -> Self {
        let email = address();
        let login = github_user(shop, &email).await;
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
async fn github_user_is_identified_by_their_number() {
    let shop = Shop::open().await;
    let email = address();
    let login = github_user(&shop, &email).await;
    let (api, user) = signs_in(&shop, &login).await;
    // GitHub has no name of this user, so the login is used.
    assert_eq!((&user["email"], &user["name"], &user["emailVerified"]), (&json!(email), &json!(login), &json!(true)));
    assert_eq!(linked(&api).await, ["github"]);

    let renamed = unique("renamed");
    shop.github_knows(&renamed, &person(&email, true)).await;
    assert_eq!(signs_in(&shop, &renamed).await.1["id"], user["id"]);
}

#[tokio::test]
async fn email_that_github_has_not_verified_opens_no_account() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let login = unique("mallory");
    shop.github_knows(&login, &person(&ada.email, false)).await;
    shop.browser().signs_in_with_github(&login).await.expect_error("email_not_verified");
    assert!(linked(&ada.api).await.is_empty());
}

#[tokio::test]
async fn refused_and_failed_sign_ins_return_an_error() {
    let shop = Shop::open().await;
    let email = address();
    let login = github_user(&shop, &email).await;
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
    // Nothing was written: the email address is free.
    let body = json!({ "email": email, "password": unique("a password"), "name": "Hub" });
    shop.anonymous().post("/api/v1/auth/register", &body).await.expect(201);
}

#[tokio::test]
async fn code_of_another_sign_in_is_refused() {
    let shop = Shop::open().await;
    let (mine, theirs) = (github_user(&shop, &address()).await, github_user(&shop, &address()).await);
    let (mut eve, victim) = (shop.browser(), shop.browser());
    let page = Redirect::of(&eve.begins("github", "").await);
    let stolen = victim.agrees_at_github(&Redirect::of(&shop.browser().begins("github", "").await), &theirs).await;
    // Eve uses the code that she saw in her own sign-in. PKCE binds it to the sign-in that requested it.
    let back = eve.agrees_at_github(&page, &mine).await;
    let injected = back.with_parameter("code", &stolen.parameter("code").unwrap_or_default());
    Redirect::of(&eve.opens(injected.0.as_str()).await).expect_error("provider_refused");
}

#[tokio::test]
async fn link_can_be_removed_unless_it_is_the_last_way_in() {
    let shop = Shop::open().await;
    let Both { email, login, api, user } = Both::linked(&shop).await;
    assert_eq!(linked(&api).await, ["github", "google"]);

    api.delete("/api/v1/auth/oauth/links/github").await.expect(204);
    api.delete("/api/v1/auth/oauth/links/github").await.expect_problem(404, "not_found");
    assert_eq!(linked(&api).await, ["google"]);
    api.delete("/api/v1/auth/oauth/links/google").await.expect_problem(409, "last_way_in");

    // The next sign-in links it again, because the email address still matches.
    assert_eq!(signs_in(&shop, &login).await.1["id"], user["id"]);

    // An account without a password gets the usual response, and a password can be set by a reset.
    let wrong = json!({ "email": email, "password": "not a password" });
    shop.anonymous().post("/api/v1/auth/login", &wrong).await.expect_problem(401, "invalid_credentials");
    let token = shop.resets(&email, 1).await;
    let reset = json!({ "token": token, "newPassword": "battery staple 4711" });
    shop.anonymous().post("/api/v1/auth/reset-password/confirm", &reset).await.expect(204);
    let login = json!({ "email": email, "password": "battery staple 4711" });
    let session = shop.anonymous().post("/api/v1/auth/login", &login).await.expect(200).json();
    let api = shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default());
    for provider in ["google", "github"] {
        api.delete(&format!("/api/v1/auth/oauth/links/{provider}")).await.expect(204);
    }
    assert!(linked(&api).await.is_empty());
}

#[tokio::test]
async fn concurrent_removals_leave_one_link() {
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
