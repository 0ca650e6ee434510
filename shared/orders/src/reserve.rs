//! How the lines of an order reserve stock: each in the row of its offer, or in a bucket of an offer of a flash sale. A reservation that
//! fails refuses the order, or gets other rows in the next attempt.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_kit::fault::mutant;
use aws_kit::{ConditionFailures, Slot, Transaction};
use cart::Line;
use catalog::{
    BuyerKind, Catalog, FoundRows, OrderMovement, Part, ReservationFailure, SaleRefusal, StockRow, Wanted,
    read_reservation_failure,
};
use values::{Result, Sku};

use crate::checkout::Checkout;
use crate::order::ReservedRows;
use crate::refusal::LineProblem;

/// How long an order looks for rows with enough pieces, in all its attempts.
const SEARCH_TIME: Duration = Duration::from_secs(3);

/// How the lines of an order are reserved, from one attempt to the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reservation {
    lines: Vec<LineReservation>,
    /// When the search for rows ends. None before the first one.
    until: Option<Instant>,
}

/// How one line is reserved.
#[derive(Debug, Clone, Default)]
struct LineReservation {
    /// The number of buckets of its offer, as far as is known.
    buckets: Option<u16>,
    /// A bucket had too few pieces or an old price, so rows are searched.
    is_short: bool,
    /// Where this attempt reserves, and the writes once they are added.
    parts: Vec<(Part, Option<Slot>)>,
}

impl Checkout {
    /// Chooses the rows of all lines, after the conditions of the attempt before have `failed`. Returns the lines that cannot be bought. No
    /// round trip, unless buckets of a line are too small ([`Catalog::find_any_row`], [`Catalog::find_rows`]).
    pub(crate) async fn choose_rows<'l>(
        &self,
        lines: &'l [Line],
        buyer: BuyerKind,
        reservation: &mut Reservation,
        failed: Option<&ConditionFailures>,
    ) -> Result<Vec<LineProblem<'l>>> {
        let catalog = &self.service.catalog;
        match failed {
            Some(failed) => reservation.learn(catalog, lines, buyer, failed)?,
            None => *reservation = Reservation::of(lines),
        }
        let Reservation { lines: reserved, until } = reservation;
        // A transaction has room for the parts of one line.
        let (mut problems, mut may_split) = (Vec::new(), true);
        for (line, reserved) in lines.iter().zip(reserved) {
            let wanted = wanted(line, buyer);
            let found = match reserved.buckets {
                None => FoundRows::Parts(vec![Part { row: StockRow::Offer, pieces: wanted.quantity }]),
                Some(_) if reserved.is_short => {
                    let until = *until.get_or_insert_with(|| Instant::now() + SEARCH_TIME);
                    // Boxed, because it is large and rare.
                    Box::pin(catalog.find_rows(&wanted, may_split, until)).await?
                }
                Some(buckets) => match catalog.choose_row(&wanted, buckets) {
                    Some(part) => FoundRows::Parts(vec![part]),
                    None => catalog.find_any_row(&wanted).await?,
                },
            };
            match found {
                FoundRows::Refused(refusal) => problems.push((line, refusal)),
                FoundRows::Parts(parts) => {
                    may_split &= parts.len() == 1;
                    reserved.parts = parts.into_iter().map(|part| (part, None)).collect();
                }
            }
        }
        Ok(problems)
    }
}

impl Reservation {
    fn of(lines: &[Line]) -> Self {
        let line = |line: &Line| LineReservation { buckets: line.buckets, ..LineReservation::default() };
        Self { lines: lines.iter().map(line).collect(), until: None }
    }

    /// Could another attempt reserve in other rows?
    pub(crate) fn has_buckets(&self) -> bool {
        self.lines.iter().any(|line| line.buckets.is_some())
    }

    /// In which rows this attempt reserves, for the SKUs that are not all in the row of their offer.
    pub(crate) fn rows(&self, lines: &[Line]) -> BTreeMap<Sku, ReservedRows> {
        let by_sku = lines.iter().zip(&self.lines).map(|(line, reserved)| (line.sku.clone(), reserved.rows()));
        by_sku.filter(|(_, rows)| rows.iter().any(|(bucket, _)| bucket.is_some())).collect()
    }

    /// Adds the writes of all parts.
    pub(crate) fn add_writes(
        &mut self,
        catalog: &Catalog,
        lines: &[Line],
        buyer: BuyerKind,
        sale: &OrderMovement,
        writes: &mut Transaction,
    ) -> Result<()> {
        for (line, reserved) in lines.iter().zip(&mut self.lines) {
            for (part, slot) in &mut reserved.parts {
                *slot = Some(writes.add(catalog.reserve_stock(&wanted(line, buyer), *part, sale)?));
            }
        }
        Ok(())
    }

    /// The lines that are refused because of their failed conditions. Other lines whose conditions failed get other rows.
    pub(crate) fn line_problems<'l>(
        &self,
        failures: &ConditionFailures,
        lines: &'l [Line],
        buyer: BuyerKind,
    ) -> Result<Vec<LineProblem<'l>>> {
        let mut problems: Vec<LineProblem<'l>> = Vec::new();
        for (line, reserved) in lines.iter().zip(&self.lines) {
            for (part, failure) in reserved.failures(failures, line, buyer)? {
                let refusal = match failure {
                    ReservationFailure::Refused(refusal) => refusal,
                    ReservationFailure::Short { available }
                        if matches!(part.row, StockRow::Bucket(_)) && mutant("refused_after_one_bucket") =>
                    {
                        SaleRefusal::InsufficientStock { available }
                    }
                    ReservationFailure::Short { .. } | ReservationFailure::Bucketed(_) => continue,
                };
                problems.push((line, refusal));
                break;
            }
        }
        Ok(problems)
    }

    /// Learns from the failed conditions of an attempt that was not refused.
    fn learn(&mut self, catalog: &Catalog, lines: &[Line], buyer: BuyerKind, failed: &ConditionFailures) -> Result<()> {
        for (line, reserved) in lines.iter().zip(&mut self.lines) {
            for (part, failure) in reserved.failures(failed, line, buyer)? {
                match failure {
                    ReservationFailure::Bucketed(buckets) => reserved.buckets = Some(buckets),
                    ReservationFailure::Short { available } => {
                        catalog.note_short(&line.sku, part, available);
                        reserved.is_short = true;
                    }
                    ReservationFailure::Refused(_) => {}
                }
            }
        }
        Ok(())
    }
}

impl LineReservation {
    fn rows(&self) -> ReservedRows {
        let bucket = |row: StockRow| match row {
            StockRow::Bucket(bucket) => Some(bucket),
            StockRow::Offer | StockRow::Tail => None,
        };
        self.parts.iter().map(|(part, _)| (bucket(part.row), part.pieces)).collect()
    }

    /// The parts whose conditions failed, and why.
    fn failures(
        &self,
        failures: &ConditionFailures,
        line: &Line,
        buyer: BuyerKind,
    ) -> Result<Vec<(Part, ReservationFailure)>> {
        let failed = self.parts.iter().filter_map(|(part, slot)| Some((*part, failures.of((*slot)?)?)));
        failed
            .map(|(part, failure)| Ok((part, read_reservation_failure(failure, &wanted(line, buyer), part)?)))
            .collect()
    }
}

/// What a line wants.
fn wanted(line: &Line, buyer: BuyerKind) -> Wanted<'_> {
    Wanted { sku: &line.sku, quantity: line.quantity.get(), price_version: line.price_version, buyer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::{Clock, Money, Quantity};

    fn line(sku: &str) -> Line {
        Line {
            sku: sku.parse().unwrap(),
            product_id: Clock::System.mint(),
            name: sku.into(),
            quantity: Quantity::new(3).unwrap(),
            unit_price: Money::new(450, "EUR".parse().unwrap()),
            price_version: 1,
            available: 9,
            buckets: None,
        }
    }

    fn reserved(parts: &[(StockRow, u32)]) -> LineReservation {
        let parts = parts.iter().map(|(row, pieces)| (Part { row: *row, pieces: *pieces }, None));
        LineReservation { parts: parts.collect(), ..LineReservation::default() }
    }

    #[test]
    fn order_remembers_the_rows_of_skus_in_buckets_only() {
        let lines = ["BOWL", "CUP", "JAR", "MUG"].map(line);
        let reservation = Reservation {
            lines: vec![
                reserved(&[(StockRow::Offer, 3)]),
                reserved(&[(StockRow::Tail, 3)]),
                reserved(&[(StockRow::Bucket(0), 3)]),
                reserved(&[(StockRow::Tail, 2), (StockRow::Bucket(17), 1)]),
            ],
            until: None,
        };
        let rows: [(Sku, ReservedRows); 2] =
            [("JAR".parse().unwrap(), vec![(Some(0), 3)]), ("MUG".parse().unwrap(), vec![(None, 2), (Some(17), 1)])];
        assert_eq!(reservation.rows(&lines), BTreeMap::from(rows));
        assert!(Reservation::of(&lines).rows(&lines).is_empty());
    }
}
