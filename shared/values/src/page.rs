//! Lists are read a page at a time, from a position that the store hands out and the caller gives back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Where a page ended: the keys of its last row. `http-kit` makes an authenticated cursor of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position(pub BTreeMap<String, String>);

impl Position {
    /// One named part.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// What page is asked for.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// 1 to 100 rows.
    pub limit: u32,
    /// After which row; from the beginning if none.
    pub after: Option<Position>,
}

impl PageRequest {
    /// Refuses a limit out of 1-100; without one it is 20.
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
    /// In the list's order.
    pub rows: Vec<T>,
    /// Where the next page begins; none after the last.
    pub next: Option<Position>,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub fn map<U>(self, shape: impl FnMut(T) -> U) -> Page<U> {
        Page { rows: self.rows.into_iter().map(shape).collect(), next: self.next }
    }
}
