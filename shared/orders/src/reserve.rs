//! How the lines of an order reserve stock, and what a failed reservation means.

use aws_kit::{ConditionFailures, Slot};
use cart::Line;
use catalog::{BuyerKind, Part, ReservationFailure, StockRow, Wanted, read_reservation_failure};
use values::Result;

use crate::refusal::LineProblem;

/// What a line wants.
pub(crate) fn wanted(line: &Line, buyer: BuyerKind) -> Wanted<'_> {
    Wanted { sku: &line.sku, quantity: line.quantity.get(), price_version: line.price_version, buyer }
}

/// All pieces of a line, in the row of its offer.
pub(crate) fn whole(line: &Line) -> Part {
    Part { row: StockRow::Offer, pieces: line.quantity.get() }
}

/// The lines whose conditions failed in a transaction. `stock` has the write of each line.
pub(crate) fn line_problems<'a>(
    failures: &ConditionFailures,
    stock: &[Slot],
    lines: &'a [Line],
    buyer: BuyerKind,
) -> Result<Vec<LineProblem<'a>>> {
    let mut problems = Vec::new();
    for (slot, line) in stock.iter().zip(lines) {
        let Some(failure) = failures.of(*slot) else { continue };
        if let ReservationFailure::Refused(refusal) =
            read_reservation_failure(failure, &wanted(line, buyer), whole(line))?
        {
            problems.push((line, refusal));
        }
    }
    Ok(problems)
}
