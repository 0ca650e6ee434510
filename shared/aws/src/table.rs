//! A DynamoDB table and its reads. Every table has the keys `pk` and `sk`, both strings.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use values::{Error, Result};

/// A row in the types of DynamoDB.
pub type Item = HashMap<String, AttributeValue>;

/// The key of a row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Key {
    /// The partition key.
    pub pk: String,
    /// The sort key.
    pub sk: String,
}

impl Key {
    /// A key from its two parts.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    pub(crate) fn attributes(&self) -> Item {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// A table. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
}

impl Table {
    /// The table with that name.
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The physical name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads a row, strongly consistent (1 read unit per 4 KB).
    pub async fn get<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>> {
        self.read(key, true).await
    }

    /// Whether a row exists, strongly consistent. Asks for the key alone, so a role may be restricted to that.
    pub async fn has(&self, key: Key) -> Result<bool> {
        let get = self.client.get_item().table_name(&self.name).set_key(Some(key.attributes()));
        let output = get.projection_expression("pk").consistent_read(true).send().await.map_err(outage)?;
        Ok(output.item.is_some())
    }

    /// Reads a row, eventually consistent (half the read units). Only where no decision depends on it.
    pub async fn peek<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>> {
        self.read(key, false).await
    }

    async fn read<T: DeserializeOwned>(&self, key: Key, consistent: bool) -> Result<Option<T>> {
        let get = self.client.get_item().table_name(&self.name).set_key(Some(key.attributes()));
        let output = get.consistent_read(consistent).send().await.map_err(outage)?;
        output.item.map(parse).transpose()
    }

    /// Reads up to 100 rows, strongly consistent. Returns those that exist, in no order. 1 round trip unless DynamoDB leaves some out.
    pub async fn batch_get<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<T>> {
        read_rows(&[(self, keys)], true, None).await?.into_iter().map(|(_, item)| parse(item)).collect()
    }

    /// Reads up to 100 rows, eventually consistent (half the read units). Only where no decision depends on them. No key may be there
    /// twice. Returns those that exist, in no order. 1 round trip unless DynamoDB leaves some out.
    pub async fn peek_all<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<T>> {
        read_rows(&[(self, keys)], false, None).await?.into_iter().map(|(_, item)| parse(item)).collect()
    }

    /// Which of up to 100 rows exist, eventually consistent. Asks for the keys alone, so a role may be restricted to that. No key may be
    /// there twice. 1 round trip unless DynamoDB leaves some out.
    pub async fn peek_existing(&self, keys: &[Key]) -> Result<Vec<Key>> {
        let rows = read_rows(&[(self, keys)], false, Some("pk, sk")).await?;
        rows.into_iter().map(|(_, item)| parse(item)).collect()
    }

    /// Reads rows of two tables in 1 round trip, each parsed as its own type.
    pub async fn get_both<A: DeserializeOwned, B: DeserializeOwned>(
        first: (&Table, Key),
        second: (&Table, &[Key]),
    ) -> Result<(Option<A>, Vec<B>)> {
        let rows = read_rows(&[(first.0, std::slice::from_ref(&first.1)), second], true, None).await?;
        let (first_rows, second_rows): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|(table, _)| *table == first.0.name);
        let first_row = first_rows.into_iter().next().map(|(_, item)| parse(item)).transpose()?;
        Ok((first_row, second_rows.into_iter().map(|(_, item)| parse(item)).collect::<Result<_>>()?))
    }
}

async fn read_rows(
    requests: &[(&Table, &[Key])],
    consistent: bool,
    attributes: Option<&str>,
) -> Result<Vec<(String, Item)>> {
    let mut pending = HashMap::new();
    for (table, keys) in requests.iter().filter(|(_, keys)| !keys.is_empty()) {
        let keys = keys.iter().map(Key::attributes).collect();
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent);
        let keys = keys.set_projection_expression(attributes.map(str::to_owned)).build();
        pending.insert(table.name.clone(), keys.map_err(Error::internal)?);
    }
    let mut rows = Vec::new();
    let mut backoff = crate::retry::Backoff::start();
    while let (false, Some((table, _))) = (pending.is_empty(), requests.first()) {
        let output = table.client.batch_get_item().set_request_items(Some(pending)).send().await.map_err(outage)?;
        let found = output.responses.unwrap_or_default();
        rows.extend(
            found.into_iter().flat_map(|(name, items)| items.into_iter().map(move |item| (name.clone(), item))),
        );
        pending = output.unprocessed_keys.unwrap_or_default();
        if !pending.is_empty() && !backoff.wait().await {
            return Err(Error::unavailable("database", "DynamoDB did not return all rows in time"));
        }
    }
    Ok(rows)
}

/// Parses a row by way of JSON, so that each type is compiled for one format only. A second format makes fn-orders 125 KB larger.
pub(crate) fn parse<T: DeserializeOwned>(item: Item) -> Result<T> {
    let row: Value = serde_dynamo::from_item(item).map_err(Error::internal)?;
    serde_json::from_value(row).map_err(Error::internal)
}

/// The error for a failed call. It is an outage, after which a retry can succeed, unless DynamoDB has rejected the request for good: a
/// missing permission or an invalid request is a bug.
pub(crate) fn outage<E, R>(error: SdkError<E, R>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    match code.is_some_and(|code| code.starts_with("AccessDenied") || code.starts_with("Validation")) {
        true => Error::internal(error),
        false => Error::unavailable("database", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted_table::scripted_table;
    use serde::Serialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        smallest: i64,
        largest: u64,
        size: f64,
        none: Option<String>,
        some: Option<bool>,
        lines: Vec<(String, u32)>,
    }

    #[test]
    fn row_round_trips() {
        let lines = vec![("mug".to_owned(), 2), (String::new(), 0)];
        let row = Row { smallest: i64::MIN, largest: u64::MAX, size: 0.1, none: None, some: Some(true), lines };
        assert_eq!(parse::<Row>(serde_dynamo::to_item(&row).unwrap()).unwrap(), row);
        assert!(parse::<Row>(Item::new()).is_err());
    }

    #[tokio::test]
    async fn rows_that_were_left_out_are_read_again() {
        let key = |id: &str| json!({ "pk": { "S": id }, "sk": { "S": "ROW" } });
        let left_out = json!({ "souk": { "Keys": [key("B")], "ConsistentRead": false } });
        let first = json!({ "Responses": { "souk": [key("A")] }, "UnprocessedKeys": left_out });
        let second = json!({ "Responses": { "souk": [key("B")] }, "UnprocessedKeys": {} });
        let (table, calls) = scripted_table(vec![(200, first), (200, second)]);
        let keys = ["A", "B", "gone"].map(|id| Key::new(id, "ROW"));
        let rows: Vec<Value> = table.peek_all(&keys).await.unwrap();
        assert_eq!(rows, ["A", "B"].map(|id| json!({ "pk": id, "sk": "ROW" })));
        assert_eq!(table.peek_all::<Value>(&[]).await.unwrap(), Vec::<Value>::new());
        assert_eq!(*calls.lock().unwrap(), ["batchgetitem", "batchgetitem"]);
    }

    #[tokio::test]
    async fn existing_rows_are_known_by_their_keys() {
        let found = json!({ "Responses": { "souk": [{ "pk": { "S": "A" }, "sk": { "S": "ROW" } }] } });
        let (table, calls) = scripted_table(vec![(200, found)]);
        let keys = ["A", "gone"].map(|id| Key::new(id, "ROW"));
        assert_eq!(table.peek_existing(&keys).await.unwrap(), [Key::new("A", "ROW")]);
        assert_eq!(*calls.lock().unwrap(), ["batchgetitem"]);
    }
}
