//! Personal data: export all of it into one file, close an account, and erase what a closed account leaves.
//!
//! An export is a job that one worker at a time holds by a lease. A closed account is gone at once; its other rows are erased page
//! by page, and every page can be repeated. An export contains no secret and no digest of a secret.

mod begin_export;
mod close_account;
pub(crate) mod closed_account;
mod erase;
mod export;
pub(crate) mod export_job;
mod find_export;
mod load_export;
mod store;
mod write_export;

pub use export_job::{ExportJob, export_folder};
