//! Room of the task that brings rows of earlier releases into the one form: texts in NFC, category keys in their comparison form, and a
//! claim of each SKU in all letter cases. Housekeeping runs it after the release that has these rules.
//!
//! Invariants: rows are changed by the writes of the other rooms, under their versions, so the shop can be open meanwhile. A row that is
//! in form is not written, so the task can be repeated. Its progress is stored after each page, so it can be interrupted.

pub(crate) mod claim_skus;
pub(crate) mod merge_categories;
pub(crate) mod progress;
pub(crate) mod rewrite_products;
pub(crate) mod run;
pub(crate) mod store;
