//! The address book: what is written down is as a carrier wants it, one address is the default, and an answer that is kept for
//! repetitions holds none.

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
    format!("{BOOK}/{}", entry["id"].as_str().unwrap_or_else(|| panic!("an address has an id: {entry}")))
}

/// Which entries of a book are defaults: for parcels, for invoices.
async fn defaults(api: &Api) -> (Vec<Value>, Vec<Value>) {
    let entries = book(api).await;
    let of = |name: &str| entries.iter().filter(|entry| entry[name] == true).map(|entry| entry["id"].clone()).collect();
    (of("defaultShipping"), of("defaultBilling"))
}

#[tokio::test]
async fn an_address_is_kept_as_its_country_writes_it() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let typed = with(&london(), "/phone", json!("+44 20 7946-0958"));
    let added = ada.api.post(BOOK, &typed).await.expect(201).json();
    assert_eq!((&added["postalCode"], &added["phone"]), (&json!("SW1Y 4JH"), &json!("+442079460958")), "{added}");
    assert_eq!(book(&ada.api).await, [added]);
}

#[tokio::test]
async fn what_no_carrier_can_use_is_refused_by_its_field() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let there = ada.api.post(BOOK, &london()).await.expect(201).json();
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
        let bad = with(&london(), &format!("/{field}"), value);
        ada.api.post(BOOK, &bad).await.expect_refusal(422).has_error_code(code);
        ada.api.put(&place(&there), &bad).await.expect_refusal(422).has_error_code(code);
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

    // What is not said stays; what is taken away is gone.
    ada.api.put(&place(&home), &london()).await.expect(200);
    ada.api.put(&place(&office), &with(&london(), "/defaultBilling", json!(false))).await.expect(200);
    assert_eq!(defaults(&ada.api).await, (vec![home["id"].clone()], vec![]));

    ada.api.delete(&place(&home)).await.expect(204);
    assert_eq!(defaults(&ada.api).await, (vec![], vec![]));
    ada.api.put(&place(&home), &both).await.expect_problem(404, "not_found");
    assert_eq!(defaults(&ada.api).await, (vec![], vec![]), "an address that is gone is no default");
}

#[tokio::test]
async fn many_who_want_to_be_the_default_end_with_one() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let mut entries = Vec::new();
    for _ in 0..5 {
        entries.push(ada.api.post(BOOK, &london()).await.expect(201).json());
    }
    let wanting = with(&london(), "/defaultShipping", json!(true));
    let asked = entries.iter().map(async |entry| ada.api.put(&place(entry), &wanting).await);
    for response in futures::future::join_all(asked).await {
        assert!(matches!(response.status, 200 | 409), "{} {}", response.status, response.text);
    }
    assert_eq!(defaults(&ada.api).await.0.len(), 1);
}

#[tokio::test]
async fn a_kept_answer_holds_no_address_and_a_repetition_shows_it_as_it_is_now() {
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
    assert!(record.to_string().contains(added["id"].as_str().unwrap_or("?")), "the answer is kept: {record}");
    for personal in ["Lovelace", "Square", "SW1Y"] {
        assert!(!record.to_string().contains(personal), "{personal} is kept: {record}");
    }

    ada.api.delete(&place(&added)).await.expect(204);
    add().await.expect_problem(404, "not_found");
    assert!(book(&ada.api).await.is_empty());
}
