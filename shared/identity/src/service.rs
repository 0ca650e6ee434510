//! The service of this context. Every use case adds a method to it, in a file of its own.

use aws_kit::{Aws, Table};
use values::{Clock, Result};

use crate::store::Store;

/// The accounts of the shop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AccountService {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
}

impl AccountService {
    /// Uses the table that `SOUK_TABLE_IDENTITY` names.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(aws.table("SOUK_TABLE_IDENTITY")?, Clock::System))
    }

    /// Uses the given table and clock.
    pub fn new(table: Table, clock: Clock) -> Self {
        Self { store: Store::new(table), clock }
    }

    /// The table: its connection is opened at start.
    pub fn table(&self) -> &Table {
        &self.store.table
    }
}
