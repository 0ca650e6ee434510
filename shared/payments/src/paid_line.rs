//! The lines of an order that is paid, and the refunds of their pieces. Pure.
//!
//! A line counts the pieces and the money of its refunds, made or pending. Each refund brings the money to what so many pieces cost, so
//! any partition of the pieces refunds exactly what was paid.

use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use values::{Error, Money, Quantity, Result, Sku};

/// A line of the order, for refunds. Its name is in the order only.
#[derive(Debug, Clone, PartialEq)]
pub struct PaidLine {
    pub sku: Sku,
    pub quantity: Quantity,
    /// What was paid for all pieces, discount and tax included.
    pub line_total: Money,
    /// The pieces whose refunds are made or pending.
    pub refunded_pieces: u32,
    /// What these refunds come to.
    pub refunded: Money,
}

/// Pieces of a line that a refund pays back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefundLine {
    pub sku: Sku,
    pub quantity: Quantity,
    /// What is paid back for them.
    pub amount: Money,
}

impl PaidLine {
    /// A line without refunds.
    pub fn new(sku: Sku, quantity: Quantity, line_total: Money) -> Self {
        Self { sku, quantity, line_total, refunded_pieces: 0, refunded: Money::zero(line_total.currency) }
    }

    /// What so many pieces cost, rounded down to a multiple of `step` minor units. All pieces cost all that was paid.
    fn cost_of(&self, pieces: u32, step: i64) -> i64 {
        let total = self.line_total.amount;
        if pieces >= self.quantity.get() {
            return total;
        }
        let part = i128::from(total) * i128::from(pieces) / i128::from(self.quantity.get());
        let step = i128::from(step);
        i64::try_from(part / step * step).unwrap_or(total)
    }

    /// The refund of so many more pieces, in multiples of `step` minor units. None if fewer are left.
    fn refund(&self, quantity: Quantity, step: i64) -> Option<RefundLine> {
        let pieces = self.refunded_pieces.saturating_add(quantity.get());
        if pieces > self.quantity.get() {
            return None;
        }
        // The refunds so far are what their pieces cost, or, after one has failed, a little more or less.
        let amount = self.cost_of(pieces, step).saturating_sub(self.refunded.amount).max(0);
        Some(RefundLine { sku: self.sku.clone(), quantity, amount: Money { amount, ..self.line_total } })
    }
}

/// The refund of some pieces of lines, in multiples of `step` minor units. 422 `line_unknown` for a SKU that is in no line or is named
/// twice; 409 `over_refunded` for more pieces than were bought and are not refunded yet.
pub(crate) fn refund_pieces(lines: &[PaidLine], pieces: &[(Sku, Quantity)], step: i64) -> Result<Vec<RefundLine>> {
    let refund = |(index, (sku, quantity)): (usize, &(Sku, Quantity))| {
        let is_repeated = pieces.iter().take(index).any(|(before, _)| before == sku);
        let line = lines.iter().find(|line| line.sku == *sku && !is_repeated);
        let line = line.ok_or_else(|| {
            let message = "does not match a line of the order: name each SKU once";
            Error::invalid(&format!("lines[{index}]"), "line_unknown", message)
        })?;
        line.refund(*quantity, step).ok_or_else(|| over_refunded(index, line))
    };
    pieces.iter().enumerate().map(refund).collect()
}

/// Counts a refund in its lines.
pub(crate) fn count_refund(lines: &mut [PaidLine], refund: &[RefundLine]) -> Result<()> {
    for RefundLine { sku, quantity, amount } in refund {
        if let Some(line) = lines.iter_mut().find(|line| line.sku == *sku) {
            line.refunded_pieces = line.refunded_pieces.saturating_add(quantity.get());
            line.refunded = line.refunded.plus(*amount)?;
        }
    }
    Ok(())
}

/// Counts a refund no more, because it has failed. Never below zero: during an update, the release before may write a payment, and drops
/// the counts of its lines.
pub(crate) fn uncount_refund(lines: &mut [PaidLine], refund: &[RefundLine]) {
    for RefundLine { sku, quantity, amount } in refund {
        if let Some(line) = lines.iter_mut().find(|line| line.sku == *sku) {
            line.refunded_pieces = line.refunded_pieces.saturating_sub(quantity.get());
            line.refunded.amount = line.refunded.amount.saturating_sub(amount.amount).max(0);
        }
    }
}

fn over_refunded(index: usize, line: &PaidLine) -> Error {
    let (bought, sku) = (line.quantity.get(), &line.sku);
    let left = bought.saturating_sub(line.refunded_pieces);
    let facts: Map<_, _> =
        [("sku".to_owned(), json!(sku)), ("refundable".to_owned(), json!(left))].into_iter().collect();
    let detail = format!("Only {left} of {bought} pieces of {sku} can still be refunded.");
    Error::conflict("over_refunded", detail.clone()).with_facts(
        format!("lines[{index}]"),
        "over_refunded",
        detail,
        facts,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sku() -> Sku {
        "MUG".parse().unwrap()
    }

    fn pieces(number: u32) -> Quantity {
        Quantity::new(number).unwrap()
    }

    fn line(bought: u32, total: i64) -> PaidLine {
        PaidLine::new(sku(), pieces(bought), Money::new(total, "EUR".parse().unwrap()))
    }

    /// Refunds pieces, and counts them.
    fn refund(lines: &mut [PaidLine], number: u32, step: i64) -> Vec<RefundLine> {
        let refund = refund_pieces(lines, &[(sku(), pieces(number))], step).unwrap();
        count_refund(lines, &refund).unwrap();
        refund
    }

    fn amount(refund: &[RefundLine]) -> i64 {
        refund.iter().map(|line| line.amount.amount).sum()
    }

    #[test]
    fn single_refunds_come_to_what_was_paid() {
        let refunds = |bought, total, step| {
            let mut lines = [line(bought, total)];
            (0..bought).map(|_| amount(&refund(&mut lines, 1, step))).collect::<Vec<_>>()
        };
        assert_eq!(refunds(3, 1_000, 1), [333, 333, 334]);
        assert_eq!(refunds(3, 10_000, 10), [3_330, 3_330, 3_340], "Stripe accepts no other amounts in KWD");
        // 10 x 23.90, 25 % off: woocommerce #64668.
        let ten = refunds(10, 17_925, 1);
        assert_eq!((ten.iter().sum::<i64>(), ten[0], ten[1]), (17_925, 1_792, 1_793));
    }

    #[test]
    fn pieces_are_refunded_once() {
        let mut lines = [line(3, 1_000)];
        let code = |lines: &[PaidLine], number| {
            let refusal = refund_pieces(lines, &[(sku(), pieces(number))], 1).unwrap_err();
            (refusal.code, refusal.fields[0].facts["refundable"].as_u64())
        };
        assert_eq!(code(&lines, 4), ("over_refunded", Some(3)));
        let two = refund(&mut lines, 2, 1);
        assert_eq!(code(&lines, 2), ("over_refunded", Some(1)));
        refund(&mut lines, 1, 1);
        assert_eq!(code(&lines, 1), ("over_refunded", Some(0)));
        uncount_refund(&mut lines, &two);
        assert_eq!((lines[0].refunded_pieces, lines[0].refunded.amount), (1, 334));
        assert_eq!(amount(&refund(&mut lines, 2, 1)), 666);
    }

    #[test]
    fn line_is_named_once() {
        let lines = [line(3, 1_000)];
        let other = "LAMP".parse().unwrap();
        for bad in [vec![(other, pieces(1))], vec![(sku(), pieces(1)), (sku(), pieces(1))]] {
            assert_eq!(refund_pieces(&lines, &bad, 1).unwrap_err().fields[0].code, "line_unknown");
        }
    }

    #[test]
    fn failed_refund_of_pieces_that_were_not_counted_counts_nothing() {
        let mut lines = [line(3, 1_000)];
        let refund = refund_pieces(&lines, &[(sku(), pieces(2))], 1).unwrap();
        uncount_refund(&mut lines, &refund);
        assert_eq!(lines, [line(3, 1_000)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_partition_refunds_what_was_paid(
            steps in 0i64..1_000_000_000_000,
            step in prop::sample::select(vec![1i64, 10, 100]),
            parts in prop::collection::vec(1u32..100, 1..10),
        ) {
            let bought: u32 = parts.iter().sum();
            let mut lines = [line(bought, steps * step)];
            let mut refunded = 0;
            for part in parts {
                let amount = amount(&refund(&mut lines, part, step));
                prop_assert!(amount >= 0 && amount % step == 0);
                refunded += amount;
            }
            prop_assert_eq!(refunded, steps * step);
            prop_assert!(refund_pieces(&lines, &[(sku(), pieces(1))], step).is_err());
        }

        #[test]
        fn refunds_come_to_what_was_paid_whichever_of_them_fail(
            bought in 1u32..50,
            steps in 0i64..100_000,
            step in prop::sample::select(vec![1i64, 10, 100]),
            events in prop::collection::vec((any::<bool>(), 1u32..20, any::<prop::sample::Index>()), 0..40),
        ) {
            let total = steps * step;
            let mut lines = [line(bought, total)];
            let mut refunds: Vec<Vec<RefundLine>> = Vec::new();
            for (fails, number, index) in events {
                if fails && !refunds.is_empty() {
                    let failed = refunds.remove(index.index(refunds.len()));
                    uncount_refund(&mut lines, &failed);
                } else if lines[0].refunded_pieces + number <= bought {
                    refunds.push(refund(&mut lines, number, step));
                }
                let refunded: i64 = refunds.iter().map(|refund| amount(refund)).sum();
                prop_assert_eq!(refunded, lines[0].refunded.amount);
                prop_assert!(refunded <= total);
            }
            let left = bought - lines[0].refunded_pieces;
            if left > 0 {
                refunds.push(refund(&mut lines, left, step));
            }
            prop_assert_eq!(refunds.iter().map(|refund| amount(refund)).sum::<i64>(), total);
        }
    }
}
