//! Too many requests are rate limited: of a network, of an account, of an API key. Too many attempts at an account are, too, without
//! limiting its owner at a known network. The numbers are those of the test stack (profiles.py).

use e2e::{Customer, EVENTUALLY, IpCaller, Response, Shop, await_until, unique, unique_email};
use serde_json::{Value, json};

/// `LoginsPerAccount`, per minute.
const LOGINS: u64 = 20;
/// `ResetsPerNetwork`, per minute.
const RESETS: u64 = 30;
/// `SignInsPerNetwork`, per minute.
const SIGN_INS: u64 = 120;

async fn login(place: &IpCaller, email: &str, password: &str) -> Response {
    place.post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

async fn reset(place: &IpCaller) -> Response {
    let body = json!({ "email": unique_email("nobody") });
    place.post("/api/v1/auth/reset-password", &body).await
}

/// Strangers guess, each from a network of its own, until they are rate limited.
async fn strangers_guess(shop: &Shop, email: &str) {
    for attempts in 0..=2 * LOGINS {
        let response = login(&shop.from_new_ip(), email, "a wrong guess").await;
        if response.status == 429 {
            // Not before the limit (the first login at home counted, too), or a little later if the minute changed.
            assert!(attempts + 1 >= LOGINS, "rate limited after {attempts}");
            response.expect_rate_limited();
            return;
        }
        response.expect_problem(401, "invalid_credentials");
    }
    panic!("{} guesses should be rate limited", 2 * LOGINS);
}

/// A customer who registered at home.
async fn at_home(shop: &Shop) -> (IpCaller, Customer) {
    let home = shop.from_new_ip();
    let customer = shop.new_customer().await;
    login(&home, &customer.email, &customer.password).await.expect(200);
    (home, customer)
}

#[tokio::test]
async fn every_response_shows_the_limit_status() {
    let shop = Shop::open().await;
    let (home, customer) = at_home(&shop).await;
    let first = login(&home, &customer.email, "not the password").await.expect(401);
    let second = login(&home, &customer.email, &customer.password).await.expect(200);
    assert_eq!(first.number("ratelimit-limit"), LOGINS);
    let (before, after) = (first.number("ratelimit-remaining"), second.number("ratelimit-remaining"));
    // One less, unless a new minute has begun.
    assert!(after + 1 == before || after >= before, "{before}, then {after}");
    assert!((1..=60).contains(&second.number("ratelimit-reset")));
    let response = reset(&home).await.expect(202);
    assert!(response.number("ratelimit-limit") > 0 && response.text.is_empty());
    for public in ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
        let registration = json!({ "email": customer.email, "password": unique("a password"), "name": "Eve" });
        shop.anonymous().post("/api/v1/auth/register", &registration).await.expect(409).expect_header(public);
    }
}

#[tokio::test]
async fn strangers_are_rate_limited_and_the_owner_at_home_is_not() {
    let shop = Shop::open().await;
    let (home, customer) = at_home(&shop).await;
    strangers_guess(&shop, &customer.email).await;
    login(&home, &customer.email, &customer.password).await.expect(200);
    // Another address of the same network is known, too. Any other network is not.
    let next_door = shop.from(&home.source().replace("::1", "::beef"));
    login(&next_door, &customer.email, &customer.password).await.expect(200);
    login(&shop.from_new_ip(), &customer.email, &customer.password).await.expect_rate_limited();
    // Wrong guesses at home are rate limited at home.
    for _ in 0..2 * LOGINS {
        if login(&home, &customer.email, "a wrong guess").await.status == 429 {
            return;
        }
    }
    panic!("wrong guesses at home should be rate limited");
}

#[tokio::test]
async fn known_device_logs_in_from_any_network_while_strangers_guess() {
    let shop = Shop::open().await;
    let (_, customer) = at_home(&shop).await;
    let token = &customer.welcome["deviceToken"];
    let other = shop.new_customer().await;
    strangers_guess(&shop, &customer.email).await;
    let with_token = async |place: &IpCaller, password: &str, token: &Value| {
        let body = json!({ "email": customer.email, "password": password, "deviceToken": token });
        place.post("/api/v1/auth/login", &body).await
    };
    let forged = token.as_str().map(|token| format!("x{token}"));
    for bad in [&other.welcome["deviceToken"], &json!(forged), &json!("nonsense"), &json!(null)] {
        with_token(&shop.from_new_ip(), &customer.password, bad).await.expect_rate_limited();
    }
    let session = with_token(&shop.from_new_ip(), &customer.password, token).await.expect(200).json();
    // The next token is of the same device, and a guess with it counts there.
    let next = &session["deviceToken"];
    for attempts in 0..=2 * LOGINS {
        let response =
            with_token(&shop.from_new_ip(), "a wrong guess", if attempts % 2 == 0 { token } else { next }).await;
        if response.status == 429 {
            assert!(attempts + 1 >= LOGINS, "rate limited after {attempts}");
            response.expect_rate_limited();
            return;
        }
        response.expect_problem(401, "invalid_credentials");
    }
    panic!("guesses with the token of a device should be rate limited");
}

#[tokio::test]
async fn unknown_email_is_rate_limited_like_a_known_one() {
    let shop = Shop::open().await;
    strangers_guess(&shop, &unique_email("nobody")).await;
}

#[tokio::test]
async fn network_is_rate_limited_despite_forwarded_headers() {
    let shop = Shop::open().await;
    let place = shop.from_new_ip();
    let mut limited = None;
    for attempts in 0..=2 * RESETS {
        let response = reset(&place.forwarded_for(&format!("198.51.100.{}", attempts + 1))).await;
        if response.status == 429 {
            assert!(attempts >= RESETS, "rate limited after {attempts}");
            limited = Some(response.expect_rate_limited());
            break;
        }
        response.expect(202);
    }
    let wait = limited.unwrap_or_else(|| panic!("{} resets should be rate limited", 2 * RESETS));
    assert!(wait <= 120, "a limit per minute should last two minutes at most: {wait}");
    let next_door = shop.from(&place.source().replace("::1", "::2"));
    reset(&next_door).await.expect_rate_limited();
    reset(&shop.from_new_ip().forwarded_for(place.source())).await.expect(202);
    reset(&shop.from("203.0.113.7").forwarded_for(place.source())).await.expect(202);
    // The window slides.
    await_until("the network is let in again", EVENTUALLY, async || {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        let response = reset(&place).await;
        if response.status == 202 { Ok(()) } else { Err(format!("{} {:?}", response.text, response.headers)) }
    })
    .await;
}

#[tokio::test]
async fn sign_ins_are_rate_limited_per_network() {
    let shop = Shop::open().await;
    let place = shop.from_new_ip();
    for attempts in 0..=2 * SIGN_INS {
        let response = place.begins_sign_in().await;
        if response.status == 429 {
            assert!(attempts >= SIGN_INS, "rate limited after {attempts}");
            response.expect_rate_limited();
            shop.from_new_ip().begins_sign_in().await.expect(302);
            return;
        }
        response.expect(302);
    }
    panic!("{} sign-ins should be rate limited", 2 * SIGN_INS);
}

#[tokio::test]
async fn network_that_guesses_api_keys_is_refused_before_the_next_is_read() {
    let shop = Shop::open().await;
    let (ada, place) = (shop.new_verified_customer().await, shop.from_new_ip());
    let mut keys = Vec::new();
    for _ in 0..12 {
        let key = ada.makes_key(&["use_account"]).await;
        ada.revokes(&key).await.expect(204);
        keys.push(key.key);
    }
    shop.fills_unknown_keys(place.source()).await;
    // An execution environment learns of the limit by the first key that it reads.
    for key in &keys {
        let response = place.with_header("x-api-key", key).reviews().await;
        if response.status == 429 {
            response.expect_rate_limited();
            shop.from_new_ip().with_header("x-api-key", key).reviews().await.expect_problem(401, "invalid_api_key");
            place.reviews().await.expect(401);
            return;
        }
        response.expect_problem(401, "invalid_api_key");
    }
    panic!("unknown API keys should be refused");
}
