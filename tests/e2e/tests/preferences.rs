//! What somebody wants to be told, and that they are told no more than that.

use e2e::{Checkout, Draft, Shop};
use reqwest::Method;
use serde_json::{Value, json};

const PREFERENCES: &str = "/api/v1/users/preferences";

#[tokio::test]
async fn what_nobody_chose_goes_out_by_mail() {
    let shop = Shop::open().await;
    let ada = shop.new_customer().await;
    let told = ada.api.get(PREFERENCES).await.expect(200).json();
    assert_eq!(told["language"], "en", "{told}");
    let channels = told["channels"].as_object().cloned().unwrap_or_default();
    assert!(channels.contains_key("order.confirmed") && channels.contains_key("payment.refunded"), "{told}");
    assert!(channels.values().all(|by| *by == json!(["email"])), "{told}");
    let document = shop.anonymous().get("/api/v1/openapi.json").await.expect(200).json();
    let known = &document["components"]["schemas"]["Preferences"]["properties"]["channels"]["propertyNames"]["enum"];
    assert_eq!(*known, json!(channels.keys().collect::<Vec<_>>()), "what can be chosen is what is documented");
}

#[tokio::test]
async fn choices_are_kept_and_insist_on_their_version_if_asked_to() {
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
    assert_eq!(read["channels"]["order.delivered"], json!(["email"]), "all choices are written over: {read}");
}

#[tokio::test]
async fn what_cannot_be_chosen_is_refused_by_its_field() {
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
async fn whoever_wants_no_mail_of_something_gets_none_and_hears_of_the_rest() {
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
