//! Where admins need a second factor, an admin without one can do nothing but add one, and keys from before end within 30 days.
//! Alone: the functions get another environment.

use e2e::{AuthenticatorApp, Customer, Shop, TOTP, row_of_key};
use serde_json::{Value, json};

const FUNCTIONS: [&str; 4] = ["auth", "users", "products", "housekeeping"];
const MAIL: &str = "Your API keys will end";

async fn limit_admin_keys(shop: &Shop) -> Value {
    let report = shop.functions.invoke("housekeeping", r#"{"task":"limit-admin-keys"}"#.to_owned()).await;
    assert!(report.error.is_none(), "{report:?}");
    report.payload
}

async fn end_of_key(shop: &Shop, key: &str) -> String {
    let row = shop.rows.reads("identity", &row_of_key(key), "APIKEY").await;
    row["validUntil"]["S"].as_str().unwrap_or_else(|| panic!("a key should end: {row}")).to_owned()
}

#[tokio::test]
async fn admin_without_a_second_factor_can_only_add_one() {
    let shop = Shop::open_alone().await;
    let grace = shop.new_verified_customer().await;
    let path = format!("/api/v1/users/{}/role", grace.id());
    shop.admin().await.put(&path, &json!({ "role": "admin" })).await.expect(200);
    let grace = shop.logs_in(&grace.email, &grace.password).await;
    let robot = grace.makes_key(&["manage_users"]).await;
    assert_eq!(limit_admin_keys(&shop).await, json!({ "done": 0, "failed": 0 }), "admins need no second factor yet");
    let before = end_of_key(&shop, &robot.key).await;

    shop.functions.while_set(&FUNCTIONS, "SOUK_REQUIRE_ADMIN_MFA", "true", required(&shop, &grace, &robot.key)).await;

    let after = end_of_key(&shop, &robot.key).await;
    assert!(after < before, "{after} should be earlier than {before}");
    robot.api.get("/api/v1/users").await.expect(200);
}

async fn required(shop: &Shop, grace: &Customer, key: &str) {
    for path in ["/api/v1/users", "/api/v1/users/profile", "/api/v1/users/addresses", "/api/v1/auth/me"] {
        grace.api.get(path).await.expect_problem(403, "mfa_enrolment_required").mentions("/auth/mfa/totp");
    }
    grace.api.post("/api/v1/products", &json!({})).await.expect_problem(403, "mfa_enrolment_required");
    grace.tries_to_make_key(json!({ "scopes": ["manage_users"] })).await.expect_problem(403, "mfa_enrolment_required");
    grace.api.get("/api/v1/auth/mfa").await.expect(200);
    let customer = shop.new_customer().await;
    customer.api.get("/api/v1/users/profile").await.expect(200);

    let report = limit_admin_keys(shop).await;
    assert!(report["done"].as_u64() >= Some(1) && report["failed"] == 0, "{report}");
    let limited = end_of_key(shop, key).await;
    shop.mailbox.awaits(&grace.email, &[MAIL]).await;
    assert_eq!(limit_admin_keys(shop).await, json!({ "done": 0, "failed": 0 }), "a second run should change nothing");
    assert_eq!(end_of_key(shop, key).await, limited);

    let enrolled = grace.api.post(TOTP, &json!({})).await.expect(200).json();
    let app = AuthenticatorApp::of(grace, &enrolled);
    let confirm = json!({ "code": app.code(0) });
    let added = grace.api.post(&format!("{TOTP}/confirm"), &confirm).await.expect(200).json();
    let token = added["accessToken"].as_str().unwrap_or_else(|| panic!("a new session should begin: {added}"));
    let grace = grace.through(&shop.anonymous().with_token(token));
    grace.api.get("/api/v1/users").await.expect(200);
    grace.makes_key(&["manage_users"]).await;
    grace.api.delete(TOTP).await.expect_problem(409, "second_factor_required");
    let mails = shop.mailbox.of(&grace.email).await.iter().filter(|mail| mail.mentions(MAIL)).count();
    assert_eq!(mails, 1);
}
