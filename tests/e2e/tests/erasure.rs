//! Export and erasure of personal data.

use std::time::Duration;

use e2e::{Checkout, Draft, Person, Rating, RetentionList, SOON, Shop, await_until};
use reqwest::Method;
use serde_json::{Value, json};

const PROFILE: &str = "/api/v1/users/profile";
const EXPORTS: &str = "/api/v1/users/profile/export";

#[tokio::test]
async fn export_has_all_personal_data_and_no_secret() {
    let shop = Shop::open().await;
    let person = shop.new_person().await;
    let export = shop.exports_personal_data(&person.customer).await;
    let text = export.to_string();
    let (values, digests) = person.values.split_at(person.values.len() - Person::DIGESTS);
    for value in values {
        assert!(text.contains(value.as_str()), "{value} should be in the export: {text}");
    }
    let secrets = ["argon2", "\"digest\"", "credential", "\"pk\"", "gsi1", "pm_card", &person.customer.password];
    for secret in digests.iter().map(String::as_str).chain(secrets) {
        assert!(!text.contains(secret), "{secret} should not be in an export: {text}");
    }
    let count = |list: &str| export[list].as_array().unwrap_or_else(|| panic!("{list} should be a list: {text}")).len();
    assert_eq!((count("addresses"), count("sessions"), count("orders"), count("payments")), (1, 2, 2, 2), "{text}");
    assert_eq!((count("reviews"), count("apiKeys"), count("links")), (1, 1, 1), "{text}");
    assert_eq!(export["preferences"]["language"], "de");
    // The shop delivered the order. The customer may not see which admin did it.
    assert!(text.contains("\"admin\"") && !text.contains("admin:usr_"), "{text}");
    assert_eq!(export["cart"]["lines"].as_array().map(Vec::len), Some(1), "{text}");
    assert_eq!(export["account"]["id"], person.customer.id());
    assert!(export["exportedAt"].is_string());
}

#[tokio::test]
async fn export_is_for_its_owner_only() {
    let shop = Shop::open().await;
    let (ada, eve) = (shop.new_customer().await, shop.new_customer().await);
    let begin = || ada.api.call(Method::POST, EXPORTS).idempotency_key("the only one").send();
    let job = begin().await.expect(202);
    let again = begin().await.expect(202);
    let id = |job: &Value| job["id"].as_str().unwrap_or_default().to_owned();
    assert_eq!(id(&job.json()), id(&again.json()), "a repeated request should be one export");
    let path = format!("{EXPORTS}/{}", id(&job.json()));
    ada.api.get(&path).await.expect(200);
    for stranger in [&eve.api, &shop.admin().await] {
        stranger.get(&path).await.expect_problem(404, "not_found");
    }
    shop.anonymous().get(&path).await.expect_problem(401, "unauthenticated");
    ada.api.get(&format!("{EXPORTS}/nonsense")).await.expect_problem(404, "not_found");
    // A customer with almost no data.
    let export = shop.exports_personal_data(&eve).await;
    assert_eq!(
        (&export["orders"], &export["reviews"], &export["cart"]),
        (&json!([]), &json!([]), &Value::Null),
        "{export}"
    );
}

#[tokio::test]
async fn deleted_account_leaves_only_retained_data() {
    let shop = Shop::open().await;
    let person = shop.new_person().await;
    shop.exports_personal_data(&person.customer).await;
    // The search that finds nothing afterwards finds every value now.
    let before = shop.places_of(&person.values).await;
    for value in &person.values {
        assert!(
            before.iter().any(|place| place.value == *value),
            "{value} should be found before the deletion: {before:#?}"
        );
    }
    let (retention, id) = (RetentionList::read(), person.customer.id().to_owned());
    assert!(before.iter().filter(|place| !retention.allows(place)).count() > 10, "{before:#?}");
    assert_eq!(shop.rating(&person.mug).await, Rating { sum: 5, count: 1 });
    let export = shop.files_with(&person.values[..1]).await;
    assert!(export.iter().any(|file| file.pk.starts_with(&format!("personal/{id}/"))), "{export:?}");

    let response = person.customer.api.delete(PROFILE).await.expect(202).json();
    assert_eq!(response, json!({ "id": id, "status": "deleted" }));

    let (email, password) = (&person.customer.email, &person.customer.password);
    let login = json!({ "email": email, "password": password });
    shop.anonymous().post("/api/v1/auth/login", &login).await.expect_problem(401, "invalid_credentials");
    shop.admin().await.get(&format!("/api/v1/users/{id}")).await.expect_problem(404, "not_found");
    person.customer.api.get("/api/v1/auth/me").await.expect_problem(401, "session_ended");
    let refresh = json!({ "refreshToken": person.customer.welcome["refreshToken"] });
    shop.anonymous().post("/api/v1/auth/refresh", &refresh).await.expect_problem(401, "invalid_refresh_token");

    shop.awaits_erased(person.customer.id(), &person.values).await;
    assert_eq!(shop.rating(&person.mug).await, Rating { sum: 0, count: 0 });
    let places = shop.places_of(&person.values).await;
    assert!(
        !places.is_empty() && places.iter().all(|place| retention.allows(place)),
        "only the order's address should remain: {places:#?}"
    );
    let closed = shop.rows.reads("identity", &format!("USER#{id}"), "CLOSED").await;
    assert_eq!(closed["status"]["S"], "deleted", "{closed}");
    assert!(shop.rows.reads("cart", &format!("CART#{id}"), "CART").await.is_null());
    // The books are unchanged.
    let admin = shop.admin().await;
    let order = admin.looks_up(&person.cancelled).await;
    assert_eq!((order.status(), order.payment_status()), ("cancelled", "refunded"));
    assert_eq!(admin.folds(&order).await.len(), order.0["version"].as_u64().map_or(0, |version| version as usize));

    // The email address is free, and the data of its new account stay.
    let again = shop.registers(email, "Ada, again", "e2e").await;
    assert_ne!(again.id(), id);
    again.api.get(PROFILE).await.expect(200);
}

#[tokio::test]
async fn data_written_after_the_deletion_and_on_later_pages_are_erased() {
    let shop = Shop::open().await;
    let person = shop.new_person().await;
    let (customer, id) = (&person.customer, person.customer.id().to_owned());
    // A page has 25 orders, so the order with the note is on the second page.
    let pens = shop.sells(Draft::with_stock(30)).await;
    for _ in 0..26 {
        customer.places(&Checkout::of(&[(&pens.sku, 1)])).await;
    }
    let before = shop.places_of(&person.values).await;
    let note =
        before.iter().find(|place| place.attribute == "note").expect("a history should have the customer's note");
    customer.api.delete(PROFILE).await.expect(202);
    shop.awaits_erased(person.customer.id(), &person.values).await;

    let (words, partition, cart) = (json!({ "S": note.value }), format!("USER#{id}"), format!("CART#{id}"));
    shop.rows.puts("identity", &partition, "ADDRESS#adr_x", &json!({ "line1": words })).await;
    shop.rows.puts("cart", &cart, "CART", &json!({ "words": words })).await;
    shop.rows.sets("orders", &note.pk, &note.sk, "note", words).await;
    // Two minutes after the deletion, when every token has ended, all workers search again.
    let retention = RetentionList::read();
    await_until("the second search has erased it", Duration::from_secs(240), async || {
        let mut places = shop.places_of(&person.values).await;
        places.retain(|place| !retention.allows(place));
        if places.is_empty() { Ok(()) } else { Err(format!("{places:#?}")) }
    })
    .await;
}

#[tokio::test]
async fn open_order_of_a_deleted_account_continues() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(3)).await;
    let customer = shop.new_customer().await;
    let order = customer.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    let order = customer.awaits(&order, "confirmed", "paid").await;
    customer.api.delete(PROFILE).await.expect(202);
    // A retry whose first response was lost, or a token that was revoked meanwhile.
    let again = customer.api.delete(PROFILE).await;
    assert!([202, 401].contains(&again.status), "{}", again.text);
    let admin = shop.admin().await;
    for step in ["processing", "shipped", "delivered"] {
        admin.moves(&order, step).await.expect(200);
    }
    let order = admin.looks_up(&order).await;
    assert_eq!(
        (order.status(), &order.0["shippingAddress"]["name"]),
        ("delivered", &json!("Ada Lovelace")),
        "{}",
        order.0
    );
    let refund = admin.refunds(&order, json!({})).await.expect(201).json();
    admin.awaits_refunds(&order).await;
    assert!(refund["id"].is_string(), "{refund}");
}

#[tokio::test]
async fn admin_cannot_delete_their_account() {
    let shop = Shop::open().await;
    shop.admin().await.delete(PROFILE).await.expect_problem(409, "admin_account");
    shop.admin().await.get(PROFILE).await.expect(200);
    shop.anonymous().delete(PROFILE).await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn mailed_token_of_a_deleted_account_is_invalid() {
    let shop = Shop::open().await;
    let customer = shop.new_customer().await;
    let token = shop.resets(&customer.email, 1).await;
    customer.api.delete(PROFILE).await.expect(202);
    let body = json!({ "token": token, "newPassword": "another long password" });
    let confirm = shop.from_new_ip().post("/api/v1/auth/reset-password/confirm", &body).await;
    confirm.expect_problem(422, "reset_token_invalid");
    await_until("the token is erased", SOON, async || {
        let row = shop.rows.reads("identity", &e2e::row_of(&token), "TOKEN").await;
        if row.is_null() { Ok(()) } else { Err(row.to_string()) }
    })
    .await;
}
