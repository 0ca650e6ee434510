//! The rows of taxes that a tax provider is to record, in the orders table. Only orders of a provider's countries have one.
//!
//! | pattern | key condition | index | cost |
//! |---|---|---|---|
//! | the due taxes of an order | `ORDER#{id}` / `DUE#TAXES` | table | 1 read unit |
//! | taxes that are due since before a time | gsi3pk `TAXES#{0-63}`, up to a time | gsi3 | 32 read units, 0.5 more per 4 KB |
//! | new, in the transaction of the capture | put | gsi3 | 2 write units, and 1 for the index |
//! | they are recorded, or refused | put without keys of the index | gsi3 | 1 write unit, and 1 for the index |
//!
//! The sort key is before those of the order's history, which is read from a sort key on.

use aws_kit::{Key, Query, Write, sweep};
use values::{OrderId, Result, Timestamp};

use crate::due_taxes::{DueTaxes, TaxOutcome};
use crate::order::Order;
use crate::store::{Orders, key, partition};

/// Rows of one shard that one sweep reads.
const MAX_DUE: u32 = 250;
const DUE_TAXES: &str = "DUE#TAXES";

impl Orders {
    /// The write of the taxes that are due with this version of an order, whose payment was captured. None if no tax provider records them.
    /// It has no condition, so that it never stops a capture: another one would have the same content.
    pub(crate) fn put_new_due_taxes(&self, order: &Order) -> Result<Option<Write>> {
        let Some(due) = DueTaxes::of(order) else { return Ok(None) };
        let shard = self.shards.of(order.id.uuid());
        let row = Write::put(self.table(), due_key(due.order_id), &due)?;
        Ok(Some(row.attribute("gsi3pk", format!("TAXES#{shard}"))?.attribute("gsi3sk", due.at)?))
    }

    /// The due taxes of an order. 1 round trip.
    pub(crate) async fn read_due_taxes(&self, id: OrderId) -> Result<Option<DueTaxes>> {
        // A query, because the role of the worker has no other read.
        let rows = Query::of(self.table(), partition(id)).begins_with(DUE_TAXES).first::<DueTaxes>(1).await?;
        Ok(rows.into_iter().next())
    }

    /// Stores what has become of due taxes. No sweep finds them any more. 1 round trip.
    pub(crate) async fn save_outcome(&self, due: &DueTaxes, outcome: TaxOutcome) -> Result<()> {
        let row = DueTaxes { outcome: Some(outcome), ..due.clone() };
        let _without_condition = Write::put(self.table(), due_key(due.order_id), &row)?.run().await?;
        Ok(())
    }

    /// Taxes that are due since before `since`, of each shard the oldest. A shard or a row that cannot be read is an error beside the others;
    /// fails only if no shard can be read. 4 round trips.
    pub async fn list_due_taxes(&self, since: Timestamp) -> Result<Vec<Result<DueTaxes>>> {
        let until = since.to_string();
        sweep(|shard| Query::index(self.table(), "gsi3", format!("TAXES#{shard}")).up_to(&until), MAX_DUE).await
    }
}

fn due_key(id: OrderId) -> Key {
    key(id, DUE_TAXES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order_rows::HEAD;
    use crate::store::HISTORY;

    #[test]
    fn row_is_neither_read_with_the_order_nor_with_its_history() {
        assert!(!DUE_TAXES.starts_with(HEAD) && DUE_TAXES < HISTORY);
    }
}
