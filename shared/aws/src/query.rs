//! Queries of a table or an index. Scans are left out on purpose.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use tracing::warn;
use values::{Page, PageRequest, Position, Result};

use crate::table::{Item, Table, outage, parse};

/// Rows of a page that a filter looks at. DynamoDB ends a page after a megabyte.
const FILTERED_PAGE: u32 = 1000;
/// Pages of a partition that a filter looks at.
const MAX_FILTERED_PAGES: u32 = 16;

/// A part of a query, and the values of its placeholders.
type Expression = (&'static str, Vec<(&'static str, String)>);

/// A query of one partition of a table or an index.
#[derive(Debug, Clone)]
#[must_use]
pub struct Query {
    table: Table,
    index: Option<&'static str>,
    partition: String,
    range: Option<Expression>,
    filter: Option<Expression>,
    descending: bool,
}

impl Query {
    /// A consistent query of one partition of the table.
    pub fn of(table: &Table, partition: impl Into<String>) -> Self {
        let (table, partition) = (table.clone(), partition.into());
        Self { table, index: None, partition, range: None, filter: None, descending: false }
    }

    /// An eventually consistent query of one partition of `gsi1`, `gsi2` or `gsi3`.
    pub fn index(table: &Table, index: &'static str, partition: impl Into<String>) -> Self {
        Self { index: Some(index), ..Self::of(table, partition) }
    }

    /// Only sort keys with that prefix.
    pub fn begins_with(mut self, prefix: impl Into<String>) -> Self {
        self.range = Some(("begins_with(#sk, :sk)", vec![(":sk", prefix.into())]));
        self
    }

    /// Only sort keys before `bound`.
    pub fn before(mut self, bound: impl Into<String>) -> Self {
        self.range = Some(("#sk < :sk", vec![(":sk", bound.into())]));
        self
    }

    /// Only sort keys after `bound`.
    pub fn after(mut self, bound: impl Into<String>) -> Self {
        self.range = Some(("#sk > :sk", vec![(":sk", bound.into())]));
        self
    }

    /// Only sort keys up to `bound`.
    pub fn up_to(mut self, bound: impl Into<String>) -> Self {
        self.range = Some(("#sk <= :sk", vec![(":sk", bound.into())]));
        self
    }

    /// Only sort keys from `first` to `last`, both included.
    pub fn between(mut self, first: impl Into<String>, last: impl Into<String>) -> Self {
        self.range = Some(("#sk BETWEEN :sk AND :last", vec![(":sk", first.into()), (":last", last.into())]));
        self
    }

    /// Only rows whose other attributes fulfil this condition, whose placeholders have these values. For [`Query::first`], which then looks
    /// at some thousand rows at most. DynamoDB bills all that it looks at.
    pub fn filter(mut self, condition: &'static str, values: Vec<(&'static str, String)>) -> Self {
        self.filter = Some((condition, values));
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
        if let Some((range, bounds)) = self.range {
            condition = format!("{condition} AND {range}");
            query = query.expression_attribute_names("#sk", sk);
            for (placeholder, bound) in bounds {
                query = query.expression_attribute_values(placeholder, AttributeValue::S(bound));
            }
        }
        if let Some((filter, values)) = self.filter {
            query = query.filter_expression(filter);
            for (placeholder, value) in values {
                query = query.expression_attribute_values(placeholder, AttributeValue::S(value));
            }
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
        let mut pages = 0;
        loop {
            let left = limit - u32::try_from(rows.len()).unwrap_or(limit).min(limit);
            // DynamoDB counts the rows of a page before it filters them.
            let page_limit = if self.filter.is_some() { FILTERED_PAGE } else { left };
            let page = self.clone().items(&PageRequest { limit: page_limit, after }).await?;
            rows.extend(page.rows);
            rows.truncate(limit as usize);
            pages += 1;
            // DynamoDB ends a page after a megabyte, so fewer rows than the limit do not mean that there are no more.
            match page.next {
                Some(_) if self.filter.is_some() && pages >= MAX_FILTERED_PAGES && rows.len() < limit as usize => {
                    warn!(
                        index = self.partition,
                        "too many rows beside the wanted ones; those behind them are not read"
                    );
                    return Ok(rows);
                }
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

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;
    use crate::scripted_table::scripted_table;

    #[derive(Deserialize)]
    struct Row {
        n: u32,
    }

    /// A page of rows, and whether another one follows.
    fn page(numbers: &[u32], is_last: bool) -> (u16, Value) {
        let items: Vec<Value> = numbers.iter().map(|n| json!({ "n": { "N": n.to_string() } })).collect();
        let key = json!({ "pk": { "S": "A" }, "sk": { "S": "1" } });
        (200, if is_last { json!({ "Items": items }) } else { json!({ "Items": items, "LastEvaluatedKey": key }) })
    }

    /// The first three rows that a filter leaves of these pages, and how many pages were read.
    async fn filtered(pages: Vec<(u16, Value)>) -> (Vec<u32>, usize) {
        let (table, calls) = scripted_table(pages);
        let query = Query::index(&table, "gsi3", "HOLD#0").filter("attribute_not_exists(captureDue)", Vec::new());
        let rows = query.first::<Row>(3).await.unwrap().into_iter().map(|row| row.n).collect();
        let calls = calls.lock().unwrap().len();
        (rows, calls)
    }

    #[tokio::test]
    async fn rows_that_a_filter_drops_do_not_hide_those_behind_them() {
        let pages = vec![page(&[], false), page(&[1], false), page(&[], false), page(&[2], true)];
        assert_eq!(filtered(pages).await, (vec![1, 2], 4));
        let pages = vec![page(&[1, 2], false), page(&[3, 4], false), page(&[5], true)];
        assert_eq!(filtered(pages).await, (vec![1, 2, 3], 2));
    }

    #[tokio::test]
    async fn filter_looks_at_some_pages_only() {
        let (most, pages) = (MAX_FILTERED_PAGES as usize, vec![page(&[], false); 100]);
        assert_eq!(filtered(pages).await, (Vec::new(), most));
    }
}
