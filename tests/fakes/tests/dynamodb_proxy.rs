//! The DynamoDB proxy in front of a fake DynamoDB that records its requests.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use fakes::{dynamodb_proxy, serve};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Clone, Default)]
struct ReceivedRequests(Arc<Mutex<Vec<(Uri, HeaderMap, Value)>>>);

struct TestProxy {
    base: String,
    http: Client,
    received: ReceivedRequests,
}

async fn listen(router: Router) -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let base = format!("http://{}", listener.local_addr()?);
    tokio::spawn(serve::serve(listener, router));
    Ok(base)
}

/// Responds as DynamoDB does if capacity is requested, and otherwise with an empty object.
async fn fake_dynamodb(
    State(received): State<ReceivedRequests>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = match (&body["ReturnConsumedCapacity"], &body["TransactItems"]) {
        (Value::Null, _) => json!({}),
        (_, Value::Null) => json!({ "ConsumedCapacity": { "TableName": "souk-orders", "CapacityUnits": 0.5 } }),
        _ => {
            json!({ "ConsumedCapacity": [{ "TableName": "souk-orders", "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0 }] })
        }
    };
    if let Ok(mut received) = received.0.lock() {
        received.push((uri, headers, body));
    }
    ([("x-amzn-requestid", "R1"), ("content-type", "application/x-amz-json-1.0")], answer.to_string()).into_response()
}

impl TestProxy {
    async fn open() -> Result<Self> {
        let received = ReceivedRequests::default();
        let upstream = listen(Router::new().fallback(fake_dynamodb).with_state(received.clone())).await?;
        let base = listen(dynamodb_proxy::router(&upstream)?).await?;
        Ok(Self { base, http: Client::new(), received })
    }

    async fn call(&self, operation: &str, body: Value) -> Result<reqwest::Response, reqwest::Error> {
        let request = self.http.post(&self.base).header("X-Amz-Target", format!("DynamoDB_20120810.{operation}"));
        let request = request
            .header("x-amz-user-agent", "aws-sdk-rust/1.3 api/dynamodb app/orders")
            .header("content-type", "application/json");
        request.body(body.to_string()).send().await
    }

    async fn control(&self, path: &str, body: Value) -> Result<StatusCode> {
        Ok(self.http.post(format!("{}/_fake/{path}", self.base)).json(&body).send().await?.status())
    }

    async fn meter(&self) -> Result<Value> {
        Ok(self.http.get(format!("{}/_fake/meter", self.base)).send().await?.json().await?)
    }

    fn received(&self) -> Vec<(Uri, HeaderMap, Value)> {
        self.received.0.lock().map(|received| received.clone()).unwrap_or_default()
    }
}

fn transaction(actions: usize) -> Value {
    json!({ "TransactItems": vec![json!({ "Put": { "TableName": "souk-orders", "Item": {} } }); actions] })
}

#[tokio::test]
async fn request_is_forwarded_unchanged() -> Result<()> {
    let proxy = TestProxy::open().await?;
    let body = json!({ "TableName": "souk-orders", "Key": { "pk": { "S": "ORDER#1" } } });
    let answer = proxy.call("GetItem", body.clone()).await?;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().get("x-amzn-requestid").context("the response's headers are forwarded")?, "R1");
    assert_eq!(answer.text().await?, "{}");
    let received = proxy.received();
    let (uri, headers, received_body) = received.first().context("the request was forwarded")?;
    assert_eq!((uri.path(), received_body), ("/", &body), "nothing is added while metering is off");
    assert_eq!(
        headers.get("x-amz-target").context("the request's headers are forwarded")?,
        "DynamoDB_20120810.GetItem"
    );
    Ok(())
}

#[tokio::test]
async fn consumed_capacity_is_requested_and_summed() -> Result<()> {
    let proxy = TestProxy::open().await?;
    assert_eq!(proxy.control("meter", json!({ "on": true })).await?, 204);
    proxy.call("TransactWriteItems", transaction(2)).await?;
    proxy.call("TransactWriteItems", transaction(2)).await?;
    proxy.call("Query", json!({ "TableName": "souk-orders" })).await?;
    proxy.call("DescribeTable", json!({ "TableName": "souk-orders" })).await?;
    let received: Vec<Value> =
        proxy.received().into_iter().map(|(_, _, body)| body["ReturnConsumedCapacity"].clone()).collect();
    assert_eq!(received, [json!("INDEXES"), json!("INDEXES"), json!("TOTAL"), Value::Null]);
    let meter = proxy.meter().await?;
    let transactions = json!({ "caller": "orders", "operation": "TransactWriteItems", "table": "souk-orders", "read_units": 0.0, "write_units": 8.0 });
    let queries = json!({ "caller": "orders", "operation": "Query", "table": "souk-orders", "read_units": 0.5, "write_units": 0.0 });
    assert_eq!(meter["capacity"], json!([queries, transactions]));
    assert_eq!(meter["calls"].as_array().map(Vec::len), Some(3));
    proxy.http.delete(format!("{}/_fake/meter", proxy.base)).send().await?;
    assert_eq!(proxy.meter().await?["calls"], json!([]));
    Ok(())
}

#[tokio::test]
async fn every_third_transaction_conflicts() -> Result<()> {
    let proxy = TestProxy::open().await?;
    let fault = json!({ "operation": "TransactWriteItems", "every": 3, "kind": "transaction_conflict", "table_contains": "orders" });
    assert_eq!(proxy.control("faults", fault).await?, 201);
    let mut statuses = Vec::new();
    for _ in 0..6 {
        proxy.call("PutItem", json!({ "TableName": "souk-orders" })).await?;
        let answer = proxy.call("TransactWriteItems", transaction(3)).await?;
        statuses.push(answer.status().as_u16());
        if answer.status() == 400 {
            assert_eq!(answer.headers().get("content-type").context("a content type")?, "application/x-amz-json-1.0");
            let body: Value = answer.json().await?;
            assert_eq!(
                body,
                json!({
                    "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                    "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict, None, None]",
                    "CancellationReasons": [
                        { "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" },
                        { "Code": "None" },
                        { "Code": "None" },
                    ],
                })
            );
        }
    }
    assert_eq!(statuses, [200, 200, 400, 200, 200, 400]);
    let forwarded = proxy.received().iter().filter(|(_, _, body)| body["TransactItems"].is_array()).count();
    assert_eq!(forwarded, 4, "a conflicting transaction is not forwarded");
    let calls = proxy.meter().await?["calls"].clone();
    let transactions = calls
        .as_array()
        .into_iter()
        .flatten()
        .find(|calls| calls["operation"] == "TransactWriteItems")
        .context("the transactions are counted")?;
    assert_eq!((&transactions["requests"], &transactions["injected"]), (&json!(6), &json!(2)));
    Ok(())
}

#[tokio::test]
async fn other_faults_have_dynamodbs_formats_and_end() -> Result<()> {
    let proxy = TestProxy::open().await?;
    for kind in ["throttle", "internal_error", "timeout_after_commit", "transaction_conflict"] {
        let fault = json!({ "operation": "PutItem", "kind": kind, "times": 1, "table_contains": "orders" });
        assert_eq!(proxy.control("faults", fault).await?, 201);
        let put = || proxy.call("PutItem", json!({ "TableName": "souk-orders" }));
        let before = proxy.received().len();
        assert_eq!(proxy.call("PutItem", json!({ "TableName": "souk-carts" })).await?.status(), 200, "another table");
        let failed = put().await;
        let forwarded = proxy.received().len() - before - 1;
        match kind {
            "timeout_after_commit" => {
                assert!(failed.is_err() && forwarded == 1, "the call is forwarded and its response is lost")
            }
            _ => {
                let body: Value = failed?.json().await?;
                let name = body["__type"].as_str().and_then(|name| name.split_once('#')).context("a content type")?.1;
                let known =
                    ["ProvisionedThroughputExceededException", "InternalServerError", "TransactionConflictException"];
                assert!(known.contains(&name) && forwarded == 0, "{kind}: {body}");
            }
        }
        assert_eq!(put().await?.status(), 200, "{kind} has ended");
        proxy.http.delete(format!("{}/_fake/faults", proxy.base)).send().await?;
    }
    assert_eq!(proxy.control("faults", json!({ "kind": "earthquake" })).await?, 422);
    Ok(())
}

#[tokio::test]
async fn unavailable_database_recovers_after_its_time() -> Result<()> {
    let proxy = TestProxy::open().await?;
    let get = |table: &str| proxy.call("GetItem", json!({ "TableName": table }));
    let fault = json!({ "kind": "unavailable", "for_ms": 600, "table_contains": "orders" });
    assert_eq!(proxy.control("faults", fault).await?, 201);
    let started = Instant::now();
    for _ in 0..3 {
        assert!(get("souk-orders").await.is_err(), "the connection is closed");
    }
    assert_eq!(get("souk-carts").await?.status(), 200, "another table is available");
    assert_eq!(proxy.received().len(), 1, "nothing was forwarded");
    tokio::time::sleep(Duration::from_millis(610).saturating_sub(started.elapsed())).await;
    assert_eq!(get("souk-orders").await?.status(), 200);
    let calls = proxy.meter().await?["calls"][0].clone();
    assert_eq!((&calls["requests"], &calls["refused"], &calls["injected"]), (&json!(5), &json!(3), &json!(3)));
    let faults = proxy.http.get(format!("{}/_fake/faults", proxy.base)).send().await?.json::<Value>().await?;
    assert_eq!(faults, json!({ "faults": [] }));
    Ok(())
}

#[tokio::test]
async fn delayed_call_is_answered() -> Result<()> {
    let proxy = TestProxy::open().await?;
    proxy.control("faults", json!({ "kind": "delay", "ms": 700, "times": 1, "operation": "Query" })).await?;
    let (started, query) = (Instant::now(), json!({ "TableName": "souk-orders" }));
    assert_eq!(proxy.call("GetItem", query.clone()).await?.status(), 200);
    assert!(started.elapsed() < Duration::from_millis(600), "another operation");
    assert_eq!(proxy.call("Query", query.clone()).await?.status(), 200);
    assert!(started.elapsed() >= Duration::from_millis(700));
    let started = Instant::now();
    assert_eq!(proxy.call("Query", query).await?.status(), 200);
    assert!(started.elapsed() < Duration::from_millis(600), "the fault hits once");
    assert_eq!(proxy.received().len(), 3);
    Ok(())
}

#[tokio::test]
async fn same_seed_hits_the_same_calls() -> Result<()> {
    let mut runs = Vec::new();
    for seed in [5, 5, 6] {
        let proxy = TestProxy::open().await?;
        let fault = json!({ "kind": "internal_error", "chance": 0.5, "seed": seed });
        assert_eq!(proxy.control("faults", fault).await?, 201);
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(proxy.call("PutItem", json!({ "TableName": "souk-orders" })).await?.status());
        }
        let hit = statuses.iter().filter(|status| status.is_server_error()).count();
        assert!((8..=32).contains(&hit), "about half of 40 calls should be hit, not {hit}");
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    let proxy = TestProxy::open().await?;
    assert_eq!(proxy.control("faults", json!({ "kind": "throttle", "chance": 2 })).await?, 422);
    Ok(())
}

/// The client of this suite, for the SDK. The SDK's own would bring HTTP/2 into the build of all programs (Cargo.toml).
#[derive(Debug, Clone)]
struct SdkHttpClient(Client);

impl HttpConnector for SdkHttpClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let io_error = |error: reqwest::Error| ConnectorError::io(error.into());
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let request = request.map(|body| body.bytes().map(<[u8]>::to_vec).unwrap_or_default());
            let request = reqwest::Request::try_from(request).map_err(io_error)?;
            let response = client.execute(request).await.map_err(io_error)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut copy = axum::http::Response::new(SdkBody::from(response.bytes().await.map_err(io_error)?));
            *copy.status_mut() = status;
            *copy.headers_mut() = headers;
            HttpResponse::try_from(copy).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

#[tokio::test]
async fn sdk_reads_faults_as_errors_of_dynamodb() -> Result<()> {
    use aws_sdk_dynamodb::config::retry::RetryConfig;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
    use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};

    let proxy = TestProxy::open().await?;
    let config = aws_sdk_dynamodb::Config::builder().behavior_version(BehaviorVersion::v2026_01_12());
    let mut config = config.region(Region::new("eu-central-1")).endpoint_url(&proxy.base).allow_no_auth();
    let http_client = SdkHttpClient(Client::new());
    config.set_http_client(Some(http_client_fn(move |_, _| SharedHttpConnector::new(http_client.clone()))));
    let dynamodb = aws_sdk_dynamodb::Client::from_conf(config.retry_config(RetryConfig::disabled()).build());
    let put = Put::builder().table_name("souk-orders").item("pk", AttributeValue::S("1".to_owned())).build()?;
    let transaction = || {
        let actions = vec![TransactWriteItem::builder().put(put.clone()).build(); 2];
        dynamodb.transact_write_items().set_transact_items(Some(actions)).send()
    };
    transaction().await?;

    proxy.control("faults", json!({ "kind": "transaction_conflict", "times": 1 })).await?;
    let error = transaction().await.err().context("the transaction conflicts")?.into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(error) =
        error
    else {
        anyhow::bail!("this is not a cancelled transaction: {error:?}")
    };
    let codes: Vec<_> = error.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or_default()).collect();
    assert_eq!(codes, ["TransactionConflict", "None"]);

    proxy.control("faults", json!({ "kind": "throttle", "times": 1 })).await?;
    let error = transaction().await.err().context("the call is throttled")?.into_service_error();
    assert!(error.is_provisioned_throughput_exceeded_exception(), "{error:?}");
    proxy.control("faults", json!({ "kind": "internal_error", "times": 1 })).await?;
    let error = transaction().await.err().context("the call fails")?.into_service_error();
    assert!(error.is_internal_server_error(), "{error:?}");
    proxy.control("faults", json!({ "kind": "timeout_after_commit", "times": 1 })).await?;
    let lost = transaction().await.err().context("the response is lost")?;
    assert!(lost.as_service_error().is_none(), "the result is unknown: {lost:?}");
    let forwarded = proxy.received().len();
    proxy.control("faults", json!({ "kind": "unavailable", "times": 1 })).await?;
    let gone = transaction().await.err().context("the database is unavailable")?;
    assert!(gone.as_service_error().is_none(), "the result is unknown: {gone:?}");
    assert_eq!(proxy.received().len(), forwarded, "the call is not forwarded");
    Ok(())
}
