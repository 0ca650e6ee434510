//! The emulator's AWS, as far as the bench itself needs it: its JSON protocols, unsigned. It looks at a credential's scope
//! to find the service, and not at the signature.

use anyhow::{Context, Result, bail, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::time::Duration;

use crate::sandbox::Environment;
use crate::stack::Stack;

/// A plain HTTP client that keeps its connections.
pub(crate) type Http = Client<HttpConnector, Full<Bytes>>;

pub(crate) fn http() -> Http {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    // Shorter than a server's own patience, or a connection is reused in the moment in which it is closed.
    Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_secs(2)).build(connector)
}

/// The emulator of a stack.
#[derive(Debug, Clone)]
pub(crate) struct Emulator {
    http: Http,
    url: String,
    region: String,
    key: String,
}

/// A row as DynamoDB writes it.
pub(crate) type Row = Value;

impl Emulator {
    pub(crate) fn of(stack: &Stack) -> Self {
        Self {
            http: http(),
            url: stack.emulator_url.trim_end_matches('/').to_owned(),
            region: stack.region.clone(),
            key: stack.access_key_id.clone(),
        }
    }

    /// A deployed function's environment, and its memory in MB.
    pub(crate) async fn function(&self, function: &str) -> Result<(Environment, f64)> {
        let request = self.request("GET", &format!("/2015-03-31/functions/{function}/configuration"), "lambda");
        let answer = self.http.request(request.body(Full::default())?).await;
        let (status, configuration) = read(answer.with_context(|| self.silent())?).await?;
        ensure!(status == 200, "the stack has no function {function} ({status} {configuration}): deploy it again");
        let variables = configuration["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
        let text = |(name, value): (String, Value)| Some((name, value.as_str()?.to_owned()));
        let memory_mb = configuration["MemorySize"].as_f64();
        let memory_mb = memory_mb.with_context(|| format!("{function} is deployed without a memory size"))?;
        Ok((variables.into_iter().filter_map(text).collect(), memory_mb))
    }

    /// Makes a table with the keys and indexes of another one, and nothing else of it: above all no stream.
    pub(crate) async fn copy_table(&self, model: &str, name: &str) -> Result<()> {
        let described = self.dynamo("DescribeTable", json!({ "TableName": model })).await?;
        let mut table = json!({ "TableName": name, "BillingMode": "PAY_PER_REQUEST" });
        for member in ["KeySchema", "AttributeDefinitions"] {
            table[member] = described["Table"][member].clone();
        }
        let indexes = described["Table"]["GlobalSecondaryIndexes"].as_array().cloned().unwrap_or_default();
        if !indexes.is_empty() {
            let kept = |index: &Value| json!({ "IndexName": index["IndexName"], "KeySchema": index["KeySchema"], "Projection": index["Projection"] });
            table["GlobalSecondaryIndexes"] = indexes.iter().map(kept).collect();
        }
        self.remove_table(name).await;
        self.dynamo("CreateTable", table).await?;
        Ok(())
    }

    /// Removes a table, if it is there.
    pub(crate) async fn remove_table(&self, name: &str) {
        let _ = self.dynamo("DeleteTable", json!({ "TableName": name })).await;
    }

    /// The rows of a table's outbox.
    pub(crate) async fn outbox(&self, table: &str) -> Result<Vec<Row>> {
        self.scan(table, "begins_with(pk, :this)", "OUTBOX#").await
    }

    /// The offers of a catalog's table.
    pub(crate) async fn offers(&self, table: &str) -> Result<Vec<Row>> {
        self.scan(table, "sk = :this", "OFFER").await
    }

    /// Nobody but the bench is in these tables, so a scan is as good as anything.
    async fn scan(&self, table: &str, filter: &str, this: &str) -> Result<Vec<Row>> {
        let (mut rows, mut start) = (Vec::new(), Value::Null);
        loop {
            let mut scan = json!({
                "TableName": table,
                "ConsistentRead": true,
                "FilterExpression": filter,
                "ExpressionAttributeValues": { ":this": { "S": this } },
            });
            if !start.is_null() {
                scan["ExclusiveStartKey"] = start;
            }
            let page = self.dynamo("Scan", scan).await?;
            rows.extend(page["Items"].as_array().cloned().unwrap_or_default());
            start = page["LastEvaluatedKey"].clone();
            if start.is_null() {
                return Ok(rows);
            }
        }
    }

    pub(crate) async fn remove_row(&self, table: &str, row: &Row) -> Result<()> {
        let key = json!({ "pk": row["pk"], "sk": row["sk"] });
        self.dynamo("DeleteItem", json!({ "TableName": table, "Key": key })).await.map(|_| ())
    }

    /// Makes a queue; its URL.
    pub(crate) async fn make_queue(&self, name: &str) -> Result<String> {
        let mut queue = json!({ "QueueName": name });
        if name.ends_with(".fifo") {
            queue["Attributes"] = json!({ "FifoQueue": "true" });
        }
        let made = self.call("sqs", "AmazonSQS.CreateQueue", queue).await?;
        Ok(made["QueueUrl"].as_str().context("the emulator made a queue without a URL")?.to_owned())
    }

    /// Removes a queue, if it is there.
    pub(crate) async fn remove_queue(&self, url: &str) {
        let _ = self.call("sqs", "AmazonSQS.DeleteQueue", json!({ "QueueUrl": url })).await;
    }

    async fn dynamo(&self, operation: &str, body: Value) -> Result<Value> {
        self.call("dynamodb", &format!("DynamoDB_20120810.{operation}"), body).await
    }

    async fn call(&self, service: &str, target: &str, body: Value) -> Result<Value> {
        let request = self.request("POST", "/", service).header("X-Amz-Target", target);
        let request = request.header("Content-Type", "application/x-amz-json-1.0").body(body.to_string().into())?;
        let (status, answer) = read(self.http.request(request).await.with_context(|| self.silent())?).await?;
        if status != 200 {
            bail!("the emulator refused {target}: {status} {answer}");
        }
        Ok(answer)
    }

    fn request(&self, method: &str, path: &str, service: &str) -> hyper::http::request::Builder {
        let scope = format!("{}/20260101/{}/{service}/aws4_request", self.key, self.region);
        let credential = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none");
        Request::builder().method(method).uri(format!("{}{path}", self.url)).header("Authorization", credential)
    }

    fn silent(&self) -> String {
        format!("the emulator at {} does not answer: is its stack still up?", self.url)
    }
}

async fn read(answer: Response<hyper::body::Incoming>) -> Result<(u16, Value)> {
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.context("the emulator's answer broke off")?.to_bytes();
    let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
    Ok((status, serde_json::from_slice(&body).unwrap_or_else(|_| text())))
}
