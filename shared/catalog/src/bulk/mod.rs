//! Room of bulk work: imports and exports of products, which run as jobs in slices of some seconds.
//!
//! Invariants: one worker at a time holds a job. A job continues after its last checkpoint. A line that is imported twice changes
//! nothing the second time. An exported file can be imported again.

pub(crate) mod begin;
pub(crate) mod columns;
#[cfg(test)]
mod excel_tests;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod job;
pub(crate) mod line;
pub(crate) mod progress;
pub(crate) mod read;
pub(crate) mod readable_sku;
pub(crate) mod rows;
pub(crate) mod service;
pub(crate) mod store;
pub(crate) mod upsert;
pub(crate) mod work;
