//! The AWS API of the emulator, as far as the bench needs it: its JSON protocols without signatures. The emulator finds
//! the service by the scope of the credential and does not check the signature.

use anyhow::{Context, Result, bail, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::time::Duration;

use crate::execution_environment::Variables;
use crate::stack::Stack;
use crate::tables::{BenchTable, TableIndex, TableStream};

/// An HTTP client that reuses its connections.
pub(crate) type Http = Client<HttpConnector, Full<Bytes>>;

pub(crate) fn http() -> Http {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    // Shorter than the idle timeout of a server; otherwise a connection might be reused while the server closes it.
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

/// A row in the JSON of DynamoDB.
pub(crate) type Row = Value;

/// What is deployed of a function.
#[derive(Debug)]
pub(crate) struct DeployedFunction {
    pub(crate) variables: Variables,
    pub(crate) settings: FunctionSettings,
}

/// The settings of a deployed function that decide what an invocation costs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct FunctionSettings {
    pub(crate) memory_mb: f64,
    /// Whether Lambda logs START, END and REPORT for each invocation.
    pub(crate) logs_each_invocation: bool,
}

impl FunctionSettings {
    /// Reads a response of GetFunctionConfiguration.
    fn parse(configuration: &Value) -> Result<Self> {
        let memory_mb = configuration["MemorySize"].as_f64().context("the function has no memory size")?;
        let logging = &configuration["LoggingConfig"];
        // Lambda knows levels in its format JSON only.
        let logs_failures_only = logging["LogFormat"] == "JSON" && logging["SystemLogLevel"] == "WARN";
        Ok(Self { memory_mb, logs_each_invocation: !logs_failures_only })
    }
}

impl Emulator {
    pub(crate) fn new(stack: &Stack) -> Self {
        Self {
            http: http(),
            url: stack.emulator_url.trim_end_matches('/').to_owned(),
            region: stack.region.clone(),
            key: stack.access_key_id.clone(),
        }
    }

    /// Returns the variables and settings of a deployed function.
    pub(crate) async fn function(&self, function: &str) -> Result<DeployedFunction> {
        let request = self.request("GET", &format!("/2015-03-31/functions/{function}/configuration"), "lambda");
        let response = self.http.request(request.body(Full::default())?).await;
        let (status, configuration) = read_response(response.with_context(|| self.no_response())?).await?;
        ensure!(status == 200, "the stack has no function {function} ({status} {configuration}); deploy it again");
        let variables = configuration["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
        let text = |(name, value): (String, Value)| Some((name, value.as_str()?.to_owned()));
        let settings =
            FunctionSettings::parse(&configuration).with_context(|| format!("the configuration of {function}"))?;
        Ok(DeployedFunction { variables: variables.into_iter().filter_map(text).collect(), settings })
    }

    /// Returns the event source mappings of all functions.
    pub(crate) async fn event_source_mappings(&self) -> Result<Vec<Value>> {
        let (mut mappings, mut marker) = (Vec::new(), String::new());
        loop {
            let path = format!("/2015-03-31/event-source-mappings?Marker={marker}");
            let request = self.request("GET", &path, "lambda").body(Full::default())?;
            let response = self.http.request(request).await.with_context(|| self.no_response())?;
            let (status, page) = read_response(response).await?;
            ensure!(status == 200, "the emulator refused ListEventSourceMappings: {status} {page}");
            mappings.extend(page["EventSourceMappings"].as_array().cloned().unwrap_or_default());
            match page["NextMarker"].as_str() {
                Some(next) if !next.is_empty() => marker = next.to_owned(),
                _ => return Ok(mappings),
            }
        }
    }

    /// Creates a table of a context, with the keys and indexes of another one. Its stream has both images of each row, and no
    /// function reads it.
    pub(crate) async fn copy_table(&self, model: &str, name: String, context: String) -> Result<BenchTable> {
        let described = self.dynamo("DescribeTable", json!({ "TableName": model })).await?;
        let stream = json!({ "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" });
        let mut table = json!({ "TableName": name, "BillingMode": "PAY_PER_REQUEST", "StreamSpecification": stream });
        for member in ["KeySchema", "AttributeDefinitions"] {
            table[member] = described["Table"][member].clone();
        }
        let indexes = described["Table"]["GlobalSecondaryIndexes"].as_array().cloned().unwrap_or_default();
        if !indexes.is_empty() {
            let copy = |index: &Value| json!({ "IndexName": index["IndexName"], "KeySchema": index["KeySchema"], "Projection": index["Projection"] });
            table["GlobalSecondaryIndexes"] = indexes.iter().map(copy).collect();
        }
        let indexes = indexes.iter().map(TableIndex::parse).collect::<Result<_>>()?;
        self.delete_table(&name).await;
        let created = self.dynamo("CreateTable", table).await?;
        let arn = created["TableDescription"]["LatestStreamArn"].as_str().context("the new table has no stream")?;
        let deployed_view = described["Table"]["StreamSpecification"]["StreamViewType"].as_str().map(str::to_owned);
        let stream = TableStream { arn: arn.to_owned(), shard: self.shard(arn).await?, deployed_view };
        Ok(BenchTable { name, context, stream, indexes })
    }

    /// The only shard of a stream.
    async fn shard(&self, stream: &str) -> Result<String> {
        let described = self.stream("DescribeStream", json!({ "StreamArn": stream })).await?;
        let shards = described["StreamDescription"]["Shards"].as_array().map(Vec::as_slice).unwrap_or_default();
        match shards {
            [shard] => shard["ShardId"].as_str().map(str::to_owned).context("a shard has no id"),
            shards => bail!("the stream {stream} has {} shards; the bench reads one", shards.len()),
        }
    }

    /// The position behind the last record of a stream.
    pub(crate) async fn end_of_stream(&self, stream: &TableStream) -> Result<String> {
        let latest = json!({ "StreamArn": stream.arn, "ShardId": stream.shard, "ShardIteratorType": "LATEST" });
        let response = self.stream("GetShardIterator", latest).await?;
        response["ShardIterator"].as_str().map(str::to_owned).context("the response to GetShardIterator is empty")
    }

    /// Some records of a stream from a position on, and the next position. No record means that there are no more.
    pub(crate) async fn stream_records(&self, position: &str) -> Result<(Vec<Value>, String)> {
        let page = self.stream("GetRecords", json!({ "ShardIterator": position })).await?;
        let next = page["NextShardIterator"].as_str().context("the stream has ended: its table was deleted")?;
        Ok((page["Records"].as_array().cloned().unwrap_or_default(), next.to_owned()))
    }

    /// Deletes a table, if it exists.
    pub(crate) async fn delete_table(&self, name: &str) {
        let _ = self.dynamo("DeleteTable", json!({ "TableName": name })).await;
    }

    /// Returns the rows of an outbox. Only the bench uses these tables, so a scan is good enough.
    pub(crate) async fn outbox(&self, table: &str) -> Result<Vec<Row>> {
        let (mut rows, mut start) = (Vec::new(), Value::Null);
        loop {
            let mut scan = json!({
                "TableName": table,
                "ConsistentRead": true,
                "FilterExpression": "begins_with(pk, :outbox)",
                "ExpressionAttributeValues": { ":outbox": { "S": "OUTBOX#" } },
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

    pub(crate) async fn delete_row(&self, table: &str, row: &Row) -> Result<()> {
        let key = json!({ "pk": row["pk"], "sk": row["sk"] });
        self.dynamo("DeleteItem", json!({ "TableName": table, "Key": key })).await.map(|_| ())
    }

    /// Creates a queue and returns its URL.
    pub(crate) async fn create_queue(&self, name: &str) -> Result<String> {
        let mut queue = json!({ "QueueName": name });
        if name.ends_with(".fifo") {
            queue["Attributes"] = json!({ "FifoQueue": "true" });
        }
        let response = self.call("sqs", "AmazonSQS.CreateQueue", queue).await?;
        Ok(response["QueueUrl"].as_str().context("the response to CreateQueue has no URL")?.to_owned())
    }

    /// Deletes the messages of a queue, delayed ones too.
    pub(crate) async fn purge_queue(&self, url: &str) -> Result<()> {
        self.call("sqs", "AmazonSQS.PurgeQueue", json!({ "QueueUrl": url })).await.map(drop)
    }

    /// Receives all messages of a queue, and deletes them. Delayed messages are lost.
    pub(crate) async fn receive_all(&self, url: &str) -> Result<Vec<String>> {
        // A received message is invisible until the queue is purged.
        let receive =
            json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 3600, "WaitTimeSeconds": 0 });
        let mut bodies = Vec::new();
        loop {
            let response = self.call("sqs", "AmazonSQS.ReceiveMessage", receive.clone()).await?;
            let messages = response["Messages"].as_array().map(Vec::as_slice).unwrap_or_default();
            if messages.is_empty() {
                self.purge_queue(url).await?;
                return Ok(bodies);
            }
            for message in messages {
                bodies.push(message["Body"].as_str().context("a message has no body")?.to_owned());
            }
        }
    }

    /// Deletes a queue, if it exists.
    pub(crate) async fn delete_queue(&self, url: &str) {
        let _ = self.call("sqs", "AmazonSQS.DeleteQueue", json!({ "QueueUrl": url })).await;
    }

    async fn dynamo(&self, operation: &str, body: Value) -> Result<Value> {
        self.call("dynamodb", &format!("DynamoDB_20120810.{operation}"), body).await
    }

    async fn stream(&self, operation: &str, body: Value) -> Result<Value> {
        self.call("dynamodb", &format!("DynamoDBStreams_20120810.{operation}"), body).await
    }

    async fn call(&self, service: &str, target: &str, body: Value) -> Result<Value> {
        let request = self.request("POST", "/", service).header("X-Amz-Target", target);
        let request = request.header("Content-Type", "application/x-amz-json-1.0").body(body.to_string().into())?;
        let (status, response) =
            read_response(self.http.request(request).await.with_context(|| self.no_response())?).await?;
        if status != 200 {
            bail!("the emulator refused {target}: {status} {response}");
        }
        Ok(response)
    }

    fn request(&self, method: &str, path: &str, service: &str) -> hyper::http::request::Builder {
        let scope = format!("{}/20260101/{}/{service}/aws4_request", self.key, self.region);
        let credential = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none");
        Request::builder().method(method).uri(format!("{}{path}", self.url)).header("Authorization", credential)
    }

    fn no_response(&self) -> String {
        format!("the emulator at {} does not respond; check that its stack is running", self.url)
    }
}

async fn read_response(response: Response<hyper::body::Incoming>) -> Result<(u16, Value)> {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.context("the response of the emulator is incomplete")?.to_bytes();
    let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
    Ok((status, serde_json::from_slice(&body).unwrap_or_else(|_| text())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambda_logs_each_invocation_unless_its_level_is_warn() -> Result<()> {
        let settings = |logging: Value| {
            let settings = FunctionSettings::parse(&json!({ "MemorySize": 512, "LoggingConfig": logging }))?;
            assert_eq!(settings.memory_mb, 512.0);
            Ok::<_, anyhow::Error>(settings.logs_each_invocation)
        };
        assert!(!settings(json!({ "LogFormat": "JSON", "SystemLogLevel": "WARN", "LogGroup": "g" }))?);
        assert!(settings(json!({ "LogFormat": "JSON", "SystemLogLevel": "INFO" }))?);
        assert!(settings(json!({ "LogFormat": "Text" }))? && settings(Value::Null)?);
        assert!(FunctionSettings::parse(&json!({})).is_err());
        Ok(())
    }
}
