//! The rows of the movement log. A partition of its own per SKU: beside the offer they would take their share of the 1,000
//! write units a second that DynamoDB gives a partition, and a SKU that sells well needs all of those for its sales.

use aws_kit::fault::mutant;
use aws_kit::{Key, Query, Write};
use values::{Clock, EventId, Page, PageRequest, Result, Sku};

use crate::{Catalog, Moved};

impl Catalog {
    /// The write of a line. Not conditional: the same line once more is the same row.
    pub(crate) fn log(&self, line: &Moved) -> Result<Write> {
        let mut name = line.name();
        if mutant("movement_doubled") {
            let again: EventId = Clock::System.mint();
            name = format!("{name}#{again}");
        }
        Write::put(&self.table, Key::new(partition(&line.sku), name), line)
    }

    /// The lines of a SKU, newest first.
    pub(crate) async fn logged(&self, sku: &Sku, request: &PageRequest) -> Result<Page<Moved>> {
        Query::of(&self.table, partition(sku)).descending().page(request).await
    }
}

fn partition(sku: &Sku) -> String {
    format!("MOVES#{sku}")
}
