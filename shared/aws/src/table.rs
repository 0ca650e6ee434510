//! One DynamoDB table of a context and its reads. Every table has the keys `pk` and `sk`, both text.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde::de::DeserializeOwned;
use serde_json::Value;
use values::{Error, Result};

/// A row as DynamoDB speaks of it.
pub type Item = HashMap<String, AttributeValue>;

/// Names one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Partition.
    pub pk: String,
    /// Place in it.
    pub sk: String,
}

impl Key {
    /// From its two parts.
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
    /// The table of that name.
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The row as it is now (strongly consistent: 1 unit per 4 KB).
    pub async fn get<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>> {
        self.read(key, true).await
    }

    /// The row as it was a moment ago (eventually consistent: half the units). Only where nothing is decided by it.
    pub async fn peek<T: DeserializeOwned>(&self, key: Key) -> Result<Option<T>> {
        self.read(key, false).await
    }

    async fn read<T: DeserializeOwned>(&self, key: Key, consistent: bool) -> Result<Option<T>> {
        let get = self.client.get_item().table_name(&self.name).set_key(Some(key.attributes()));
        let answer = get.consistent_read(consistent).send().await.map_err(outage)?;
        answer.item.map(parse).transpose()
    }

    /// Up to 100 rows as they are now, in no order, those that exist. One round trip unless DynamoDB holds some back.
    pub async fn batch_get<T: DeserializeOwned>(&self, keys: &[Key]) -> Result<Vec<T>> {
        read_rows(&[(self, keys)]).await?.into_iter().map(|(_, item)| parse(item)).collect()
    }

    /// Rows of two tables in one round trip, each parsed as its own type.
    pub async fn get_both<A: DeserializeOwned, B: DeserializeOwned>(
        first: (&Table, Key),
        second: (&Table, &[Key]),
    ) -> Result<(Option<A>, Vec<B>)> {
        let rows = read_rows(&[(first.0, std::slice::from_ref(&first.1)), second]).await?;
        let (mine, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(table, _)| *table == first.0.name);
        let mine = mine.into_iter().next().map(|(_, item)| parse(item)).transpose()?;
        Ok((mine, others.into_iter().map(|(_, item)| parse(item)).collect::<Result<_>>()?))
    }
}

async fn read_rows(wanted: &[(&Table, &[Key])]) -> Result<Vec<(String, Item)>> {
    let mut pending = HashMap::new();
    for (table, keys) in wanted.iter().filter(|(_, keys)| !keys.is_empty()) {
        let keys = keys.iter().map(Key::attributes).collect();
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        pending.insert(table.name.clone(), keys.map_err(Error::internal)?);
    }
    let mut rows = Vec::new();
    let mut pause = crate::retry::Backoff::start();
    while let (false, Some((table, _))) = (pending.is_empty(), wanted.first()) {
        let answer = table.client.batch_get_item().set_request_items(Some(pending)).send().await.map_err(outage)?;
        let found = answer.responses.unwrap_or_default();
        rows.extend(
            found.into_iter().flat_map(|(name, items)| items.into_iter().map(move |item| (name.clone(), item))),
        );
        pending = answer.unprocessed_keys.unwrap_or_default();
        if !pending.is_empty() && !pause.wait().await {
            return Err(Error::unavailable("database", "rows stayed unprocessed"));
        }
    }
    Ok(rows)
}

/// By way of JSON: each type is then compiled for one format. For DynamoDB's as well, fn-orders is an eighth of a megabyte larger.
pub(crate) fn parse<T: DeserializeOwned>(item: Item) -> Result<T> {
    let row: Value = serde_dynamo::from_item(item).map_err(Error::internal)?;
    serde_json::from_value(row).map_err(Error::internal)
}

/// DynamoDB could not be reached, or is busy: try again. But what it refuses for good (a permission, a request that is none)
/// is a fault of ours, which no pending_events mends.
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
    use serde::{Deserialize, Serialize};

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
    fn a_row_is_read_as_it_was_written() {
        let lines = vec![("mug".to_owned(), 2), (String::new(), 0)];
        let row = Row { smallest: i64::MIN, largest: u64::MAX, size: 0.1, none: None, some: Some(true), lines };
        assert_eq!(parse::<Row>(serde_dynamo::to_item(&row).unwrap()).unwrap(), row);
        assert!(parse::<Row>(Item::new()).is_err());
    }
}
