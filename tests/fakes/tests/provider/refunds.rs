//! Refunds: each happens once, and is listed after a lost response.

use anyhow::Result;
use serde_json::{Value, json};

use super::client::{ApiResponse, Provider};

impl Provider {
    async fn refund(&self, intent: &str, key: &str, amount: &str) -> Result<ApiResponse> {
        let form = [("payment_intent", intent), ("amount", amount), ("metadata[refund_id]", key)];
        self.post("refunds", key, &form).await
    }

    async fn refunds(&self, query: &str) -> Result<ApiResponse> {
        self.get(&format!("refunds?{query}")).await
    }
}

/// The `refund_id`s of a list, in its order.
fn names(list: &ApiResponse) -> Vec<&str> {
    let data = list.body["data"].as_array().into_iter().flatten();
    data.filter_map(|refund| refund["metadata"]["refund_id"].as_str()).collect()
}

#[tokio::test]
async fn refunds_of_a_payment_are_listed_newest_first() -> Result<()> {
    let provider = Provider::open().await?;
    let (id, other) = (provider.paid("pm_card_visa").await?, provider.paid("pm_card_amex").await?);
    for (intent, name) in [(&id, "a"), (&id, "b"), (&other, "x"), (&id, "c")] {
        provider.refund(intent, name, "100").await?.expect_status("succeeded");
    }
    let all = provider.refunds(&format!("payment_intent={id}")).await?;
    assert_eq!(names(&all), ["c", "b", "a"]);
    let list = (&all.body["object"], &all.body["url"], &all.body["has_more"]);
    assert_eq!(list, (&json!("list"), &json!("/v1/refunds"), &json!(false)));
    let newest = &all.body["data"][0];
    let charge = provider.get(&format!("payment_intents/{id}")).await?.body["latest_charge"].clone();
    assert_eq!(newest["charge"], charge);
    assert_eq!(
        (&newest["object"], &newest["status"], &newest["amount"], &newest["currency"], &newest["payment_intent"]),
        (&json!("refund"), &json!("succeeded"), &json!(100), &json!("eur"), &json!(id))
    );
    let page = provider.refunds(&format!("payment_intent={id}&limit=2")).await?;
    assert_eq!((names(&page), &page.body["has_more"]), (vec!["c", "b"], &json!(true)));
    let last = page.body["data"][1]["id"].as_str().unwrap_or_default();
    let rest = provider.refunds(&format!("payment_intent={id}&limit=1&starting_after={last}")).await?;
    assert_eq!((names(&rest), &rest.body["has_more"]), (vec!["a"], &json!(false)));
    let none = provider.paid("pm_card_mastercard").await?;
    assert_eq!(provider.refunds(&format!("payment_intent={none}&limit=100")).await?.body["data"], json!([]));
    Ok(())
}

#[tokio::test]
async fn invalid_list_requests_are_refused() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.paid("pm_card_visa").await?;
    for limit in ["0", "101", "-1", "many", "1.5"] {
        let list = provider.refunds(&format!("payment_intent={id}&limit={limit}")).await?;
        list.expect(400, "parameter_invalid_integer");
    }
    provider.refunds(&format!("payment_intent={id}&limit=")).await?.expect(400, "parameter_invalid_empty");
    provider.refunds("limit=10").await?.expect(400, "parameter_missing");
    provider.refunds("payment_intent=pi_unknown").await?.expect(400, "resource_missing");
    provider.refunds(&format!("payment_intent={id}&order=asc")).await?.expect(400, "parameter_unknown");
    provider.refunds(&format!("payment_intent={id}&starting_after=re_x")).await?.expect(400, "resource_missing");
    Ok(())
}

#[tokio::test]
async fn key_repeats_its_refund() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.paid("pm_card_visa").await?;
    let (first, again) = (provider.refund(&id, "k", "100").await?, provider.refund(&id, "k", "100").await?);
    assert!(!first.replayed && again.replayed);
    assert_eq!(first.body, again.body);
    provider.refund(&id, "k", "101").await?.expect(400, "idempotency_error");
    assert_eq!(provider.tally("refunded_amount").await?, 100);
    Ok(())
}

#[tokio::test]
async fn token_may_fail_refunds_without_an_effect() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.paid("pm_test_refund_fails_2").await?;
    provider.refund(&id, "k", "100").await?.expect(500, "api_error");
    provider.refund(&id, "l", "100").await?.expect(500, "api_error");
    assert_eq!(names(&provider.refunds(&format!("payment_intent={id}")).await?), [""; 0]);
    provider.refund(&id, "k", "100").await?.expect_status("succeeded");
    assert_eq!((provider.tally("refunded").await?, provider.tally("refunded_amount").await?), (json!(1), json!(100)));
    Ok(())
}

#[tokio::test]
async fn token_may_lose_responses_to_refunds() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.paid("pm_test_refund_lost_1").await?;
    assert!(provider.refund(&id, "k", "100").await.is_err(), "the connection is closed without a response");
    assert_eq!(names(&provider.refunds(&format!("payment_intent={id}")).await?), ["k"], "the refund happened");
    let again = provider.refund(&id, "k", "100").await?;
    again.expect_status("succeeded");
    assert!(again.replayed);
    provider.refund(&id, "l", "100").await?.expect_status("succeeded");
    assert_eq!((provider.tally("refunded").await?, provider.tally("refunded_amount").await?), (json!(2), json!(200)));
    Ok(())
}

#[tokio::test]
async fn token_may_refuse_all_refunds() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.paid("pm_test_refund_refused").await?;
    provider.refund(&id, "k", "100").await?.expect(400, "charge_disputed");
    provider.refund(&id, "l", "100").await?.expect(400, "charge_disputed");
    assert!(provider.refund(&id, "k", "100").await?.replayed, "a refusal is stored, too");
    assert_eq!(provider.tally("refunded").await?, 0);
    Ok(())
}

#[tokio::test]
async fn fault_matches_refunds_by_order_and_by_card() -> Result<()> {
    let provider = Provider::open().await?;
    let id = provider.paid("pm_test_ok_7").await?;
    let matching = |mut which: Value| {
        which["path_contains"] = "/v1/refunds".into();
        json!({ "match": which, "kind": "fail_before" })
    };
    for which in [json!({ "order_id": "ord_1" }), json!({ "card": "pm_test_ok_7" })] {
        provider.fault(matching(which)).await?;
        provider.refund(&id, "k", "100").await?.expect(500, "api_error");
    }
    provider.fault(matching(json!({ "order_id": "ord_1", "method": "GET" }))).await?;
    provider.fault(matching(json!({ "order_id": "ord_2" }))).await?;
    provider.fault(matching(json!({ "card": "pm_test_ok_8" }))).await?;
    let refund = provider.refund(&id, "k", "100").await?;
    refund.expect_status("succeeded");
    provider.refunds(&format!("payment_intent={id}")).await?.expect(500, "api_error");
    provider.fault(matching(json!({ "card": "pm_test_ok_7", "method": "GET" }))).await?;
    provider
        .get(&format!("refunds/{}", refund.body["id"].as_str().unwrap_or_default()))
        .await?
        .expect(500, "api_error");
    assert_eq!(provider.tally("refunded").await?, 1);
    Ok(())
}
