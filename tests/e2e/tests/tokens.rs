//! Invalid access tokens: forged, swapped, cut, for another audience, of another issuer.

use e2e::{Api, EVENTUALLY, ForeignIssuer, Response, Shop, await_until, claims, encoded, in_seconds};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// A route that only checks the token.
const DOOR: &str = "/api/v1/users/addresses";

async fn refused(shop: &Shop, token: &str, code: &str) {
    shop.anonymous().with_token(token).get(DOOR).await.expect_problem(401, code);
}

/// Waits until the function knows the key: an execution environment reads keys every 30 s at most.
async fn awaits_known_key(api: &Api, path: &str) -> Response {
    await_until("the key is known", EVENTUALLY, async || {
        let response = api.get(path).await;
        if response.text.contains("\"invalid_token\"") { Err(response.text) } else { Ok(response) }
    })
    .await
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

#[tokio::test]
async fn changed_token_is_refused() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let token = customer.welcome["accessToken"].as_str().expect("a registration should give a token");
    customer.api.get(DOOR).await.expect(200);
    let valid = claims(token);
    shop.anonymous().with_token(&shop.signs_token(&valid, |_| ()).await).get(DOOR).await.expect(200);

    let parts: Vec<&str> = token.split('.').collect();
    let [head, body, signature] = parts[..] else { panic!("a JWT should have three parts: {token}") };
    let none = encoded(&json!({ "alg": "none", "typ": "at+jwt" }));
    let admin = encoded(&with(&valid, "role", json!("admin")));
    for forged in [
        format!("{none}.{body}."),
        format!("{none}.{body}.{signature}"),
        format!("{head}.{admin}.{signature}"),
        format!("{head}.{body}."),
        format!("{head}.{body}"),
        token[..token.len() - 1].to_owned(),
        format!("{head}.{body}.{signature}.{signature}"),
        "nonsense".to_owned(),
        "x".repeat(5_000),
    ] {
        refused(&shop, &forged, "invalid_token").await;
    }
}

#[tokio::test]
async fn open_route_ignores_an_invalid_token() {
    let shop = Shop::open().await;
    let api = shop.anonymous().with_token("nonsense");
    api.get("/api/v1/auth/oauth/google/callback?code=x&state=x").await.expect(400);
    api.post("/api/v1/payments/webhooks/stripe", &json!({})).await.expect(400);
}

#[tokio::test]
async fn token_with_another_algorithm_type_or_key_is_refused() {
    let shop = Shop::open().await;
    let valid =
        claims(shop.new_customer().await.welcome["accessToken"].as_str().expect("a registration should give a token"));
    refused(&shop, &shop.signs_token(&valid, |head| head.typ = Some("JWT".into())).await, "invalid_token").await;
    refused(&shop, &shop.signs_token(&valid, |head| head.kid = Some("of-nobody".into())).await, "invalid_token").await;
    refused(&shop, &shop.signs_token(&valid, |head| head.kid = None).await, "invalid_token").await;
    // The public key, which everyone has, as if it were a shared secret (RFC 8725, 2.1).
    let jwks = shop.anonymous().get("/.well-known/jwks.json").await.expect(200).json();
    let public = jwks["keys"][0]["x"].as_str().expect("a key should have an x");
    let mut head = Header::new(Algorithm::HS256);
    head.kid = jwks["keys"][0]["kid"].as_str().map(str::to_owned);
    head.typ = Some("at+jwt".into());
    let swapped = encode(&head, &valid, &EncodingKey::from_secret(public.as_bytes())).expect("claims should be signed");
    refused(&shop, &swapped, "invalid_token").await;
}

#[tokio::test]
async fn token_for_another_audience_or_time_is_refused() {
    let shop = Shop::open().await;
    let valid =
        claims(shop.new_customer().await.welcome["accessToken"].as_str().expect("a registration should give a token"));
    for (name, value, code) in [
        ("aud", json!("another"), "invalid_token"),
        ("iss", json!("https://other.example"), "invalid_token"),
        ("sub", json!("ord_01h455vb4pex5vsknk084sn02q"), "invalid_token"),
        ("exp", json!(in_seconds(-60)), "token_expired"),
    ] {
        refused(&shop, &shop.signs_token(&with(&valid, name, value), |_| ()).await, code).await;
    }
}

/// Claims of the trusted issuer that are valid now, with changes.
fn claims_of_issuer(shop: &Shop, changes: &Value) -> Value {
    let mut claims = json!({
        "iss": shop.trusted_issuer(), "aud": "souk", "sub": "alice@corp", "iat": in_seconds(0), "exp": in_seconds(300),
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    claims
}

// One test, because the fake provider publishes the keys of one issuer.
#[tokio::test]
async fn token_of_the_trusted_issuer_is_accepted() {
    let shop = Shop::open().await;
    let identity_provider = ForeignIssuer::new("provider-key");
    shop.publishes_keys_of(&identity_provider).await;
    let fetched = shop.functions.invoke("keys", json!({ "task": "fetch-trusted" }).to_string()).await;
    assert_eq!(fetched.error, None, "{}", fetched.payload);

    let says = |more: Value| identity_provider.signs(&claims_of_issuer(&shop, &more));
    let alice = shop.anonymous().with_token(&says(json!({})));
    awaits_known_key(&alice, DOOR).await.expect(200);
    awaits_known_key(&alice, "/api/v1/users").await.expect_problem(403, "forbidden");
    let operator = shop.anonymous().with_token(&says(json!({ "groups": ["admin"] })));
    awaits_known_key(&operator, "/api/v1/users").await.expect(200);

    let customer = shop.new_customer().await;
    let id = customer.api.get("/api/v1/auth/me").await.expect(200).json()["id"].clone();
    let theirs = shop.anonymous().with_token(&says(json!({ "sub": id })));
    assert_eq!(awaits_known_key(&theirs, "/api/v1/users/profile").await.expect(200).json()["id"], id);
    let late = shop.anonymous().with_token(&says(json!({ "exp": in_seconds(-120) })));
    awaits_known_key(&late, DOOR).await.expect_problem(401, "token_expired");

    // A revocation is not kept for longer than that.
    let old = shop.anonymous().with_token(&says(json!({ "iat": in_seconds(-1000), "exp": in_seconds(3600) })));
    awaits_known_key(&old, DOOR).await.expect_problem(401, "token_expired");

    for more in [
        json!({ "aud": "another" }),
        json!({ "iss": "https://other.example" }),
        json!({ "sub": null }),
        json!({ "nbf": in_seconds(200) }),
    ] {
        refused(&shop, &says(more), "invalid_token").await;
    }
    let claims = claims_of_issuer(&shop, &json!({}));
    // An identity token, for example, is no access token (RFC 9068).
    for typ in [None, Some("JWT"), Some("id_token+jwt")] {
        refused(&shop, &identity_provider.signs_as(typ, &claims), "invalid_token").await;
    }
    let long = shop.anonymous().with_token(&identity_provider.signs_as(Some("application/at+jwt"), &claims));
    long.get(DOOR).await.expect(200);
    let stranger = ForeignIssuer::new("provider-key");
    refused(&shop, &stranger.signs(&claims), "invalid_token").await;

    blocked_account_is_refused(&shop, &identity_provider).await;
}

/// An account that was suspended or closed cannot act with new tokens of the trusted issuer.
async fn blocked_account_is_refused(shop: &Shop, identity_provider: &ForeignIssuer) {
    let admin = shop.admin().await;
    let customer = shop.new_customer().await;
    // Each time a new token, on a function of identity and on another.
    let awaits_answer = async |status: u16, code: &str| {
        for path in [DOOR, "/api/v1/cart/me"] {
            await_until(format_args!("{path} answers {status} {code}"), EVENTUALLY, async || {
                let token = identity_provider.signs(&claims_of_issuer(shop, &json!({ "sub": customer.id() })));
                let response = shop.anonymous().with_token(&token).get(path).await;
                let is_expected = response.status == status && response.text.contains(code);
                if is_expected { Ok(()) } else { Err(response.text) }
            })
            .await;
        }
    };
    let sets_status = async |status: &str| {
        let path = format!("/api/v1/users/{}/status", customer.id());
        admin.put(&path, &json!({ "status": status })).await.expect(200);
    };
    awaits_answer(200, "").await;
    sets_status("suspended").await;
    awaits_answer(403, "\"account_suspended\"").await;
    sets_status("active").await;
    awaits_answer(200, "").await;

    let again = shop.logs_in(&customer.email, &customer.password).await;
    again.api.delete("/api/v1/users/profile").await.expect(202);
    awaits_answer(401, "\"session_ended\"").await;
    let block = shop.rows.reads("identity", &format!("BLOCKED#{}", customer.id()), "BLOCKED").await;
    assert_eq!(block["status"]["S"], "closed", "the row should stay: {block}");
}
