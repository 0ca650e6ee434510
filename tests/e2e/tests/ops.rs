//! The API beside the shop: probes, documents, headers, and responses of unknown routes.

use e2e::{Draft, SOON, Shop, await_until};
use reqwest::Method;

#[tokio::test]
async fn the_api_is_up_and_ready() {
    let shop = Shop::open().await;
    shop.anonymous().get("/health").await.expect(200);
    // A probe may be slow for a moment; the next one must be ready.
    let ready = await_until("the API is ready", SOON, async || {
        let response = shop.anonymous().get("/ready").await;
        if response.status == 200 { Ok(response.json()) } else { Err(response.text) }
    })
    .await;
    let checks = ready["checks"].as_array().cloned().unwrap_or_default();
    assert!(!checks.is_empty(), "{ready}");
    for check in checks {
        assert!(check["name"].is_string() && check["status"].is_string(), "{check}");
        assert!(check["latencyMs"].is_number(), "{check}");
    }
}

#[tokio::test]
async fn the_api_documents_itself() {
    let shop = Shop::open().await;
    let page = shop.anonymous().get("/docs").await.expect(200);
    assert!(page.expect_header("content-type").starts_with("text/html"));
    let document = shop.anonymous().get("/api/v1/openapi.json").await.expect(200).json();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{}", document["openapi"]);
    let paths =
        document["paths"].as_object().map(|paths| paths.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    for path in ["/orders", "/products", "/auth/login", "/orders/{id}/pay"] {
        let bare = |documented: &String| documented.trim_start_matches("/api/v1").replace(['{', '}'], "");
        let wanted = path.replace(['{', '}'], "");
        assert!(paths.iter().any(|documented| bare(documented) == wanted), "{path} should be documented: {paths:?}");
    }
}

#[tokio::test]
async fn published_keys_have_no_private_part() {
    let shop = Shop::open().await;
    let set = shop.anonymous().get("/.well-known/jwks.json").await.expect(200).json();
    let keys = set["keys"].as_array().cloned().unwrap_or_default();
    assert!(!keys.is_empty(), "{set}");
    for key in keys {
        assert!(key["kid"].is_string() && key["kty"].is_string(), "{key}");
        for private in ["d", "p", "q", "k"] {
            assert!(key[private].is_null(), "no private part should be published");
        }
    }
}

#[tokio::test]
async fn unknown_route_gets_a_problem_document() {
    let shop = Shop::open().await;
    for path in ["/api/v1/nonsense", "/nonsense", "/api/v1/orders/a/b/c/d", "/api/v2/products"] {
        shop.anonymous().get(path).await.expect_problem(404, "not_found");
    }
    shop.anonymous().call(Method::DELETE, "/api/v1/products").send().await.expect_refusal(405);
}

#[tokio::test]
async fn request_id_is_generated_and_not_the_callers() {
    let shop = Shop::open().await;
    let chosen = shop.anonymous().call(Method::GET, "/api/v1/products").header("X-Request-Id", "e2e-4711").send().await;
    assert_ne!(chosen.expect(200).expect_header("x-request-id"), "e2e-4711");
    let generated = shop.anonymous().get("/api/v1/products").await.expect(200).expect_header("x-request-id").to_owned();
    let other = shop.anonymous().get("/api/v1/products").await.expect(200).expect_header("x-request-id").to_owned();
    assert!(!generated.is_empty() && generated != other);
    let refused =
        shop.anonymous().call(Method::GET, "/api/v1/nonsense").header("X-Request-Id", "e2e-4712").send().await;
    let id = refused.expect_header("x-request-id").to_owned();
    assert_ne!(id, "e2e-4712");
    assert_eq!(refused.expect_refusal(404).body["requestId"], id);
}

#[tokio::test]
async fn every_response_has_security_headers() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let product = format!("/api/v1/products/{}", mug.id);
    for path in ["/api/v1/products", product.as_str(), "/api/v1/cart/me", "/api/v1/nonsense", "/health", "/docs"] {
        let response = shop.anonymous().get(path).await;
        assert_eq!(response.expect_header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(response.expect_header("x-frame-options").to_uppercase(), "DENY", "{path}");
        for name in ["strict-transport-security", "content-security-policy", "referrer-policy"] {
            assert!(!response.expect_header(name).is_empty(), "{path}: {name}");
        }
        let policy = response.expect_header("content-security-policy");
        for directive in ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
    }
}
