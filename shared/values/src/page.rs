//! Pages of lists. The store returns a position with each page, and the caller sends it back for the next one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The keys of the last row of a page. `http-kit` turns them into an authenticated cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position(pub BTreeMap<String, String>);

impl Position {
    /// One key.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// The requested page.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// 1 to 100 rows.
    pub limit: u32,
    /// The position after which the page begins; none for the first page.
    pub after: Option<Position>,
}

impl PageRequest {
    /// Fails with `limit_out_of_range` unless the limit is 1 to 100. Without a limit it is 20.
    pub fn new(limit: Option<u32>, after: Option<Position>) -> Result<Self> {
        match limit.unwrap_or(20) {
            limit @ 1..=100 => Ok(Self { limit, after }),
            _ => Err(Error::invalid("limit", "limit_out_of_range", "must be from 1 to 100")),
        }
    }
}

/// A page of rows.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, in the order of the list.
    pub rows: Vec<T>,
    /// The position of the next page; none on the last page.
    pub next: Option<Position>,
}

impl<T> Page<T> {
    /// Converts every row of the page.
    pub fn map<U>(self, shape: impl FnMut(T) -> U) -> Page<U> {
        Page { rows: self.rows.into_iter().map(shape).collect(), next: self.next }
    }
}
