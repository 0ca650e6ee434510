//! The fake tax provider answers the examples of docs/tax-provider.md as they stand there, and refuses everything else.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fakes::{serve, tax_provider};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const KEY: &[u8] = b"souk-tax-provider-local-only";
const CALCULATION: &str = "evt_01h455vb4pex5vsknk084sn02q";
const ORDER: &str = "ord_01h455vb4pex5vsknk084sn02q";
const REFUND: &str = "rfd_01h455vb4pex5vsknk084sn02q";

/// The examples of the page, in their order.
fn example(number: usize) -> Result<Value> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tax-provider.md");
    let page = std::fs::read_to_string(page)?;
    let block = page.split("```json\n").nth(number + 1).and_then(|rest| rest.split("```").next());
    Ok(serde_json::from_str(block.context("there is no such example")?)?)
}

struct Provider {
    base: String,
    http: Client,
}

impl Provider {
    async fn open() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base = format!("http://{}", listener.local_addr()?);
        tokio::spawn(serve::serve(listener, tax_provider::router()));
        Ok(Self { base, http: Client::builder().no_proxy().build()? })
    }

    /// A message that was signed with a key some seconds ago.
    fn message(&self, path: &str, id: &str, body: &Value, (key, age): (&[u8], i64)) -> Result<RequestBuilder> {
        let body = body.to_string();
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let time = now.saturating_add_signed(-age);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), format!("{id}.{time}.{body}").as_bytes());
        let request = self.http.post(format!("{}/tax{path}", self.base)).header("content-type", "application/json");
        let request = request.header("webhook-id", id).header("webhook-timestamp", time.to_string());
        Ok(request.header("webhook-signature", format!("v1,{}", STANDARD.encode(tag))).body(body))
    }

    /// The status and the body of the answer. A body that is not JSON is null.
    async fn post(&self, path: &str, id: &str, body: &Value) -> Result<(u16, Value)> {
        read(self.message(path, id, body, (KEY, 0))?.send().await?).await
    }

    async fn calculate(&self, body: &Value) -> Result<(u16, Value)> {
        self.post("/calculations", CALCULATION, body).await
    }

    async fn commit(&self, body: &Value) -> Result<(u16, Value)> {
        self.post("/transactions", ORDER, body).await
    }

    async fn refund(&self, id: &str, body: &Value) -> Result<(u16, Value)> {
        self.post(&format!("/transactions/{ORDER}/refunds"), id, body).await
    }

    async fn add_fault(&self, fault: Value) -> Result<()> {
        let added = self.http.post(format!("{}/_fake/tax/faults", self.base)).json(&fault).send().await?;
        assert_eq!(added.status(), 204, "{fault}");
        Ok(())
    }

    async fn records(&self) -> Result<Value> {
        let read = self.http.get(format!("{}/_fake/tax/records?order_id={ORDER}", self.base)).send().await?;
        Ok(read.json().await?)
    }
}

async fn read(answer: Response) -> Result<(u16, Value)> {
    let status = answer.status().as_u16();
    Ok((status, serde_json::from_slice(&answer.bytes().await?).unwrap_or_default()))
}

#[tokio::test]
async fn examples_of_the_page_are_answered_as_there() -> Result<()> {
    let provider = Provider::open().await?;
    assert_eq!(provider.calculate(&example(0)?).await?, (200, example(1)?));
    for _ in 0..2 {
        assert_eq!(provider.commit(&example(2)?).await?, (200, example(3)?));
        assert_eq!(provider.refund(REFUND, &example(4)?).await?, (200, example(5)?));
    }
    let refunds = json!({ REFUND: example(4)? });
    let expected = json!({ "orders": { ORDER: { "transaction": example(2)?, "refunds": refunds } } });
    assert_eq!(provider.records().await?, expected, "a repetition is recorded once");
    Ok(())
}

#[tokio::test]
async fn exempt_buyer_and_unknown_place_are_answered() -> Result<()> {
    let provider = Provider::open().await?;
    let mut message = example(0)?;
    message["exemption"] = json!("reseller");
    message["vatId"] = json!("DE136695976");
    assert_eq!(provider.calculate(&message).await?.1["exemption"], "reseller");
    message["destination"]["postalCode"] = json!("00000");
    let (status, answer) = provider.calculate(&message).await?;
    assert_eq!((status, &answer["code"]), (422, &json!("place_unknown")));
    Ok(())
}

#[tokio::test]
async fn signature_is_required() -> Result<()> {
    let provider = Provider::open().await?;
    let body = example(0)?;
    for (key, age, expected) in
        [(KEY, 290, 200), (KEY, -290, 200), (KEY, 310, 401), (KEY, -310, 401), (&b"another key"[..], 0, 401)]
    {
        let message = provider.message("/calculations", CALCULATION, &body, (key, age))?;
        assert_eq!(message.send().await?.status(), expected, "{age}");
    }
    let message = provider.message("/calculations", CALCULATION, &body, (KEY, 0))?;
    let changed = message.body(body.to_string().replace("10001", "10002"));
    assert_eq!(changed.send().await?.status(), 401);
    let unsigned = provider.http.post(format!("{}/tax/calculations", provider.base)).json(&body);
    assert_eq!(unsigned.send().await?.status(), 401);
    Ok(())
}

#[tokio::test]
async fn calculation_must_be_as_the_page_says() -> Result<()> {
    let provider = Provider::open().await?;
    assert_eq!(provider.post("/calculations", ORDER, &example(0)?).await?.0, 400);
    for (path, value) in [
        ("/at", json!("2026-11-21T12:00:00Z")),
        ("/destination/country", json!("usa")),
        ("/destination/region", json!("")),
        ("/destination", json!({ "country": "US", "line1": "350 5th Ave" })),
        ("/classes", json!([])),
        ("/classes", json!(["standard", "reduced"])),
        ("/classes", json!(["standard", "standard"])),
        ("/classes", json!(["Standard"])),
        ("", json!({ "at": "2026-11-21T12:00:00.000Z" })),
    ] {
        let mut message = example(0)?;
        *message.pointer_mut(path).context("the message has it")? = value;
        assert_eq!(provider.calculate(&message).await?.0, 400, "{message}");
    }
    let mut message = example(0)?;
    message["email"] = json!("ada@example.com");
    assert_eq!(provider.calculate(&message).await?.0, 400);
    Ok(())
}

#[tokio::test]
async fn transaction_must_be_as_the_page_says() -> Result<()> {
    let provider = Provider::open().await?;
    assert_eq!(provider.post("/transactions", CALCULATION, &example(2)?).await?.0, 400);
    for (path, value) in [
        ("/orderId", json!(CALCULATION)),
        ("/taxes", json!([])),
        ("/taxes/0/ppm", json!(1_000_001)),
        ("/taxes/0/amount/amount", json!(-1)),
        ("/taxes/0/amount/amount", json!(4.5)),
        ("/taxes/0/amount/currency", json!("CAD")),
        ("/taxes/1/base/currency", json!("CAD")),
        ("/taxes/0/jurisdiction", json!("")),
    ] {
        let mut message = example(2)?;
        *message.pointer_mut(path).context("the message has it")? = value;
        assert_eq!(provider.commit(&message).await?.0, 400, "{message}");
    }
    assert_eq!(provider.commit(&example(4)?).await?.0, 400, "it has a refundId");
    assert_eq!(provider.records().await?, json!({ "orders": {} }));
    Ok(())
}

#[tokio::test]
async fn order_is_recorded_once_and_no_more_is_refunded() -> Result<()> {
    let provider = Provider::open().await?;
    let code = |(status, answer): (u16, Value)| (status, answer["code"].as_str().unwrap_or_default().to_owned());
    assert_eq!(code(provider.refund(REFUND, &example(4)?).await?), (422, "order_unknown".to_owned()));
    assert_eq!(provider.commit(&example(2)?).await?.0, 200);
    let mut other = example(2)?;
    other["taxes"][0]["amount"]["amount"] = json!(401);
    assert_eq!(code(provider.commit(&other).await?), (422, "order_recorded".to_owned()));

    assert_eq!(provider.refund(REFUND, &example(4)?).await?.0, 200);
    let mut other = example(4)?;
    other["taxes"][0]["amount"]["amount"] = json!(1);
    assert_eq!(code(provider.refund(REFUND, &other).await?), (422, "refund_recorded".to_owned()));
    let second = "rfd_01h455vb4pex5vsknk084sn02r";
    other["refundId"] = json!(second);
    assert_eq!(provider.refund(second, &other).await?.0, 200, "200 + 1 of 400, and 244 + 244 of 488");
    let third = "rfd_01h455vb4pex5vsknk084sn02s";
    other["refundId"] = json!(third);
    assert_eq!(code(provider.refund(third, &other).await?), (422, "over_refunded".to_owned()));
    Ok(())
}

#[tokio::test]
async fn faults_hit_the_messages_that_they_name() -> Result<()> {
    let provider = Provider::open().await?;
    provider.add_fault(json!({ "kind": "server_error", "contains": "10001", "times": 2 })).await?;
    let elsewhere =
        json!({ "at": "2026-11-21T12:00:00.000Z", "destination": { "country": "CA" }, "classes": ["standard"] });
    assert_eq!(provider.calculate(&elsewhere).await?.0, 200);
    for expected in [500, 500, 200] {
        assert_eq!(provider.calculate(&example(0)?).await?.0, expected);
    }
    provider.add_fault(json!({ "kind": "not_json", "contains": "10001" })).await?;
    assert_eq!(provider.calculate(&example(0)?).await?, (200, Value::Null));
    provider.add_fault(json!({ "kind": "wrong_sum", "contains": "10001" })).await?;
    assert_eq!(provider.calculate(&example(0)?).await?.1["classes"][0]["ppm"], 40_001);
    provider.add_fault(json!({ "kind": "slow", "contains": "10001", "ms": 150 })).await?;
    let begun = Instant::now();
    assert_eq!(provider.calculate(&example(0)?).await?, (200, example(1)?));
    assert!(begun.elapsed() >= Duration::from_millis(150));
    Ok(())
}

#[tokio::test]
async fn fault_decides_whether_a_message_has_its_effect() -> Result<()> {
    let provider = Provider::open().await?;
    provider.add_fault(json!({ "kind": "unavailable", "contains": ORDER })).await?;
    assert!(provider.commit(&example(2)?).await.is_err());
    assert_eq!(provider.records().await?, json!({ "orders": {} }));
    provider.add_fault(json!({ "kind": "lost_answer", "contains": ORDER })).await?;
    assert!(provider.commit(&example(2)?).await.is_err());
    assert_eq!(provider.records().await?["orders"][ORDER]["transaction"], example(2)?);
    for (kind, expected) in [
        ("wrong_currency", json!({ "tax": { "amount": 888, "currency": "JPY" } })),
        ("wrong_sum", json!({ "tax": { "amount": 889, "currency": "USD" } })),
    ] {
        provider.add_fault(json!({ "kind": kind, "contains": ORDER })).await?;
        assert_eq!(provider.commit(&example(2)?).await?, (200, expected));
    }
    assert_eq!(provider.commit(&example(2)?).await?, (200, example(3)?));
    Ok(())
}
