//! Intents: authorisations, captures and cancellations; responses that are repeated, refused or lost.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use super::client::{INTENT, Provider};

const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn payment_is_authorised_captured_and_refunded_once() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.intent("pm_card_visa").await?;
    provider.confirm(&id, "confirm").await?.expect_status("requires_capture");
    provider
        .post(&format!("payment_intents/{id}/capture"), "too much", &[("amount_to_capture", "1001")])
        .await?
        .expect(400, "amount_too_large");
    provider
        .post(&format!("payment_intents/{id}/capture"), "capture", &[("amount_to_capture", "900")])
        .await?
        .expect_status("succeeded");
    provider
        .post(&format!("payment_intents/{id}/capture"), "again", &[])
        .await?
        .expect(400, "payment_intent_unexpected_state");
    provider
        .post(&format!("payment_intents/{id}/cancel"), "late", &[])
        .await?
        .expect(400, "payment_intent_unexpected_state");
    provider
        .post("refunds", "too much back", &[("payment_intent", &id), ("amount", "901")])
        .await?
        .expect(400, "amount_too_large");
    let refund = provider.post("refunds", "back", &[("payment_intent", &id), ("amount", "400")]).await?;
    refund.expect_status("succeeded");
    let path = format!("refunds/{}", refund.body["id"].as_str().unwrap_or_default());
    assert_eq!(provider.get(&path).await?.body["amount"], 400);
    provider
        .post("refunds", "more back", &[("payment_intent", &id), ("amount", "501")])
        .await?
        .expect(400, "amount_too_large");
    provider.post("refunds", "the rest", &[("payment_intent", &id)]).await?.expect_status("succeeded");
    provider.post("refunds", "nothing left", &[("payment_intent", &id)]).await?.expect(400, "charge_already_refunded");
    assert_eq!(provider.tally("authorised").await?, 1);
    assert_eq!(provider.tally("captured_amount").await?, 900);
    assert_eq!(provider.tally("refunded_amount").await?, 900);
    Ok(())
}

#[tokio::test]
async fn key_repeats_its_response_and_belongs_to_one_request() -> Result<()> {
    let provider = Provider::open().await?;
    let first = provider.post("payment_intents", "k", &INTENT).await?;
    let again = provider.post("payment_intents", "k", &INTENT).await?;
    assert!(!first.replayed && again.replayed);
    assert_eq!(first.body, again.body);
    assert_eq!(provider.tally("intents").await?, 1);
    let mut other = INTENT;
    other[0].1 = "1001";
    provider.post("payment_intents", "k", &other).await?.expect(400, "idempotency_error");
    provider.post("refunds", "k", &INTENT).await?.expect(400, "idempotency_error");
    // A response to an invalid request is not stored.
    provider.post("payment_intents", "l", &[("amount", "1")]).await?.expect(400, "parameter_missing");
    assert_eq!(provider.post("payment_intents", "l", &INTENT).await?.status, 200);
    // Providers delete stored responses after some time.
    provider.http.delete(format!("{}/_fake/idempotency-keys?order_id=ord_1", provider.base)).send().await?;
    assert!(!provider.post("payment_intents", "k", &INTENT).await?.replayed);
    Ok(())
}

#[tokio::test]
async fn concurrent_requests_with_one_key_conflict() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.intent("pm_test_delay_400").await?;
    let started = Instant::now();
    let (slow, (truth, second)) = tokio::join!(provider.confirm(&id, "confirm"), async {
        while provider.tally("authorised").await.is_ok_and(|count| count != 1) && started.elapsed() < SOON {}
        (provider.get(&format!("payment_intents/{id}")).await, provider.confirm(&id, "confirm").await)
    });
    truth?.expect_status("requires_capture");
    second?.expect(409, "idempotency_key_in_use");
    slow?.expect_status("requires_capture");
    assert!(started.elapsed() >= Duration::from_millis(400), "the response was delayed");
    assert!(provider.confirm(&id, "confirm").await?.replayed);
    Ok(())
}

#[tokio::test]
async fn declined_card_is_answered_with_402_and_the_reason() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.intent("pm_card_chargeCustomerFail").await?;
    let declined = provider.confirm(&id, "confirm").await?;
    declined.expect(402, "card_declined");
    let error = &declined.body["error"];
    assert_eq!(error["type"], "card_error");
    assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
    assert_eq!(error["payment_intent"]["last_payment_error"]["decline_code"], "generic_decline");
    assert!(provider.confirm(&id, "confirm").await?.replayed, "a declined confirmation is stored, too");
    let path = format!("payment_intents/{id}/confirm");
    provider.post(&path, "other card", &[("payment_method", "pm_card_visa")]).await?.expect_status("requires_capture");
    assert_eq!((provider.tally("declined").await?, provider.tally("authorised").await?), (json!(1), json!(1)));
    Ok(())
}

#[tokio::test]
async fn customer_authenticates_at_the_bank() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.intent("pm_card_authenticationRequired").await?;
    let path = format!("payment_intents/{id}/confirm");
    provider.post(&path, "nowhere", &[("return_url", "back")]).await?.expect(400, "url_invalid");
    let confirmed = provider.post(&path, "confirm", &[("return_url", "https://shop.example/paid")]).await?;
    confirmed.expect_status("requires_action");
    let action = &confirmed.body["next_action"];
    assert_eq!(action["type"], "redirect_to_url");
    assert_eq!(action["redirect_to_url"]["return_url"], "https://shop.example/paid");
    let url = action["redirect_to_url"]["url"].as_str().unwrap_or_default();
    assert_eq!(provider.http.get(url).send().await?.status(), 200);
    provider.get(&format!("payment_intents/{id}")).await?.expect_status("requires_capture");
    assert_eq!(provider.http.get(url).send().await?.status(), 409, "the customer authenticates once");
    Ok(())
}

#[tokio::test]
async fn without_a_return_url_stripes_script_authenticates() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.intent("pm_card_authenticationRequired").await?;
    let confirmed = provider.confirm(&id, "confirm").await?;
    confirmed.expect_status("requires_action");
    assert_eq!(confirmed.body["next_action"]["type"], "use_stripe_sdk");
    assert!(confirmed.body["next_action"].get("redirect_to_url").is_none(), "{}", confirmed.body);
    let refused = provider.http.post(format!("{}/_fake/intents/{id}/authenticate?outcome=fail", provider.base));
    assert_eq!(refused.send().await?.json::<Value>().await?["status"], "requires_payment_method");
    Ok(())
}

#[tokio::test]
async fn return_url_requires_a_confirmation() -> Result<()> {
    let provider = Provider::open().await?;
    let mut form = INTENT.to_vec();
    form.push(("payment_method", "pm_card_authenticationRequired"));
    form.push(("return_url", "souk://paid"));
    provider.post("payment_intents", "early", &form).await?.expect(400, "payment_intent_invalid_parameter");
    form.push(("confirm", "true"));
    let confirmed = provider.post("payment_intents", "at once", &form).await?;
    confirmed.expect_status("requires_action");
    assert_eq!(confirmed.body["next_action"]["redirect_to_url"]["return_url"], "souk://paid");
    Ok(())
}

#[tokio::test]
async fn ledger_has_the_authorised_amount() -> Result<()> {
    for (card, amount, currency) in [("pm_test_amount_plus_1", 1001, "eur"), ("pm_test_currency_usd", 1000, "usd")] {
        let provider = Provider::open().await?;
        let id = provider.intent(card).await?;
        let path = format!("payment_intents/{id}");
        assert_eq!(provider.get(&path).await?.body["amount"], 1000, "the intent is not confirmed yet");
        let confirmed = provider.confirm(&id, "confirm").await?;
        confirmed.expect_status("requires_capture");
        for response in [confirmed, provider.get(&path).await?] {
            assert_eq!((&response.body["amount"], &response.body["currency"]), (&json!(amount), &json!(currency)));
            assert_eq!(response.body["amount_capturable"], amount);
        }
        provider.post(&format!("{path}/cancel"), "cancel", &[]).await?.expect_status("canceled");
        let intent = provider.ledger("").await?["intents"][0].clone();
        assert_eq!((&intent["amount"], &intent["currency"]), (&json!(amount), &json!(currency)));
        assert_eq!(intent["asked"], json!({ "amount": 1000, "currency": "eur" }));
        let sums = ["authorised", "voided", "held", "captured"].map(|what| &intent["tally"][format!("{what}_amount")]);
        assert_eq!(sums, [&json!(amount), &json!(amount), &json!(0), &json!(0)]);
    }
    Ok(())
}

#[tokio::test]
async fn invalid_states_parameters_and_keys_are_refused() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.intent("pm_card_visa").await?;
    let path = |verb: &str| format!("payment_intents/{id}/{verb}");
    provider.post(&path("capture"), "a", &[]).await?.expect(400, "payment_intent_unexpected_state");
    provider.post("refunds", "b", &[("payment_intent", &id)]).await?.expect(400, "payment_intent_unexpected_state");
    provider.post(&path("confirm"), "c", &[("colour", "blue")]).await?.expect(400, "parameter_unknown");
    provider
        .post(&path("confirm"), "d", &[("payment_method", "4242424242424242")])
        .await?
        .expect(400, "resource_missing");
    provider.post(&path("cancel"), "e", &[("cancellation_reason", "boredom")]).await?.expect(400, "parameter_invalid");
    provider.post(&path("cancel"), "f", &[]).await?.expect_status("canceled");
    provider.post(&path("confirm"), "g", &[]).await?.expect(400, "payment_intent_unexpected_state");
    provider.get("payment_intents/pi_unknown").await?.expect(404, "resource_missing");
    provider.get("customers").await?.expect(404, "invalid_request_error");
    provider
        .post("payment_intents", "h", &[("amount", "10"), ("currency", "EUR")])
        .await?
        .expect(400, "parameter_invalid");
    let json = provider.http.post(format!("{}/v1/payment_intents", provider.base)).json(&json!({ "amount": 1 }));
    provider.send(json).await?.expect(400, "parameter_invalid");
    let intents = format!("{}/v1/payment_intents", provider.base);
    assert_eq!(provider.http.post(&intents).form(&INTENT).send().await?.status(), 401);
    assert_eq!(provider.http.post(&intents).form(&INTENT).bearer_auth("pk_test_1").send().await?.status(), 401);
    assert_eq!(
        provider.http.post(&intents).form(&INTENT).basic_auth("sk_test_1", Some("")).send().await?.status(),
        200
    );
    Ok(())
}

#[tokio::test]
async fn fault_before_has_no_effect_and_fault_after_has_one() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.intent("pm_card_visa").await?;
    let confirm = json!({ "method": "POST", "path_contains": "/confirm", "order_id": "ord_1" });
    provider.fault(json!({ "match": confirm, "kind": "fail_before", "times": 1 })).await?;
    provider.fault(json!({ "match": confirm, "kind": "drop_connection_after", "times": 1 })).await?;
    provider.confirm(&id, "confirm").await?.expect(500, "api_error");
    assert_eq!(provider.tally("authorised").await?, 0);
    assert!(provider.confirm(&id, "confirm").await.is_err(), "the connection is closed without a response");
    assert_eq!(provider.tally("authorised").await?, 1);
    let answered = provider.confirm(&id, "confirm").await?;
    answered.expect_status("requires_capture");
    assert!(answered.replayed, "the response was lost on the way and is stored at the provider");

    provider.fault(json!({ "match": { "path_contains": "/capture" }, "kind": "fail_after", "times": 1 })).await?;
    let path = format!("payment_intents/{id}/capture");
    provider.post(&path, "capture", &[]).await?.expect(500, "api_error");
    provider.post(&path, "capture", &[]).await?.expect(500, "api_error");
    provider.get(&format!("payment_intents/{id}")).await?.expect_status("succeeded");
    assert_eq!(provider.tally("captured").await?, 1);
    Ok(())
}

#[tokio::test]
async fn tokens_bring_their_own_faults() -> Result<()> {
    let provider = Provider::open().await?;
    let before = provider.intent("pm_test_fail_before_once").await?;
    provider.confirm(&before, "b").await?.expect(500, "api_error");
    assert_eq!(provider.tally("authorised").await?, 0);
    provider.confirm(&before, "b").await?.expect_status("requires_capture");

    let after = provider.intent("pm_test_fail_after_once").await?;
    provider.confirm(&after, "a").await?.expect(500, "api_error");
    assert_eq!(provider.tally("authorised").await?, 2);
    provider.confirm(&after, "a").await?.expect(500, "api_error");
    provider.confirm(&after, "a2").await?.expect(400, "payment_intent_unexpected_state");
    provider.get(&format!("payment_intents/{after}")).await?.expect_status("requires_capture");
    Ok(())
}

#[tokio::test]
async fn timeout_delays_and_then_loses_the_response() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.intent("pm_test_ok_7").await?;
    provider.fault(json!({ "match": { "card": "pm_test_ok_7", "path_contains": "/confirm" }, "kind": "timeout_after", "ms": 200 })).await?;
    let started = Instant::now();
    assert!(provider.confirm(&id, "confirm").await.is_err());
    assert!(started.elapsed() >= Duration::from_millis(200));
    assert_eq!(provider.tally("authorised").await?, 1);
    assert!(provider.confirm(&id, "confirm").await?.replayed);
    Ok(())
}

#[tokio::test]
async fn ledger_lists_every_request_with_its_key() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.intent("pm_card_visa").await?;
    provider.confirm(&id, "the key").await?;
    let ledger = provider.ledger("").await?;
    let confirm = &ledger["requests"][1];
    assert_eq!(confirm["idempotency_key"], "the key");
    assert_eq!(confirm["path"], format!("/v1/payment_intents/{id}/confirm"));
    assert_eq!(
        (&confirm["order_id"], &confirm["intent_id"], &confirm["status"]),
        (&json!("ord_1"), &json!(id), &json!(200))
    );
    let what: Vec<&Value> =
        ledger["intents"][0]["history"].as_array().into_iter().flatten().map(|line| &line["what"]).collect();
    assert_eq!(what, ["created", "confirmed", "authorised"]);
    assert_eq!(provider.ledger("?order_id=ord_1").await?, ledger);
    assert_eq!(provider.ledger("?parts=orders").await?, json!({ "orders": ledger["orders"] }));
    let nothing = json!({ "orders": {}, "intents": [], "refunds": [], "requests": [] });
    assert_eq!(provider.ledger("?order_id=ord_2").await?, nothing);
    let unknown = provider.http.get(format!("{}/_fake/books?parts=poems", provider.base)).send().await?;
    assert_eq!(unknown.status(), 422);
    Ok(())
}

#[tokio::test]
async fn unavailable_provider_recovers() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.intent("pm_card_visa").await?;
    provider.fault(json!({ "kind": "unavailable", "for_ms": 600, "match": { "order_id": "ord_1" } })).await?;
    let started = Instant::now();
    assert!(provider.confirm(&id, "confirm").await.is_err());
    assert!(provider.get(&format!("payment_intents/{id}")).await.is_err(), "all endpoints are unavailable");
    assert_eq!(provider.tally("confirmed").await?, 0);
    tokio::time::sleep(Duration::from_millis(610).saturating_sub(started.elapsed())).await;
    let confirmed = provider.confirm(&id, "confirm").await?;
    confirmed.expect_status("requires_capture");
    assert!(!confirmed.replayed, "the key had no stored response");
    Ok(())
}
