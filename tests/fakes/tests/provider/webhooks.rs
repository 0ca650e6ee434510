//! Webhooks: what happened is told, signed, as often and as badly as it is ordered.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::client::{INTENT, Provider};
use super::listener::{Listener, SECRET};

impl Provider {
    /// A provider with a listener, which is delivered to in this way.
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

    /// Waits until nothing is on its way any more; the events then.
    async fn events_when_delivered(&self) -> Result<Vec<Value>> {
        for _ in 0..500 {
            let webhooks = self.webhooks().await?;
            if webhooks["pending"] == 0 {
                return Ok(webhooks["events"].as_array().cloned().unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("deliveries are still on their way")
    }
}

/// The statuses that an event was answered with.
fn answers(event: &Value) -> Vec<Value> {
    event["deliveries"].as_array().into_iter().flatten().map(|delivery| delivery["status"].clone()).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).collect()
}

#[tokio::test]
async fn a_payments_life_is_told_as_it_was_at_each_moment() -> Result<()> {
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
    assert_eq!(stored.send().await?.json::<Value>().await?, created, "anyone may send it again");
    Ok(())
}

#[tokio::test]
async fn declines_questions_and_cancellations_are_told_too() -> Result<()> {
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
    assert!(events.iter().all(|event| answers(event).is_empty()), "written down only");
    assert_eq!(listener.kinds(), [""; 0]);
    Ok(())
}

#[tokio::test]
async fn what_was_asked_in_vain_is_not_told() -> Result<()> {
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
    assert_eq!(provider.events_when_delivered().await?.len(), 3, "created, held, taken: a replayed answer is no news");
    provider.fault(json!({ "kind": "drop_connection_after", "match": { "path_contains": "/refunds" } })).await?;
    assert!(provider.post("refunds", "k", &[("payment_intent", &id)]).await.is_err());
    assert_eq!(
        kinds(&provider.events_when_delivered().await?)[3..],
        ["charge.refunded", "refund.created"],
        "nobody else tells it"
    );
    Ok(())
}

#[tokio::test]
async fn an_endpoint_that_fails_is_tried_again_with_growing_pauses() -> Result<()> {
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
async fn each_try_is_signed_anew_and_the_tries_come_to_an_end() -> Result<()> {
    let listener = Listener::open(&[503; 10]).await?;
    let provider = Provider::open().await?;
    let retry = json!({ "first_ms": 400, "tries": 3 });
    provider.listen(&json!({ "url": listener.url, "secret": SECRET, "retry": retry })).await?;
    provider.intent("pm_card_visa").await?;
    let events = provider.events_when_delivered().await?;
    assert_eq!(answers(&events[0]), [503, 503, 503]);
    let received = listener.received();
    assert!(received[2].signed_at > received[0].signed_at, "over a second lies between them");
    assert_eq!((&received[2].event, received.len()), (&received[0].event, 3), "nothing else differs");
    Ok(())
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() -> Result<()> {
    let listener = Listener::slow(&[], Duration::from_secs(10)).await?;
    let provider = Provider::open().await?;
    let retry = json!({ "tries": 1, "timeout_ms": 2_000 });
    provider.listen(&json!({ "url": listener.url, "secret": SECRET, "retry": retry })).await?;
    let begun = Instant::now();
    let id = provider.intent("pm_card_visa").await?;
    provider.confirm(&id, "confirm").await?.expect_status("requires_capture");
    assert!(begun.elapsed() < Duration::from_millis(1_900), "payments do not wait for their listeners");
    let events = provider.events_when_delivered().await?;
    assert!(events.iter().all(|event| answers(event) == [Value::Null]), "{events:?}");
    Ok(())
}

#[tokio::test]
async fn an_event_is_there_before_a_slow_answer() -> Result<()> {
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
async fn events_come_late_or_twice_and_a_cards_word_goes_first() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({ "mode": "late", "ms": 400 })).await?;
    let begun = Instant::now();
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
        deliveries.map(|received| (received.at - begun).as_millis()).collect::<Vec<_>>()
    };
    assert!(matches!(delays_of(&late)[..], [at] if at >= 400), "{:?}", delays_of(&late));
    assert!(matches!(delays_of(&twice)[..], [first, second] if second >= first + 150), "{:?}", delays_of(&twice));
    assert!(delays_of(&prompt)[0] < delays_of(&late)[0] && delays_of(&twice)[0] < delays_of(&late)[0]);
    assert!(delays_of(&never).is_empty());
    Ok(())
}

#[tokio::test]
async fn another_card_brings_its_own_way_of_delivery() -> Result<()> {
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
async fn what_is_made_and_confirmed_at_once_is_told_in_two_steps() -> Result<()> {
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
async fn shuffled_events_all_come_in_another_order() -> Result<()> {
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
    assert_eq!(received_ids, event_ids, "each once");
    Ok(())
}

#[tokio::test]
async fn an_event_is_sent_again_on_request() -> Result<()> {
    let listener = Listener::open(&[200, 409]).await?;
    let provider = Provider::open_with_listener(&listener, json!({})).await?;
    provider.intent("pm_card_visa").await?;
    let events = provider.events_when_delivered().await?;
    let id = events[0]["id"].as_str().unwrap_or_default();
    assert_eq!(provider.replay(id).await?, (200, json!({ "event_id": id, "status": 409 })), "and once only");
    assert_eq!(provider.replay(id).await?, (200, json!({ "event_id": id, "status": 200 })));
    assert_eq!(answers(&provider.events_when_delivered().await?[0]), [200, 409, 200]);
    assert_eq!(listener.received().len(), 3);
    assert_eq!(provider.replay("evt_unknown").await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn nobody_is_told_once_it_is_turned_off() -> Result<()> {
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
    assert_eq!((listener.received().len(), next.received().len()), (0, 1), "what was due to one is not for the next");
    provider.http.delete(format!("{}/_fake/webhooks", provider.base)).send().await?;
    assert_eq!(provider.replay(events[0]["id"].as_str().unwrap_or_default()).await?.0, 409);
    Ok(())
}

#[tokio::test]
async fn the_way_of_delivery_may_change_while_events_wait() -> Result<()> {
    let listener = Listener::open(&[]).await?;
    let provider = Provider::open_with_listener(&listener, json!({ "mode": "late", "ms": 300 })).await?;
    provider.intent("pm_card_visa").await?;
    provider.listen(&json!({ "url": listener.url, "secret": SECRET })).await?;
    assert_eq!(listener.received().len(), 0);
    provider.events_when_delivered().await?;
    assert_eq!(listener.received().len(), 1, "it comes late, but it comes");
    Ok(())
}

#[tokio::test]
async fn an_order_reads_its_own_events() -> Result<()> {
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
async fn an_endpoint_that_makes_no_sense_is_refused() -> Result<()> {
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
