//! Room of imports: a file of codes becomes codes of a promotion, by a job that runs in slices of some seconds.
//!
//! Invariants: one worker at a time holds a job. A job continues after its last checkpoint. A line that is imported twice changes nothing
//! the second time. A message only says that a job may have work; its row says what is left.

pub(crate) mod begin;
pub(crate) mod code_import;
pub(crate) mod columns;
pub(crate) mod import_lines;
pub(crate) mod line;
pub(crate) mod read;
pub(crate) mod service;
pub(crate) mod store;
pub(crate) mod work;
