//! Customers' preferences: which events they get mails about.

use e2e::{Checkout, Draft, Shop};
use reqwest::Method;
use serde_json::{Value, json};

const PREFERENCES: &str = "/api/v1/users/preferences";

#[tokio::test]
async fn default_channel_is_mail() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let preferences = ada.api.get(PREFERENCES).await.expect(200).json();
    assert_eq!(preferences["language"], "en", "{preferences}");
    let channels = preferences["channels"].as_object().cloned().unwrap_or_default();
    assert!(channels.contains_key("order.confirmed") && channels.contains_key("payment.refunded"), "{preferences}");
    assert!(channels.values().all(|by| *by == json!(["email"])), "{preferences}");
    let document = shop.anonymous().get("/api/v1/openapi.json").await.expect(200).json();
    let documented =
        &document["components"]["schemas"]["Preferences"]["properties"]["channels"]["propertyNames"]["enum"];
    assert_eq!(
        *documented,
        json!(channels.keys().collect::<Vec<_>>()),
        "the documented events should be those that can be chosen"
    );
}

#[tokio::test]
async fn preferences_are_stored_under_their_version() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let first = ada.api.get(PREFERENCES).await.expect(200).expect_header("etag").to_owned();
    let put = async |tag: &str, body: &Value| {
        ada.api.call(Method::PUT, PREFERENCES).header("If-Match", tag).json(body).send().await
    };
    let choice =
        json!({ "language": "PT-br", "channels": { "order.shipped": ["sms", "email"], "order.delivered": [] } });
    let chosen = put(&first, &choice).await.expect(200);
    let body = chosen.json();
    assert_eq!(body["language"], "pt-BR", "{body}");
    assert_eq!(body["channels"]["order.shipped"], json!(["email", "sms"]), "{body}");
    assert_eq!(body["channels"]["order.delivered"], json!([]), "{body}");
    assert_eq!(body["channels"]["order.cancelled"], json!(["email"]), "{body}");
    assert_eq!(ada.api.get(PREFERENCES).await.expect(200).json(), body);

    put(&first, &choice).await.expect_problem(412, "version_mismatch");
    put(chosen.expect_header("etag"), &json!({ "language": "en" })).await.expect(200);
    let read = ada.api.get(PREFERENCES).await.expect(200).json();
    assert_eq!(read["channels"]["order.delivered"], json!(["email"]), "all choices should be replaced: {read}");
}

#[tokio::test]
async fn invalid_preference_is_refused_with_its_field() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    for (body, field, code) in [
        (json!({ "language": "english" }), "language", "language_invalid"),
        (json!({ "language": "en_GB" }), "language", "language_invalid"),
        (
            json!({ "language": "en", "channels": { "order.cancelled": ["pigeon"] } }),
            "channels.order.cancelled",
            "channel_unknown",
        ),
        (
            json!({ "language": "en", "channels": { "stock.low": ["email"] } }),
            "channels.stock.low",
            "event_type_unknown",
        ),
        (
            json!({ "language": "en", "channels": { "user.password_reset_requested": [] } }),
            "channels.user.password_reset_requested",
            "event_type_unknown",
        ),
        (json!({ "language": "en", "colour": "red" }), "colour", "unknown_field"),
        (json!({ "channels": {} }), "language", "required"),
    ] {
        ada.api.put(PREFERENCES, &body).await.expect_refusal(422).has_error_code(code).names_field(field);
    }
}

#[tokio::test]
async fn unwanted_mails_are_not_sent_and_others_are() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(5)).await;
    let ada = shop.new_customer().await;
    let quiet = json!({ "language": "en", "channels": { "payment.completed": ["inApp"] } });
    ada.api.put(PREFERENCES, &quiet).await.expect(200);
    let order = ada.places(&Checkout::of(&[(&mug.sku, 1)])).await;
    ada.awaits(&order, "confirmed", "paid").await;
    shop.admin().await.refunds(&order, json!({})).await.expect(201);
    shop.mailbox.awaits(&ada.email, &["refund", order.number()]).await;
    let mails = shop.mailbox.of(&ada.email).await;
    assert!(!mails.iter().any(|mail| mail.mentions("confirmed and paid")), "{mails:#?}");
}
