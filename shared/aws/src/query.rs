//! Queries of a table or an index. Scans are left out on purpose.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use values::{Page, PageRequest, Position, Result};

use crate::table::{Item, Table, outage, parse};

/// A query of one partition of a table or an index.
#[derive(Debug, Clone)]
#[must_use]
pub struct Query {
    table: Table,
    index: Option<&'static str>,
    partition: String,
    range: Option<(&'static str, String)>,
    descending: bool,
}

impl Query {
    /// A consistent query of one partition of the table.
    pub fn of(table: &Table, partition: impl Into<String>) -> Self {
        Self { table: table.clone(), index: None, partition: partition.into(), range: None, descending: false }
    }

    /// An eventually consistent query of one partition of `gsi1`, `gsi2` or `gsi3`.
    pub fn index(table: &Table, index: &'static str, partition: impl Into<String>) -> Self {
        Self { index: Some(index), ..Self::of(table, partition) }
    }

    /// Only sort keys with that prefix.
    pub fn begins_with(mut self, prefix: impl Into<String>) -> Self {
        self.range = Some(("begins_with(#sk, :sk)", prefix.into()));
        self
    }

    /// Only sort keys before `bound`.
    pub fn before(mut self, bound: impl Into<String>) -> Self {
        self.range = Some(("#sk < :sk", bound.into()));
        self
    }

    /// Only sort keys up to `bound`.
    pub fn up_to(mut self, bound: impl Into<String>) -> Self {
        self.range = Some(("#sk <= :sk", bound.into()));
        self
    }

    /// In descending order.
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// One page. DynamoDB returns a position whenever it stops at a limit, even behind the last row. So this reads one row more, to know
    /// whether there is a next page.
    pub async fn page<T: DeserializeOwned>(self, request: &PageRequest) -> Result<Page<T>> {
        let (limit, index) = (request.limit as usize, self.index);
        let one_more = PageRequest { limit: request.limit + 1, after: request.after.clone() };
        let Page { mut rows, mut next } = self.items(&one_more).await?;
        if rows.len() > limit {
            rows.truncate(limit);
            next = rows.last().map(|last| position(keys_of(last, index)));
        }
        Ok(Page { rows: parsed(rows)?, next })
    }

    /// The first rows, at most `limit`. 1 round trip, and 1 more for each megabyte of rows.
    pub async fn first<T: DeserializeOwned>(self, limit: u32) -> Result<Vec<T>> {
        parsed(self.first_items(limit).await?)
    }

    async fn items(self, request: &PageRequest) -> Result<Page<Item>> {
        let (pk, sk) = match self.index {
            None => ("pk".to_owned(), "sk".to_owned()),
            Some(index) => (format!("{index}pk"), format!("{index}sk")),
        };
        let mut condition = "#pk = :pk".to_owned();
        let mut query =
            self.table.client.query().table_name(&self.table.name).set_index_name(self.index.map(str::to_owned));
        query = query
            .expression_attribute_names("#pk", pk)
            .expression_attribute_values(":pk", AttributeValue::S(self.partition));
        if let Some((range, bound)) = self.range {
            condition = format!("{condition} AND {range}");
            query = query
                .expression_attribute_names("#sk", sk)
                .expression_attribute_values(":sk", AttributeValue::S(bound));
        }
        let output = query
            .key_condition_expression(condition)
            .scan_index_forward(!self.descending)
            .consistent_read(self.index.is_none())
            .limit(i32::try_from(request.limit).unwrap_or(100))
            .set_exclusive_start_key(request.after.as_ref().map(start_key))
            .send()
            .await
            .map_err(outage)?;
        let next = output.last_evaluated_key.map(position);
        Ok(Page { rows: output.items.unwrap_or_default(), next })
    }

    async fn first_items(self, limit: u32) -> Result<Vec<Item>> {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let left = limit - u32::try_from(rows.len()).unwrap_or(limit).min(limit);
            let page = self.clone().items(&PageRequest { limit: left, after }).await?;
            rows.extend(page.rows);
            // DynamoDB ends a page after a megabyte, so fewer rows than the limit do not mean that there are no more.
            match page.next {
                Some(next) if rows.len() < limit as usize => after = Some(next),
                _ => return Ok(rows),
            }
        }
    }
}

fn parsed<T: DeserializeOwned>(rows: Vec<Item>) -> Result<Vec<T>> {
    rows.into_iter().map(parse).collect()
}

fn start_key(position: &Position) -> Item {
    position.0.iter().map(|(name, value)| (name.clone(), AttributeValue::S(value.clone()))).collect()
}

/// The keys of a row in the table and in the index.
fn keys_of(row: &Item, index: Option<&str>) -> Item {
    let of_index = index.into_iter().flat_map(|index| [format!("{index}pk"), format!("{index}sk")]);
    let names = ["pk".to_owned(), "sk".to_owned()].into_iter().chain(of_index);
    names.filter_map(|name| row.get(&name).map(|value| (name, value.clone()))).collect()
}

fn position(key: HashMap<String, AttributeValue>) -> Position {
    Position(key.into_iter().filter_map(|(name, value)| Some((name, value.as_s().ok()?.clone()))).collect())
}
