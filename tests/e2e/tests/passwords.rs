//! Passwords and their hashes.

use e2e::{Customer, Response, Shop, unique_email};
use serde_json::{Value, json};

/// "correct horse 4711", hashed with 7 MiB and one pass, which is less than any configuration.
const CHEAP: &str = "$argon2id$v=19$m=7168,t=1,p=1$pPWqZUvqj7rB1Tc76giKJA$mByetVEC3c12/VWjpz5HL97jkWZqNIguHuKZzjgrrFk";

async fn register(shop: &Shop, password: &str) -> (String, Response) {
    let email = unique_email("pia");
    let body = json!({ "email": email, "password": password, "name": "Pia" });
    let response = shop.anonymous().post("/api/v1/auth/register", &body).await;
    (email, response)
}

async fn login(shop: &Shop, email: &str, password: &str) -> Response {
    shop.anonymous().post("/api/v1/auth/login", &json!({ "email": email, "password": password })).await
}

async fn hash_of(shop: &Shop, customer: &Customer) -> String {
    let row = shop.rows.reads("identity", &format!("USER#{}", customer.id()), "ACCOUNT").await;
    row["credential"]["S"].as_str().unwrap_or_else(|| panic!("an account should have a hash: {row}")).to_owned()
}

#[tokio::test]
async fn password_has_8_to_128_characters_and_is_not_common() {
    let shop = Shop::open().await;
    for (password, code) in [
        ("1234567".to_owned(), "password_too_short"),
        ("xy".repeat(65), "password_too_long"),
        ("x".repeat(200_000), "password_too_long"),
        ("password".to_owned(), "password_too_common"),
        ("Password1".to_owned(), "password_too_common"),
        // Full-width letters: other code points, the same password.
        ("\u{ff50}assword".to_owned(), "password_too_common"),
        ("1qaz2wsx".to_owned(), "password_too_common"),
    ] {
        register(&shop, &password).await.1.expect_fault("password", code);
    }
    for password in ["xy".repeat(64), "пароль密码".to_owned(), "correct horse".to_owned()] {
        let (email, response) = register(&shop, &password).await;
        response.expect(201);
        login(&shop, &email, &password).await.expect(200);
    }
}

#[tokio::test]
async fn password_is_the_same_in_any_unicode_form() {
    let shop = Shop::open().await;
    let (email, response) = register(&shop, "cre\u{300}me bru\u{302}le\u{301}e").await;
    response.expect(201);
    login(&shop, &email, "cr\u{e8}me br\u{fb}l\u{e9}e").await.expect(200);
    login(&shop, &email, "creme brulee").await.expect_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn too_long_password_is_a_wrong_password() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    for length in [129, 5_000, 200_000] {
        let wrong = login(&shop, &customer.email, &"x".repeat(length)).await;
        wrong.expect_problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn login_renews_a_weaker_hash() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let row = format!("USER#{}", customer.id());
    let of_today = |hash: &str| hash.contains("$m=19456,t=2,p=1$");
    shop.rows.sets("identity", &row, "ACCOUNT", "credential", json!({ "S": CHEAP })).await;

    login(&shop, &customer.email, "not the password").await.expect_problem(401, "invalid_credentials");
    assert_eq!(hash_of(&shop, &customer).await, CHEAP, "a wrong password should not renew the hash");
    login(&shop, &customer.email, "correct horse 4711").await.expect(200);
    let renewed = hash_of(&shop, &customer).await;
    assert!(of_today(&renewed), "{renewed}");
    login(&shop, &customer.email, "correct horse 4711").await.expect(200);
    assert_eq!(hash_of(&shop, &customer).await, renewed, "a current hash should stay");
    let me: Value = customer.api.get("/api/v1/auth/me").await.expect(200).json();
    assert_eq!(me["updatedAt"], customer.welcome["user"]["updatedAt"], "a renewed hash should not be visible: {me}");
}
