//! Erase what counts a customer whose account was closed.

use futures::future::try_join_all;
use values::Result;

use crate::limits::customer_key::CustomerKey;
use crate::store::Promotions;

/// Rows that are erased together.
const PAGE: u32 = 25;

impl Promotions {
    /// Erases a page of what counts a customer; false when none was left. Each page makes the next one shorter, so it can be repeated. An
    /// order that is cancelled afterwards gives nothing back for the customer. 1 read, at most 25 writes side by side.
    pub async fn erase_customer(&self, customer: &CustomerKey) -> Result<bool> {
        let rows = self.customer_rows(customer, PAGE).await?;
        let is_done = rows.is_empty();
        let _erased_before = try_join_all(rows.into_iter().map(|row| self.delete_customer_row(row).run())).await?;
        Ok(!is_done)
    }
}
