//! The limits of all requests: of a network, of an account, of an API key. The limiter lets a request continue if the table does not
//! answer within half a second, so these tests need a machine that is not busy. The numbers are those of the test stack (profiles.py).

use e2e::{Api, IpCaller, Response, Shop, unique_email};
use futures::future::join_all;
use serde_json::json;

/// `ReviewLimits`, per minute and network or account, and per hour and API key.
const REVIEWS: u64 = 40;
/// `RequestLimits`, per hour and API key.
const REQUESTS_PER_KEY: u64 = 300;
const REVIEWS_PATH: &str = "/api/v1/products/prd_00000000000000000000000000/reviews";

/// Sends requests until one is rate limited, which must not be before the limit. Each answer has the limit's status.
async fn exhausts(limit: u64, mut send: impl AsyncFnMut(u64) -> Response) {
    for sent in 0..=2 * limit {
        let response = send(sent).await;
        assert_eq!(response.number("ratelimit-limit"), limit, "{}", response.text);
        if response.status == 429 {
            assert!(sent >= limit, "rate limited after {sent} of {limit}");
            response.expect_rate_limited();
            return;
        }
        assert!(response.number("ratelimit-remaining") < limit);
    }
    panic!("{} requests should be rate limited", 2 * limit);
}

#[tokio::test]
async fn network_without_a_credential_is_refused_at_its_limit() {
    let shop = Shop::open_alone().await;
    let place = shop.from_new_ip();
    exhausts(REVIEWS, async |_| place.reviews().await).await;
    shop.from(&place.source().replace("::1", "::2")).reviews().await.expect_rate_limited();
    shop.from_new_ip().reviews().await.expect(401);
    // An invalid credential does not make another caller of it.
    place.with_header("authorization", "Bearer of-nothing").reviews().await.expect_rate_limited();
    let key = format!("sk_{}", "0".repeat(49));
    place.with_header("x-api-key", &key).reviews().await.expect_rate_limited();
    // The other classes of routes count on their own.
    let login = json!({ "email": unique_email("nobody"), "password": "a password" });
    place.post("/api/v1/auth/login", &login).await.expect(401);
}

#[tokio::test]
async fn account_and_api_key_are_refused_at_their_own_limits() {
    let shop = Shop::open_alone().await;
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
    let shop = Shop::open_alone().await;
    let key = shop.new_verified_customer().await.makes_key(&["use_account", "buy"]).await;
    let paths = ["/api/v1/auth/me", "/api/v1/cart/me", "/api/v1/users/profile", "/api/v1/orders"];
    let callers = (0..12).map(async |caller: usize| {
        let mut accepted = 0;
        for request in 0..REQUESTS_PER_KEY as usize / 6 {
            let response = key.api.get(paths[(caller + request) % paths.len()]).await;
            assert_eq!(response.number("ratelimit-limit"), REQUESTS_PER_KEY);
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
    let shop = Shop::open_alone().await;
    let viewer = |caller: &IpCaller, address: &str| caller.with_header("cloudfront-viewer-address", address);
    // Without the secret or with a wrong one, the caller counts, whatever it claims.
    let place = shop.from_new_ip();
    exhausts(REVIEWS, async |sent| {
        let claims = viewer(&place, &format!("198.51.100.{sent}:40000"));
        let claims = if sent % 2 == 0 { claims } else { claims.with_header("x-origin-secret", &"0".repeat(64)) };
        claims.reviews().await
    })
    .await;
    // With the secret, the viewer counts, whichever edge it uses, and the edge does not.
    let (home, edges, secret) =
        (shop.from_new_ip(), [shop.from_new_ip(), shop.from_new_ip()], shop.edge_secret().await);
    let address = format!("{}:40000", home.source());
    exhausts(REVIEWS, async |sent| {
        let edge = &edges[usize::from(sent % 2 == 0)];
        viewer(edge, &address).with_header("x-origin-secret", &secret).reviews().await
    })
    .await;
    edges[0].reviews().await.expect(401);
    home.reviews().await.expect_rate_limited();
}
