//! Too many requests are rate limited: of a network, of an account, of an API key. Too many attempts at an account are, too, without
//! limiting its owner at a known network. The numbers are those of the test stack (profiles.py).

use e2e::{Api, Customer, EVENTUALLY, IpCaller, Response, Shop, await_until, unique, unique_email};
use futures::future::join_all;
use serde_json::{Value, json};

/// `LoginsPerAccount`, per minute.
const LOGINS: u64 = 20;
/// `ResetsPerNetwork`, per minute.
const RESETS: u64 = 30;
/// `SignInsPerNetwork`, per minute.
const SIGN_INS: u64 = 120;
/// `ReviewLimits`, per minute and network or account, and per hour and API key.
const REVIEWS: u64 = 40;
/// `RequestLimits`, per hour and API key.
const REQUESTS_PER_KEY: u64 = 300;
const REVIEWS_PATH: &str = "/api/v1/products/prd_00000000000000000000000000/reviews";

fn number(response: &Response, header: &str) -> u64 {
    let text = response.expect_header(header);
    text.parse().unwrap_or_else(|_| panic!("{header} should be a number: {text}"))
}

/// Panics unless the response is a complete 429; returns the seconds to wait.
#[track_caller]
fn expect_rate_limited(response: Response) -> u64 {
    let wait = number(&response, "retry-after");
    assert!((1..=7_200).contains(&wait), "{wait}");
    assert_eq!((number(&response, "ratelimit-remaining"), number(&response, "ratelimit-reset")), (0, wait));
    response.expect_problem(429, "rate_limited");
    wait
}

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
            expect_rate_limited(response);
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
    assert_eq!(number(&first, "ratelimit-limit"), LOGINS);
    let (before, after) = (number(&first, "ratelimit-remaining"), number(&second, "ratelimit-remaining"));
    // One less, unless a new minute has begun.
    assert!(after + 1 == before || after >= before, "{before}, then {after}");
    assert!((1..=60).contains(&number(&second, "ratelimit-reset")));
    let response = reset(&home).await.expect(202);
    assert!(number(&response, "ratelimit-limit") > 0 && response.text.is_empty());
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
    expect_rate_limited(login(&shop.from_new_ip(), &customer.email, &customer.password).await);
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
        expect_rate_limited(with_token(&shop.from_new_ip(), &customer.password, bad).await);
    }
    let session = with_token(&shop.from_new_ip(), &customer.password, token).await.expect(200).json();
    // The next token is of the same device, and a guess with it counts there.
    let next = &session["deviceToken"];
    for attempts in 0..=2 * LOGINS {
        let response =
            with_token(&shop.from_new_ip(), "a wrong guess", if attempts % 2 == 0 { token } else { next }).await;
        if response.status == 429 {
            assert!(attempts + 1 >= LOGINS, "rate limited after {attempts}");
            expect_rate_limited(response);
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
            limited = Some(expect_rate_limited(response));
            break;
        }
        response.expect(202);
    }
    let wait = limited.unwrap_or_else(|| panic!("{} resets should be rate limited", 2 * RESETS));
    assert!(wait <= 120, "a limit per minute should last two minutes at most: {wait}");
    let next_door = shop.from(&place.source().replace("::1", "::2"));
    expect_rate_limited(reset(&next_door).await);
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
            expect_rate_limited(response);
            shop.from_new_ip().begins_sign_in().await.expect(302);
            return;
        }
        response.expect(302);
    }
    panic!("{} sign-ins should be rate limited", 2 * SIGN_INS);
}

/// Sends requests until one is rate limited, which must not be before the limit. Each answer has the limit's status.
async fn exhausts(limit: u64, mut send: impl AsyncFnMut(u64) -> Response) {
    for sent in 0..=2 * limit {
        let response = send(sent).await;
        assert_eq!(number(&response, "ratelimit-limit"), limit, "{}", response.text);
        if response.status == 429 {
            assert!(sent >= limit, "rate limited after {sent} of {limit}");
            expect_rate_limited(response);
            return;
        }
        assert!(number(&response, "ratelimit-remaining") < limit);
    }
    panic!("{} requests should be rate limited", 2 * limit);
}

#[tokio::test]
async fn network_without_a_credential_is_refused_at_its_limit() {
    let shop = Shop::open().await;
    let place = shop.from_new_ip();
    exhausts(REVIEWS, async |_| place.reviews().await).await;
    expect_rate_limited(shop.from(&place.source().replace("::1", "::2")).reviews().await);
    shop.from_new_ip().reviews().await.expect(401);
    // An invalid credential does not make another caller of it.
    expect_rate_limited(place.with_header("authorization", "Bearer of-nothing").reviews().await);
    let key = format!("sk_{}", "0".repeat(49));
    expect_rate_limited(place.with_header("x-api-key", &key).reviews().await);
    // The other classes of routes count on their own.
    login(&place, &unique_email("nobody"), "a password").await.expect(401);
}

#[tokio::test]
async fn account_and_api_key_are_refused_at_their_own_limits() {
    let shop = Shop::open().await;
    let (ada, eve) = (shop.new_verified_customer().await, shop.new_customer().await);
    let key = ada.makes_key(&["write_reviews"]).await;
    let post = async |api: &Api| api.post(REVIEWS_PATH, &json!({})).await;
    exhausts(REVIEWS, async |_| post(&ada.api).await).await;
    assert_ne!(post(&eve.api).await.status, 429, "another account at the same network");
    exhausts(REVIEWS, async |_| post(&key.api).await).await;
    let other = ada.makes_key(&["write_reviews"]).await;
    assert_ne!(post(&other.api).await.status, 429, "another key of the same account");
}

#[tokio::test]
async fn concurrent_requests_to_many_environments_stay_within_the_limit() {
    let shop = Shop::open().await;
    let key = shop.new_verified_customer().await.makes_key(&["use_account", "buy"]).await;
    let paths = ["/api/v1/auth/me", "/api/v1/cart/me", "/api/v1/users/profile", "/api/v1/orders"];
    let callers = (0..12).map(async |caller: usize| {
        let mut accepted = 0;
        for request in 0..REQUESTS_PER_KEY as usize / 6 {
            let response = key.api.get(paths[(caller + request) % paths.len()]).await;
            assert_eq!(number(&response, "ratelimit-limit"), REQUESTS_PER_KEY);
            if response.status != 429 {
                accepted += 1;
            }
        }
        accepted
    });
    let accepted: u64 = join_all(callers).await.into_iter().sum();
    // Twice the limit was sent. Tokens that an environment has leased and not used are missing at its end.
    assert!((REQUESTS_PER_KEY / 2..=REQUESTS_PER_KEY).contains(&accepted), "{accepted}");
}

#[tokio::test]
async fn viewer_address_counts_with_the_secret_of_the_edge_only() {
    let shop = Shop::open().await;
    let viewer = |caller: &IpCaller, address: &str| caller.with_header("cloudfront-viewer-address", address);
    // Without the secret or with a wrong one, the caller counts, whatever it claims.
    let place = shop.from_new_ip();
    exhausts(REVIEWS, async |sent| {
        let claims = viewer(&place, &format!("198.51.100.{sent}:40000"));
        let claims = if sent % 2 == 0 { claims } else { claims.with_header("x-edge-secret", &"0".repeat(64)) };
        claims.reviews().await
    })
    .await;
    // With the secret, the viewer counts, whichever edge it uses, and the edge does not.
    let (home, edges, secret) =
        (shop.from_new_ip(), [shop.from_new_ip(), shop.from_new_ip()], shop.edge_secret().await);
    let address = format!("{}:40000", home.source());
    exhausts(REVIEWS, async |sent| {
        let edge = &edges[usize::from(sent % 2 == 0)];
        viewer(edge, &address).with_header("x-edge-secret", &secret).reviews().await
    })
    .await;
    edges[0].reviews().await.expect(401);
    expect_rate_limited(home.reviews().await);
}
