//! How an admin finds accounts, changes roles and suspends accounts, and how the first admin gets the role.

use e2e::{Api, Customer, EVENTUALLY, Response, SOON, Shop, await_until, unique};
use reqwest::Method;
use serde_json::{Value, json};

const USERS: &str = "/api/v1/users";

/// Registers an account with that name, whose email address begins with that word.
async fn registers(shop: &Shop, word: &str, name: &str) -> (String, Value) {
    let email = format!("{word}@example.com");
    let body = json!({ "email": email, "password": unique("a long password"), "name": name });
    (email, shop.anonymous().post("/api/v1/auth/register", &body).await.expect(201).json()["user"].clone())
}

/// A lower-case word that no other name or email address begins with.
fn word(what: &str) -> String {
    unique(what).to_lowercase()
}

fn ids(page: &Value) -> Vec<Value> {
    page["data"].as_array().into_iter().flatten().map(|user| user["id"].clone()).collect()
}

/// Waits until a search finds exactly these users, in any order. The index is eventually consistent.
async fn awaits_found(admin: &Api, query: &str, users: &[&Value]) {
    let mut expected: Vec<String> = users.iter().map(|user| user["id"].to_string()).collect();
    expected.sort();
    await_until(format_args!("{query} finds {expected:?}"), SOON, async || {
        let pages = admin.walks(&format!("{USERS}?{query}"), 2).await;
        let mut found: Vec<String> = pages.concat().iter().map(|user| user["id"].to_string()).collect();
        found.sort();
        if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await
}

async fn sets(api: &Api, user: &Value, what: &str, body: &Value) -> Response {
    api.put(&format!("{USERS}/{}/{what}", user["id"].as_str().unwrap_or_default()), body).await
}

async fn logs_in(shop: &Shop, who: &Customer) -> Response {
    shop.anonymous().post("/api/v1/auth/login", &json!({ "email": who.email, "password": who.password })).await
}

#[tokio::test]
async fn accounts_are_found_by_the_beginning_of_email_or_name() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let family = word("babbage");
    let (_, charles) = registers(&shop, &family, "Charles").await;
    let (_, georgiana) = registers(&shop, &word("georgiana"), &format!("{}  Georgiana", family.to_uppercase())).await;
    let (_, both) = registers(&shop, &format!("{family}.henry"), &format!("{family} henry")).await;
    let (_, _stranger) = registers(&shop, &word("stranger"), "Stranger").await;
    awaits_found(&admin, &format!("search={family}"), &[&charles, &georgiana, &both]).await;
    awaits_found(&admin, &format!("search={}@EXAMPLE", family.to_uppercase()), &[&charles]).await;
    awaits_found(&admin, &format!("search={family}%20GEOR"), &[&georgiana]).await;
    awaits_found(&admin, &format!("search={family}x"), &[]).await;

    // The new name is found, and the old one is not.
    let ada = shop.new_customer().await;
    let renamed = word("lovelace");
    ada.api.put("/api/v1/users/profile", &json!({ "name": renamed })).await.expect(200);
    awaits_found(&admin, &format!("search={renamed}"), &[&ada.welcome["user"]]).await;
}

#[tokio::test]
async fn accounts_are_found_by_role_status_and_word_together() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let family = word("curie");
    let (_, marie) = registers(&shop, &format!("{family}.m"), "Marie").await;
    let (_, pierre) = registers(&shop, &format!("{family}.p"), "Pierre").await;
    let (_, irene) = registers(&shop, &format!("{family}.i"), "Irène").await;
    sets(&admin, &marie, "role", &json!({ "role": "admin" })).await.expect(200);
    sets(&admin, &pierre, "status", &json!({ "status": "suspended" })).await.expect(200);
    awaits_found(&admin, &format!("search={family}&role=admin"), &[&marie]).await;
    awaits_found(&admin, &format!("search={family}&role=customer"), &[&pierre, &irene]).await;
    awaits_found(&admin, &format!("search={family}&status=suspended"), &[&pierre]).await;
    awaits_found(&admin, &format!("search={family}&role=customer&status=active"), &[&irene]).await;

    // Without a word, accounts are listed newest first, among others.
    for (query, one, member) in [
        ("role=admin", &marie, "role"),
        ("status=suspended", &pierre, "status"),
        ("role=customer&status=active", &irene, "role"),
    ] {
        await_until(format_args!("{query} lists {}", one["id"]), SOON, async || {
            let page = admin.get(&format!("{USERS}?{query}&limit=100")).await.expect(200).json();
            let kinds: std::collections::BTreeSet<_> =
                page["data"].as_array().into_iter().flatten().map(|user| user[member].to_string()).collect();
            assert_eq!(kinds.len(), 1, "{query} lists {kinds:?}");
            if ids(&page).contains(&one["id"]) { Ok(()) } else { Err(page["pagination"].to_string()) }
        })
        .await;
    }
    sets(&admin, &marie, "role", &json!({ "role": "customer" })).await.expect(200);
    sets(&admin, &pierre, "status", &json!({ "status": "active" })).await.expect(200);
    awaits_found(&admin, &format!("search={family}&role=customer&status=active"), &[&marie, &pierre, &irene]).await;
}

#[tokio::test]
async fn cursor_of_another_account_search_is_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let family = word("noether");
    for number in 0..3 {
        registers(&shop, &format!("{family}.{number}"), "Emmy").await;
    }
    let cursor = await_until("the search has a second page", SOON, async || {
        let page = admin.get(&format!("{USERS}?search={family}&limit=1")).await.expect(200).json();
        page["pagination"]["cursor"].as_str().map(str::to_owned).ok_or_else(|| page.to_string())
    })
    .await;
    admin.get(&format!("{USERS}?search={family}&limit=1&cursor={cursor}")).await.expect(200);
    for other in [
        format!("search={family}x"),
        format!("search={family}&role=customer"),
        "status=active".to_owned(),
        String::new(),
    ] {
        admin.get(&format!("{USERS}?{other}&cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn invalid_role_status_or_filter_is_refused_with_its_field() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let ada = shop.new_customer().await;
    let user = &ada.welcome["user"];
    for (query, field, code) in [
        ("role=owner", "role", "role_unknown"),
        ("status=deleted", "status", "status_unknown"),
        ("search=", "search", "invalid_value"),
        ("limit=0", "limit", "limit_out_of_range"),
        ("email=ada", "email", "unknown_field"),
    ] {
        admin.get(&format!("{USERS}?{query}")).await.expect_refusal(422).has_error_code(code).names_field(field);
    }
    sets(&admin, user, "role", &json!({ "role": "guest" })).await.expect_refusal(422).has_error_code("role_unknown");
    sets(&admin, user, "status", &json!({ "status": "deleted" }))
        .await
        .expect_refusal(422)
        .has_error_code("status_unknown");
    let missing = json!({ "id": "usr_01h455vb4pex5vsknk084sn02q" });
    sets(&admin, &missing, "role", &json!({ "role": "admin" })).await.expect_problem(404, "not_found");
    sets(&admin, &missing, "status", &json!({ "status": "suspended" })).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn suspended_account_is_refused_everywhere_until_reactivation() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let eve = shop.new_customer().await;
    let user = &eve.welcome["user"];
    let suspended = json!({ "status": "suspended", "reason": "Three stolen cards" });
    let changed = sets(&admin, user, "status", &suspended).await.expect(200).json();
    assert_eq!(
        (&changed["status"], &changed["statusReason"]),
        (&json!("suspended"), &json!("Three stolen cards")),
        "{changed}"
    );

    eve.api.get("/api/v1/auth/me").await.expect_problem(401, "session_ended");
    logs_in(&shop, &eve).await.expect_problem(403, "account_suspended");
    let refresh = json!({ "refreshToken": eve.welcome["refreshToken"] });
    shop.anonymous().post("/api/v1/auth/refresh", &refresh).await.expect_refusal(401);
    await_until("the cart is refused, too", EVENTUALLY, async || {
        let response = eve.api.get("/api/v1/cart/me").await;
        if response.status == 401 { Ok(()) } else { Err(response.text) }
    })
    .await;
    // The same change again has no further effect.
    let again = sets(&admin, user, "status", &suspended).await.expect(200).json();
    assert_eq!(again["updatedAt"], changed["updatedAt"], "{again}");

    let free = sets(&admin, user, "status", &json!({ "status": "active" })).await.expect(200).json();
    assert!(free["statusReason"].is_null(), "{free}");
    let session = logs_in(&shop, &eve).await.expect(200).json();
    let token = session["accessToken"].as_str().unwrap_or_default();
    let profile = shop.anonymous().with_token(token).get("/api/v1/users/profile").await.expect(200).json();
    assert_eq!(profile["status"], "active", "{profile}");
}

#[tokio::test]
async fn new_role_starts_with_the_next_login_and_ends_at_once() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let grace = shop.new_customer().await;
    let user = &grace.welcome["user"];
    sets(&admin, user, "role", &json!({ "role": "admin" })).await.expect(200);
    let session = logs_in(&shop, &grace).await.expect(200).json();
    let boss = shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default());
    boss.get(USERS).await.expect(200);

    for (what, body, code) in [
        ("role", json!({ "role": "customer" }), "own_role"),
        ("status", json!({ "status": "suspended" }), "own_status"),
    ] {
        sets(&boss, user, what, &body).await.expect_problem(409, code);
    }
    sets(&boss, user, "role", &json!({ "role": "admin" })).await.expect(200);

    sets(&admin, user, "role", &json!({ "role": "customer" })).await.expect(200);
    boss.get("/api/v1/auth/me").await.expect_problem(401, "session_ended");
    await_until("the list is closed, too", EVENTUALLY, async || {
        let response = boss.get(USERS).await;
        if response.status == 401 { Ok(()) } else { Err(response.text) }
    })
    .await;
}

#[tokio::test]
async fn change_of_an_outdated_account_version_is_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let ada = shop.new_customer().await;
    let path = format!("{USERS}/{}", ada.id());
    let old = admin.get(&path).await.expect(200).expect_header("etag").to_owned();
    ada.api.put("/api/v1/users/profile", &json!({ "name": "Countess" })).await.expect(200);
    let suspend = async |tag: &str| {
        let body = json!({ "status": "suspended" });
        admin.call(Method::PUT, &format!("{path}/status")).header("If-Match", tag).json(&body).send().await
    };
    suspend(&old).await.expect_problem(412, "version_mismatch");
    let now = admin.get(&path).await.expect(200).expect_header("etag").to_owned();
    let changed = suspend(&now).await.expect(200);
    assert_ne!(changed.expect_header("etag"), now);
}

#[tokio::test]
async fn first_admin_is_made_by_a_command() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let grant = |email: &str| json!({ "task": "grant-role", "email": email, "role": "admin" }).to_string();
    let done = shop.functions.invoke("housekeeping", grant(&ada.email)).await;
    assert_eq!((done.error, &done.payload["done"]), (None, &json!(1)), "{}", done.payload);
    let session = logs_in(&shop, &ada).await.expect(200).json();
    let boss = shop.anonymous().with_token(session["accessToken"].as_str().unwrap_or_default());
    boss.get(USERS).await.expect(200);
    awaits_found(&boss, &format!("search={}&role=admin", ada.email), &[&ada.welcome["user"]]).await;

    let unknown = shop.functions.invoke("housekeeping", grant(&format!("{}@example.com", word("nobody")))).await;
    assert!(unknown.error.is_some() && unknown.payload.to_string().contains("account_unknown"), "{}", unknown.payload);
}
