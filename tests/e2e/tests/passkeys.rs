//! Passkeys: adding, listing and removing them. `passkey_logins.rs` has what they are used for.

use e2e::{Authenticator, Lie, PASSKEYS, PasskeyAlgorithm, SHOP_PAGE, Shop, claims, in_seconds, unique};
use futures::future::join_all;
use serde_json::{Value, json};

fn device() -> Authenticator {
    Authenticator::new(SHOP_PAGE)
}

/// The partition of the row of a challenge.
fn row_of_challenge(options: &Value) -> String {
    e2e::row_of_challenge(options["publicKey"]["challenge"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn first_passkey_brings_recovery_codes_and_ends_other_sessions() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let other = shop.logs_in(&ada.email, &ada.password).await;
    let mut phone = device();
    let added = ada.adds_passkey(&mut phone).await;
    assert_eq!(added.recovery_codes.len(), 10);
    ada.api.get("/api/v1/auth/sessions").await.expect_problem(401, "session_ended");
    other.api.get("/api/v1/auth/sessions").await.expect_problem(401, "session_ended");
    added.customer.api.get("/api/v1/auth/sessions").await.expect(200);
    let listed = added.customer.passkeys().await;
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["id"], &listed[0]["name"]), (&json!(added.id), &json!("Phone")));
    assert!(listed[0]["lastUsedAt"].is_null() && listed[0]["createdAt"].is_string(), "{listed:?}");
    let second = added.customer.adds_passkey(&mut device()).await;
    assert!(second.recovery_codes.is_empty(), "the account has codes");
    added.customer.api.get("/api/v1/auth/sessions").await.expect(200);
    let listed = added.customer.passkeys().await;
    assert_eq!((listed.len(), &listed[0]["id"]), (2, &json!(second.id)), "newest first");
    let factors = added.customer.api.get("/api/v1/auth/mfa").await.expect(200).json();
    assert_eq!((&factors["passkeys"], &factors["recoveryCodesLeft"]), (&json!(2), &json!(10)));
}

#[tokio::test]
async fn registration_with_a_lie_is_refused() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let guessed = e2e::encoded_bytes(&[7; 32]);
    for lie in [
        Lie { origin: Some("http://localhost:3001"), ..Lie::default() },
        Lie { origin: Some("http://localhost"), ..Lie::default() },
        Lie { origin: Some("https://evil.example"), ..Lie::default() },
        Lie { is_embedded: true, ..Lie::default() },
        Lie { kind: Some("webauthn.get"), ..Lie::default() },
        Lie { rp_id: Some("evil.example"), ..Lie::default() },
        Lie { challenge: Some(&guessed), ..Lie::default() },
        Lie { without_flags: Lie::NOT_PRESENT, ..Lie::default() },
        Lie { without_flags: Lie::NOT_VERIFIED, ..Lie::default() },
    ] {
        let credential = device().creates_with(&ada.begins_passkey().await, &lie);
        let refused = ada.tries_to_add_passkey(&credential).await;
        refused.expect_problem(422, "passkey_invalid");
    }
    assert!(ada.passkeys().await.is_empty());
    shop.logs_in(&ada.email, &ada.password).await;
}

#[tokio::test]
async fn damaged_registration_is_refused() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let good = device().creates(&ada.begins_passkey().await);
    for (pointer, value, field) in [
        ("/id", json!("AAAA"), "credential.id"),
        ("/id", json!("A".repeat(1_400)), "credential.id"),
        ("/type", json!("password"), "credential.type"),
        ("/response/clientDataJSON", json!("not base64url!"), "credential.response.clientDataJSON"),
        ("/response/clientDataJSON", json!("A".repeat(6_000)), "credential.response.clientDataJSON"),
        ("/response/attestationObject", json!("A".repeat(30_000)), "credential.response.attestationObject"),
        ("/response", json!(null), "credential.response"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
        ada.tries_to_add_passkey(&bad).await.expect_refusal(422).names_field(field);
    }
    for (pointer, value) in [
        ("/id", json!(e2e::encoded_bytes(&[9; 32]))),
        ("/response/clientDataJSON", json!("e30")),
        ("/response/attestationObject", json!(e2e::encoded_bytes(&[0xa0; 40]))),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
        ada.tries_to_add_passkey(&bad).await.expect_problem(422, "passkey_invalid");
    }
    for name in [json!(""), json!("x".repeat(101)), json!("two\nlines"), json!(7)] {
        let body = json!({ "name": name, "credential": good });
        ada.api.post(PASSKEYS, &body).await.expect_refusal(422).names_field("name");
    }
    ada.tries_to_add_passkey(&good).await.expect(201);
}

#[tokio::test]
async fn challenge_makes_one_passkey_of_its_own_account_in_its_time() {
    let shop = Shop::open().await;
    let (ada, bob) = (shop.new_verified_customer().await, shop.new_verified_customer().await);
    let options = ada.begins_passkey().await;
    let of_ada = device().creates(&options);
    bob.tries_to_add_passkey(&of_ada).await.expect_problem(422, "passkey_invalid");
    let added = ada.tries_to_add_passkey(&of_ada).await.expect(201).json();
    let ada = ada.through(&shop.anonymous().with_token(added["accessToken"].as_str().unwrap_or_default()));
    // The same challenge again, with another key.
    let again = device().creates(&options);
    ada.tries_to_add_passkey(&again).await.expect_problem(422, "passkey_invalid");
    // One that is too old.
    let options = bob.begins_passkey().await;
    let past = json!({ "N": in_seconds(-1).to_string() });
    shop.rows.sets("identity", &row_of_challenge(&options), "CHALLENGE", "expiresAt", past).await;
    bob.tries_to_add_passkey(&device().creates(&options)).await.expect_problem(422, "passkey_invalid");
    // One of a login.
    let login = shop.begins_passkey_login().await;
    let mut options = bob.begins_passkey().await;
    options["publicKey"]["challenge"] = login["publicKey"]["challenge"].clone();
    bob.tries_to_add_passkey(&device().creates(&options)).await.expect_problem(422, "passkey_invalid");
}

#[tokio::test]
async fn stored_challenge_is_a_digest() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let options = ada.begins_passkey().await;
    let row = shop.rows.reads("identity", &row_of_challenge(&options), "CHALLENGE").await;
    let challenge = options["publicKey"]["challenge"].as_str().unwrap_or_default();
    assert!(row.is_object() && !row.to_string().contains(challenge), "{row}");
    let other = ada.begins_passkey().await;
    assert_ne!(other["publicKey"]["challenge"], options["publicKey"]["challenge"]);
}

#[tokio::test]
async fn one_of_ten_concurrent_registrations_succeeds() {
    let shop = Shop::open().await;
    let ada = shop.new_verified_customer().await;
    let credential = device().creates(&ada.begins_passkey().await);
    let answers = join_all((0..10).map(|_| ada.tries_to_add_passkey(&credential))).await;
    let added: Vec<_> = answers.iter().filter(|answer| answer.status == 201).map(|answer| answer.json()).collect();
    assert_eq!(added.len(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 401 | 409 | 422)));
    let ada = ada.through(&shop.anonymous().with_token(added[0]["accessToken"].as_str().unwrap_or_default()));
    assert_eq!(ada.passkeys().await.len(), 1);
}

#[tokio::test]
async fn passkey_needs_a_verified_email_a_recent_login_and_no_key() {
    let shop = Shop::open().await;
    let options = format!("{PASSKEYS}/options");
    let eve = shop.new_customer().await;
    eve.api.post(&options, &json!({})).await.expect_problem(403, "email_not_verified");
    let ada = shop.new_verified_customer().await;
    let credential = device().creates(&ada.begins_passkey().await);
    let body = json!({ "name": "Phone", "credential": credential });
    eve.api.post(PASSKEYS, &body).await.expect_problem(403, "email_not_verified");
    let robot = ada.makes_key(&["use_account"]).await.api;
    let mut claims = claims(ada.welcome["accessToken"].as_str().unwrap_or_default());
    claims["auth_time"] = json!(in_seconds(-601));
    let old = shop.anonymous().with_token(&shop.signs_token(&claims, |_| ()).await);
    let path = format!("{PASSKEYS}/psk_00000000000000000000000000");
    for (api, code) in [(&robot, "login_required"), (&old, "recent_login_required")] {
        api.post(&options, &json!({})).await.expect_problem(403, code);
        api.post(PASSKEYS, &body).await.expect_problem(403, code);
        api.delete(&path).await.expect_problem(403, code);
    }
    robot.get(PASSKEYS).await.expect_problem(403, "login_required");
    old.get(PASSKEYS).await.expect(200);
    ada.tries_to_add_passkey(&credential).await.expect(201);
}

#[tokio::test]
async fn account_has_ten_passkeys_at_most_and_each_once() {
    let shop = Shop::open().await;
    let mut phone = device();
    let ada = shop.new_customer_with_passkey(&mut phone).await.customer;
    let options = ada.begins_passkey().await;
    let excluded = options["publicKey"]["excludeCredentials"].as_array().cloned().unwrap_or_default();
    assert_eq!(excluded.len(), 1, "a browser refuses a second passkey on one device");
    let used = phone.gets(&shop.begins_passkey_login().await);
    assert_eq!(excluded[0]["id"], used["id"]);
    // A device that ignores the list.
    let credential = phone.creates_again(&options);
    ada.tries_to_add_passkey(&credential).await.expect_problem(409, "passkey_exists");
    let mut last = options;
    for _ in 1..10 {
        last = ada.begins_passkey().await;
        ada.tries_to_add_passkey(&device().creates(&last)).await.expect(201);
    }
    ada.api.post(&format!("{PASSKEYS}/options"), &json!({})).await.expect_problem(409, "too_many_passkeys");
    ada.tries_to_add_passkey(&device().creates(&last)).await.expect_problem(409, "too_many_passkeys");
    assert_eq!(ada.passkeys().await.len(), 10);
}

#[tokio::test]
async fn owner_removes_passkeys_and_the_last_one_takes_the_recovery_codes() {
    let shop = Shop::open().await;
    let (mut phone, mut laptop) = (device(), device());
    let first = shop.new_customer_with_passkey(&mut phone).await;
    let second = first.customer.adds_passkey(&mut laptop).await;
    let (ada, bob) = (&first.customer, shop.new_verified_customer().await);
    let path = |id: &str| format!("{PASSKEYS}/{id}");
    bob.api.delete(&path(&first.id)).await.expect_problem(404, "not_found");
    ada.api.delete(&path("psk_00000000000000000000000000")).await.expect_problem(404, "not_found");
    ada.api.delete(&path("phone")).await.expect_refusal(404);
    ada.api.delete(&path(&first.id)).await.expect(204);
    ada.api.delete(&path(&first.id)).await.expect_problem(404, "not_found");
    let used = phone.gets(&shop.begins_passkey_login().await);
    shop.tries_to_log_in_with(&used).await.expect_problem(401, "passkey_invalid");
    let used = laptop.gets(&shop.begins_passkey_login().await);
    shop.tries_to_log_in_with(&used).await.expect(200);
    ada.api.delete(&path(&second.id)).await.expect(204);
    let factors = ada.api.get("/api/v1/auth/mfa").await.expect(200).json();
    assert_eq!((&factors["passkeys"], &factors["recoveryCodesLeft"]), (&json!(0), &json!(0)));
    shop.logs_in(&ada.email, &ada.password).await;
}

#[tokio::test]
async fn passkeys_of_every_algorithm_are_stored_without_secrets() {
    let shop = Shop::open().await;
    let mut ada = shop.new_verified_customer().await;
    for algorithm in PasskeyAlgorithm::ALL {
        let mut device = Authenticator::with_algorithm(SHOP_PAGE, algorithm);
        let name = unique("device");
        let credential = device.creates(&ada.begins_passkey().await);
        let body = json!({ "name": name, "credential": credential });
        let added = ada.api.post(PASSKEYS, &body).await.expect(201).json();
        if let Some(token) = added["accessToken"].as_str() {
            ada = ada.through(&shop.anonymous().with_token(token));
        }
        assert_eq!(added["passkey"]["name"], json!(name));
        let id = added["passkey"]["id"].as_str().unwrap_or_default();
        let row = shop.rows.reads("identity", &format!("MFA#{}", ada.id()), &format!("PASSKEY#{id}")).await;
        assert_eq!(row["credentialId"]["S"], credential["id"], "{row}");
        let used = device.gets(&shop.begins_passkey_login().await);
        shop.tries_to_log_in_with(&used).await.expect(200);
    }
}
