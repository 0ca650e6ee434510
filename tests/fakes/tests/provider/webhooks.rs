//! Webhooks: every event is signed and delivered as the endpoint is configured.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::client::{INTENT, Provider};
use super::listener::{Listener, SECRET};

impl Provider {
    /// A provider that delivers events to this listener in this way.
    async fn open_with_listener(listener: &Listener, delivery: Value) -> Result<Self> {
        let provider = Self::open().await?;
        let endpoint =
            json!({ "url": listener.url, "secret": SECRET, "delivery": delivery, "retry": { "first_ms": 100 } });
        assert_eq!(provider.listen(&endpoint).await?, 200);
        Ok(provider)
    }

    async fn listen(&self, endpoint: &Value) -> Result<StatusCode> {
        Ok(self.http.put(format!("{}/_fake/webhooks", self.base)).json(endpoint).send().await?.status())
    }

    async fn webhooks(&self) -> Result<Value> {
        Ok(self.http.get(format!("{}/_fake/webhooks", self.base)).send().await?.json().await?)
    }

    async fn replay(&self, event_id: &str) -> Result<(u16, Value)> {
        let replay = self.http.post(format!("{}/_fake/webhooks/replay", self.base));
        let response = replay.json(&json!({ "event_id": event_id })).send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    /// Waits until no delivery is pending, and returns all events.
    async fn events_when_delivered(&self) -> Result<Vec<Value>> {
        for _ in 0..500 {
            let webhooks = self.webhooks().await?;
            if webhooks["pending"] == 0 {
                return Ok(webhooks["events"].as_array().cloned().unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("deliveries are still pending")
    }
}

/// The statuses of an event's deliveries.
fn answers(event: &Value) -> Vec<Value> {
    event["deliveries"].as_array().into_iter().flatten().map(|delivery| delivery["status"].clone()).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).collect()
}

#[tokio::test]
async fn events_contain_the_object_at_the_time_of_the_event() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({})).await?;
    let id = provider.paid("pm_card_visa").await?;
    let refund = [("payment_intent", id.as_str()), ("amount", "300"), ("metadata[refund_id]", "rfd_1")];
    let refund = provider.post("refunds", "back", &refund).await?.body["id"].clone();
    let events = provider.events_when_delivered().await?;
    let life = [
        "payment_intent.created",
        "payment_intent.amount_capturable_updated",
        "payment_intent.succeeded",
        "charge.refunded",
        "refund.created",
    ];
    assert_eq!(kinds(&events), life);
    assert!(events.iter().all(|event| answers(event) == [200] && event["order_id"] == "ord_1"), "{events:?}");
    assert!(events.iter().all(|event| event["intent_id"] == id.as_str() && event["mode"] == "prompt"), "{events:?}");
    let received = listener.received();
    assert_eq!(received.len(), 5, "{:?}", listener.kinds());
    let event = |kind: &str| {
        let received = received.iter().find(|received| received.event["type"] == kind);
        received.map(|received| received.event.clone()).unwrap_or_default()
    };
    let object = |kind: &str| event(kind)["data"]["object"].clone();
    let statuses = life[..3].iter().map(|kind| object(kind)["status"].clone()).collect::<Vec<_>>();
    assert_eq!(statuses, ["requires_confirmation", "requires_capture", "succeeded"]);
    assert_eq!(object("refund.created")["metadata"]["refund_id"], "rfd_1");
    assert_eq!(object("refund.created")["id"], refund);
    assert_eq!(object("charge.refunded")["amount_refunded"], 300);
    let created = event("payment_intent.created");
    assert_eq!(created["id"], events[0]["id"]);
    assert!(created["id"].as_str().is_some_and(|id| id.starts_with("evt_")));
    assert_eq!(
        (&created["object"], &created["api_version"], &created["livemode"], &created["created"]),
        (&json!("event"), &json!("2023-08-16"), &json!(false), &events[0]["created"])
    );
    let stored = provider.http.get(format!(
        "{}/_fake/webhooks/events/{}",
        provider.base,
        created["id"].as_str().unwrap_or_default()
    ));
    assert_eq!(stored.send().await?.json::<Value>().await?, created, "the stored body equals the delivered event");
    Ok(())
}

#[tokio::test]
async fn declines_authentications_and_cancellations_cause_events() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({ "mode": "never" })).await?;
    let declined = provider.intent("pm_card_chargeDeclined").await?;
    provider.confirm(&declined, "declined").await?;
    let confirmed = provider.intent("pm_card_authenticationRequired").await?;
    provider.confirm(&confirmed, "asked").await?;
    provider.http.get(format!("{}/_fake/intents/{confirmed}/authenticate", provider.base)).send().await?;
    provider.post(&format!("payment_intents/{confirmed}/cancel"), "cancel", &[]).await?;
    let refused = provider.intent("pm_card_authenticationRequired_hook_never").await?;
    provider.confirm(&refused, "refused").await?;
    provider.http.get(format!("{}/_fake/intents/{refused}/authenticate?outcome=fail", provider.base)).send().await?;
    let events = provider.events_when_delivered().await?;
    assert_eq!(
        kinds(&events),
        [
            "payment_intent.created",
            "payment_intent.payment_failed",
            "payment_intent.created",
            "payment_intent.requires_action",
            "payment_intent.amount_capturable_updated",
            "charge.refunded",
            "payment_intent.canceled",
            "payment_intent.created",
            "payment_intent.requires_action",
            "payment_intent.payment_failed",
        ]
    );
    assert!(events.iter().all(|event| answers(event).is_empty()), "the events are recorded and not delivered");
    assert_eq!(listener.kinds(), [""; 0]);
    Ok(())
}

#[tokio::test]
async fn calls_without_an_effect_cause_no_events() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({})).await?;
    let id = provider.paid("pm_test_fail_before_0").await?;
    provider.fault(json!({ "kind": "fail_before", "match": { "path_contains": "/refunds" } })).await?;
    provider.post("refunds", "k", &[("payment_intent", &id)]).await?.expect(500, "api_error");
    provider
        .post(&format!("payment_intents/{id}/cancel"), "late", &[])
        .await?
        .expect(400, "payment_intent_unexpected_state");
    provider.confirm(&id, &format!("confirm {id}")).await?.expect_status("requires_capture");
    assert_eq!(
        provider.events_when_delivered().await?.len(),
        3,
        "created, authorised, captured; a repeated response causes no event"
    );
    provider.fault(json!({ "kind": "drop_connection_after", "match": { "path_contains": "/refunds" } })).await?;
    assert!(provider.post("refunds", "k", &[("payment_intent", &id)]).await.is_err());
    assert_eq!(
        kinds(&provider.events_when_delivered().await?)[3..],
        ["charge.refunded", "refund.created"],
        "a lost response does not suppress the events"
    );
    Ok(())
}

#[tokio::test]
async fn failed_delivery_is_retried_with_longer_pauses() -> Result<()> {
    let listener = Listener::open(&[500, 0, 301]).await?;
    let provider = Provider::open_with_listener(&listener, json!({})).await?;
    provider.intent("pm_card_visa").await?;
    let events = provider.events_when_delivered().await?;
    assert_eq!(answers(&events[0]), [json!(500), Value::Null, json!(301), json!(200)]);
    let received = listener.received();
    let first = &received[0];
    assert!(received.iter().all(|received| received.event == first.event && first.event["id"] == events[0]["id"]));
    let pauses: Vec<Duration> = received.windows(2).map(|two| two[1].at - two[0].at).collect();
    for (pause, least) in pauses.iter().zip([100, 200, 400]) {
        assert!(pause.as_millis() >= least, "{pauses:?}");
    }
    Ok(())
}

#[tokio::test]
async fn each_attempt_has_a_new_signature_and_attempts_are_limited() -> Result<()> {
    let listener = Listener::open(&[503; 10]).await?;
    let provider = Provider::open().await?;
    let retry = json!({ "first_ms": 400, "tries": 3 });
    provider.listen(&json!({ "url": listener.url, "secret": SECRET, "retry": retry })).await?;
    provider.intent("pm_card_visa").await?;
    let events = provider.events_when_delivered().await?;
    assert_eq!(answers(&events[0]), [503, 503, 503]);
    let received = listener.received();
    assert!(
        received[2].signed_at > received[0].signed_at,
        "more than a second passed between the first and the last attempt"
    );
    assert_eq!((&received[2].event, received.len()), (&received[0].event, 3), "the event is the same");
    Ok(())
}

#[tokio::test]
async fn calls_do_not_wait_for_deliveries() -> Result<()> {
    let listener = Listener::slow(&[], Duration::from_secs(10)).await?;
    let provider = Provider::open().await?;
    let retry = json!({ "tries": 1, "timeout_ms": 2_000 });
    provider.listen(&json!({ "url": listener.url, "secret": SECRET, "retry": retry })).await?;
    let started = Instant::now();
    let id = provider.intent("pm_card_visa").await?;
    provider.confirm(&id, "confirm").await?.expect_status("requires_capture");
    assert!(started.elapsed() < Duration::from_millis(1_900), "a payment does not wait for its deliveries");
    let events = provider.events_when_delivered().await?;
    assert!(events.iter().all(|event| answers(event) == [Value::Null]), "{events:?}");
    Ok(())
}

#[tokio::test]
async fn event_arrives_before_a_delayed_response() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({})).await?;
    let id = provider.intent("pm_test_delay_500").await?;
    provider.confirm(&id, "confirm").await?.expect_status("requires_capture");
    let answered = Instant::now();
    provider.events_when_delivered().await?;
    let received = listener.received();
    let held = received.iter().find(|received| received.event["type"] == "payment_intent.amount_capturable_updated");
    assert!(held.is_some_and(|held| held.at < answered), "{received:?}");
    Ok(())
}

#[tokio::test]
async fn delivery_of_the_card_overrides_that_of_the_endpoint() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({ "mode": "late", "ms": 400 })).await?;
    let started = Instant::now();
    let late = provider.intent("pm_card_visa").await?;
    let twice = provider.intent("pm_test_ok_hook_twice_200ms").await?;
    let never = provider.intent("pm_test_ok_hook_never").await?;
    let prompt = provider.intent("pm_test_ok_hook_prompt_17").await?;
    let events = provider.events_when_delivered().await?;
    let count: Vec<(&Value, usize)> = events.iter().map(|event| (&event["mode"], answers(event).len())).collect();
    assert_eq!(count, [(&json!("late"), 1), (&json!("twice"), 2), (&json!("never"), 0), (&json!("prompt"), 1)]);
    let received = listener.received();
    let delays_of = |id: &str| {
        let deliveries = received.iter().filter(|received| received.event["data"]["object"]["id"] == id);
        deliveries.map(|received| (received.at - started).as_millis()).collect::<Vec<_>>()
    };
    assert!(matches!(delays_of(&late)[..], [at] if at >= 400), "{:?}", delays_of(&late));
    assert!(matches!(delays_of(&twice)[..], [first, second] if second >= first + 150), "{:?}", delays_of(&twice));
    assert!(delays_of(&prompt)[0] < delays_of(&late)[0] && delays_of(&twice)[0] < delays_of(&late)[0]);
    assert!(delays_of(&never).is_empty());
    Ok(())
}

#[tokio::test]
async fn next_card_changes_the_delivery() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({})).await?;
    let id = provider.intent("pm_test_ok_hook_never").await?;
    let other = [("payment_method", "pm_test_ok_hook_twice_1ms")];
    provider.post(&format!("payment_intents/{id}/confirm"), "confirm", &other).await?.expect_status("requires_capture");
    let events = provider.events_when_delivered().await?;
    assert_eq!(events.iter().map(|event| answers(event).len()).collect::<Vec<_>>(), [0, 2]);
    Ok(())
}

#[tokio::test]
async fn creation_with_confirmation_causes_two_events() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({})).await?;
    let mut form = INTENT.to_vec();
    form.extend([("payment_method", "pm_card_visa"), ("confirm", "true")]);
    provider.post("payment_intents", "at once", &form).await?.expect_status("requires_capture");
    provider.events_when_delivered().await?;
    let mut steps: Vec<(Value, Value)> = listener
        .received()
        .into_iter()
        .map(|received| (received.event["type"].clone(), received.event["data"]["object"]["status"].clone()))
        .collect();
    steps.sort_by_key(|(kind, _)| kind.to_string());
    assert_eq!(
        steps,
        [
            (json!("payment_intent.amount_capturable_updated"), json!("requires_capture")),
            (json!("payment_intent.created"), json!("requires_confirmation")),
        ]
    );
    Ok(())
}

#[tokio::test]
async fn shuffled_events_arrive_once_in_another_order() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({ "mode": "shuffled", "ms": 600, "seed": 3 })).await?;
    for card in ["pm_card_visa", "pm_card_amex", "pm_card_mastercard", "pm_card_visa_debit"] {
        provider.paid(card).await?;
    }
    let events = provider.events_when_delivered().await?;
    let mut event_ids: Vec<&Value> = events.iter().map(|event| &event["id"]).collect();
    let received = listener.received();
    let mut received_ids: Vec<&Value> = received.iter().map(|received| &received.event["id"]).collect();
    assert_ne!(received_ids, event_ids);
    received_ids.sort_by_key(|id| id.as_str());
    event_ids.sort_by_key(|id| id.as_str());
    assert_eq!(received_ids, event_ids, "each event arrives once");
    Ok(())
}

#[tokio::test]
async fn event_is_delivered_again_on_request() -> Result<()> {
    let listener = Listener::open(&[200, 409]).await?;
    let provider = Provider::open_with_listener(&listener, json!({})).await?;
    provider.intent("pm_card_visa").await?;
    let events = provider.events_when_delivered().await?;
    let id = events[0]["id"].as_str().unwrap_or_default();
    assert_eq!(
        provider.replay(id).await?,
        (200, json!({ "event_id": id, "status": 409 })),
        "a requested delivery is not retried"
    );
    assert_eq!(provider.replay(id).await?, (200, json!({ "event_id": id, "status": 200 })));
    assert_eq!(answers(&provider.events_when_delivered().await?[0]), [200, 409, 200]);
    assert_eq!(listener.received().len(), 3);
    assert_eq!(provider.replay("evt_unknown").await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn removed_endpoint_receives_no_events() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({ "mode": "late", "ms": 300 })).await?;
    provider.intent("pm_card_visa").await?;
    provider.http.delete(format!("{}/_fake/webhooks", provider.base)).send().await?;
    provider.intent("pm_card_amex").await?;
    let without_endpoint = provider.webhooks().await?;
    assert_eq!((&without_endpoint["endpoint"], &without_endpoint["pending"]), (&Value::Null, &json!(1)));
    let next = Listener::open(&[]).await?;
    provider.listen(&json!({ "url": next.url, "secret": SECRET })).await?;
    provider.intent("pm_card_mastercard").await?;
    let events = provider.events_when_delivered().await?;
    assert_eq!(events.iter().map(|event| answers(event).len()).collect::<Vec<_>>(), [0, 0, 1]);
    assert_eq!(
        events.iter().map(|event| &event["mode"]).collect::<Vec<_>>(),
        [&json!("late"), &Value::Null, &json!("prompt")]
    );
    assert_eq!(
        (listener.received().len(), next.received().len()),
        (0, 1),
        "the next endpoint does not receive events of the removed one"
    );
    provider.http.delete(format!("{}/_fake/webhooks", provider.base)).send().await?;
    assert_eq!(provider.replay(events[0]["id"].as_str().unwrap_or_default()).await?.0, 409);
    Ok(())
}

#[tokio::test]
async fn endpoint_may_change_while_events_are_delayed() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({ "mode": "late", "ms": 300 })).await?;
    provider.intent("pm_card_visa").await?;
    provider.listen(&json!({ "url": listener.url, "secret": SECRET })).await?;
    assert_eq!(listener.received().len(), 0);
    provider.events_when_delivered().await?;
    assert_eq!(listener.received().len(), 1, "the delayed event is delivered");
    Ok(())
}

#[tokio::test]
async fn events_are_filtered_by_order() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({ "mode": "never" })).await?;
    provider.paid("pm_card_visa").await?;
    let events = async |order: &str| -> Result<usize> {
        let url = format!("{}/_fake/webhooks?order_id={order}", provider.base);
        let webhooks: Value = provider.http.get(url).send().await?.json().await?;
        Ok(webhooks["events"].as_array().map_or(0, Vec::len))
    };
    assert_eq!((events("ord_1").await?, events("ord_2").await?), (3, 0));
    Ok(())
}

#[tokio::test]
async fn invalid_endpoint_is_refused() -> Result<()> {
    let provider = Provider::open().await?;
    let url = "http://127.0.0.1:9/hooks";
    for invalid in [
        json!({ "url": url }),
        json!({ "url": url, "secret": "" }),
        json!({ "url": "https://shop.example/hooks", "secret": "s" }),
        json!({ "url": url, "secret": "s", "delivery": { "mode": "sometimes" } }),
        json!({ "url": url, "secret": "s", "colour": "blue" }),
    ] {
        assert_eq!(provider.listen(&invalid).await?, 422, "{invalid}");
    }
    assert_eq!(provider.webhooks().await?["endpoint"], Value::Null);
    Ok(())
}
