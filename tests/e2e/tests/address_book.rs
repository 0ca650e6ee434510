//! The address book: postal addresses are validated and normalised by country, one address is the default of each kind, and a stored
//! response holds no address.

use aws_lc_rs::digest::{SHA256, digest};
use e2e::{Api, Shop, unique, with};
use reqwest::Method;
use serde_json::{Value, json};

const BOOK: &str = "/api/v1/users/addresses";

fn london() -> Value {
    json!({ "name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postalCode": "sw1y4jh", "country": "GB" })
}

async fn book(api: &Api) -> Vec<Value> {
    api.get(BOOK).await.expect(200).json()["data"].as_array().cloned().unwrap_or_default()
}

fn place(entry: &Value) -> String {
    format!("{BOOK}/{}", entry["id"].as_str().unwrap_or_else(|| panic!("an address should have an id: {entry}")))
}

/// The default entries of an address book: for shipping, for billing.
async fn defaults(api: &Api) -> (Vec<Value>, Vec<Value>) {
    let entries = book(api).await;
    let of = |name: &str| entries.iter().filter(|entry| entry[name] == true).map(|entry| entry["id"].clone()).collect();
    (of("defaultShipping"), of("defaultBilling"))
}

#[tokio::test]
async fn address_is_normalised_by_country() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let typed = with(&london(), "/phone", json!("+44 20 7946-0958"));
    let added = ada.api.post(BOOK, &typed).await.expect(201).json();
    assert_eq!((&added["postalCode"], &added["phone"]), (&json!("SW1Y 4JH"), &json!("+442079460958")), "{added}");
    assert_eq!(book(&ada.api).await, [added]);
}

#[tokio::test]
async fn invalid_address_is_refused_with_its_field() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let existing = ada.api.post(BOOK, &london()).await.expect(201).json();
    for (field, value, code) in [
        ("country", json!("XX"), "invalid_value"),
        ("country", json!("DE"), "postal_code_invalid"),
        ("postalCode", json!("10117"), "postal_code_invalid"),
        ("phone", json!("020 7946 0958"), "phone_invalid"),
        ("phone", json!("+44 1"), "phone_invalid"),
        ("phone", json!("+999 1234567"), "phone_invalid"),
        ("defaultShipping", json!("yes"), "wrong_type"),
        ("planet", json!("Earth"), "unknown_field"),
    ] {
        let invalid = with(&london(), &format!("/{field}"), value);
        ada.api.post(BOOK, &invalid).await.expect_refusal(422).has_error_code(code);
        ada.api.put(&place(&existing), &invalid).await.expect_refusal(422).has_error_code(code);
    }
    assert_eq!(book(&ada.api).await.len(), 1);
}

#[tokio::test]
async fn one_address_is_the_default_of_each_kind() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let home = ada.api.post(BOOK, &with(&london(), "/defaultShipping", json!(true))).await.expect(201).json();
    let both = with(&with(&london(), "/defaultShipping", json!(true)), "/defaultBilling", json!(true));
    assert_eq!((&home["defaultShipping"], &home["defaultBilling"]), (&json!(true), &json!(false)), "{home}");

    let office = ada.api.post(BOOK, &both).await.expect(201).json();
    assert_eq!(defaults(&ada.api).await, (vec![office["id"].clone()], vec![office["id"].clone()]));

    let home_again =
        ada.api.put(&place(&home), &with(&london(), "/defaultShipping", json!(true))).await.expect(200).json();
    assert_eq!(home_again["defaultShipping"], true, "{home_again}");
    assert_eq!(defaults(&ada.api).await, (vec![home["id"].clone()], vec![office["id"].clone()]));

    // An omitted member stays; null removes it.
    ada.api.put(&place(&home), &london()).await.expect(200);
    ada.api.put(&place(&office), &with(&london(), "/defaultBilling", json!(false))).await.expect(200);
    assert_eq!(defaults(&ada.api).await, (vec![home["id"].clone()], vec![]));

    ada.api.delete(&place(&home)).await.expect(204);
    assert_eq!(defaults(&ada.api).await, (vec![], vec![]));
    ada.api.put(&place(&home), &both).await.expect_problem(404, "not_found");
    assert_eq!(defaults(&ada.api).await, (vec![], vec![]), "a removed address should not be a default");
}

#[tokio::test]
async fn concurrent_changes_of_the_default_leave_one_default() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let mut entries = Vec::new();
    for _ in 0..5 {
        entries.push(ada.api.post(BOOK, &london()).await.expect(201).json());
    }
    let wanting = with(&london(), "/defaultShipping", json!(true));
    let changes = entries.iter().map(async |entry| ada.api.put(&place(entry), &wanting).await);
    for response in futures::future::join_all(changes).await {
        assert!(matches!(response.status, 200 | 409), "{} {}", response.status, response.text);
    }
    assert_eq!(defaults(&ada.api).await.0.len(), 1);
}

#[tokio::test]
async fn stored_response_holds_no_address_and_repetition_shows_the_current_one() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let key = unique("address");
    let add = async || ada.api.call(Method::POST, BOOK).idempotency_key(&key).json(&london()).send().await;
    let added = add().await.expect(201).json();
    let again = add().await.expect(201);
    assert!(again.is_replayed());
    assert_eq!(again.json(), added);

    let scope = format!("{}\nPOST /users/addresses\n{key}", ada.id());
    let scope: String = digest(&SHA256, scope.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let record = shop.rows.reads("identity", &format!("IDEMPOTENCY#{scope}"), "IDEMPOTENCY").await;
    assert!(
        record.to_string().contains(added["id"].as_str().unwrap_or("?")),
        "the response should be stored: {record}"
    );
    for personal in ["Lovelace", "Square", "SW1Y"] {
        assert!(!record.to_string().contains(personal), "{personal} should not be stored: {record}");
    }

    ada.api.delete(&place(&added)).await.expect(204);
    add().await.expect_problem(404, "not_found");
    assert!(book(&ada.api).await.is_empty());
}
