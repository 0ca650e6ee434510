//! The lines of an order that is paid, and the refunds of their pieces. Pure.
//!
//! A line counts the pieces and the money of its refunds, made or pending: without tax, and each tax. A refund brings each of these to what
//! so many pieces cost, so any partition of the pieces refunds exactly what was paid.

use pricing::{PaidAmount, Pieces, Step};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use values::{Error, Money, Quantity, Result, Sku};

use crate::refund_sum::RefundSum;

/// A line of the order, for refunds. Its name is in the order only.
#[derive(Debug, Clone, PartialEq)]
pub struct PaidLine {
    pub sku: Sku,
    pub quantity: Quantity,
    /// What was paid for all pieces, after discounts.
    pub paid: PaidAmount,
    /// The pieces whose refunds are made or pending.
    pub refunded_pieces: u32,
    /// What these refunds come to. It has the same taxes as `paid`.
    pub refunded: PaidAmount,
}

/// Pieces of a line that a refund pays back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    pub sku: Sku,
    pub quantity: Quantity,
    /// What is paid back for them.
    #[serde(flatten)]
    pub sum: RefundSum,
}

impl PaidLine {
    /// A line without refunds.
    pub fn new(sku: Sku, quantity: Quantity, paid: PaidAmount) -> Self {
        let zero = Money::zero(paid.net.currency);
        let refunded = PaidAmount { net: zero, taxes: vec![zero; paid.taxes.len()] };
        Self { sku, quantity, paid, refunded_pieces: 0, refunded }
    }

    /// The refund of so many more pieces, in multiples of `step`. None if fewer are left.
    fn refund(&self, quantity: Quantity, step: Step) -> Result<Option<RefundLine>> {
        let bought = self.quantity.get();
        let pieces = self.refunded_pieces.saturating_add(quantity.get());
        if pieces > bought {
            return Ok(None);
        }
        // What all of them cost, less the refunds so far. Those are what their pieces cost, or, after one has failed, a little more or less.
        let cost = self.paid.refund(step, Pieces { bought, refunded: 0, now: pieces })?;
        let net = rest(cost.net, self.refunded.net)?;
        let taxes = cost.taxes.iter().zip(&self.refunded.taxes).map(|(cost, refunded)| rest(*cost, *refunded));
        let sum = RefundSum::new(net, taxes.collect::<Result<_>>()?)?;
        Ok(Some(RefundLine { sku: self.sku.clone(), quantity, sum }))
    }

    fn count(&mut self, RefundLine { quantity, sum, .. }: &RefundLine) -> Result<()> {
        self.refunded_pieces = self.refunded_pieces.saturating_add(quantity.get());
        self.refunded.net = self.refunded.net.plus(sum.net)?;
        for (refunded, tax) in self.refunded.taxes.iter_mut().zip(&sum.taxes) {
            *refunded = refunded.plus(*tax)?;
        }
        Ok(())
    }

    /// Never below zero: during an update, the release before may write a payment, and drops the counts of its lines.
    fn uncount(&mut self, RefundLine { quantity, sum, .. }: &RefundLine) -> Result<()> {
        self.refunded_pieces = self.refunded_pieces.saturating_sub(quantity.get());
        self.refunded.net = rest(self.refunded.net, sum.net)?;
        for (refunded, tax) in self.refunded.taxes.iter_mut().zip(&sum.taxes) {
            *refunded = rest(*refunded, *tax)?;
        }
        Ok(())
    }
}

/// The refund of some pieces of lines, in multiples of `step`. 422 `line_unknown` for a SKU that is in no line or is named twice; 409
/// `over_refunded` for more pieces than were bought and are not refunded yet.
pub(crate) fn refund_pieces(lines: &[PaidLine], pieces: &[(Sku, Quantity)], step: Step) -> Result<Vec<RefundLine>> {
    let refund = |(index, (sku, quantity)): (usize, &(Sku, Quantity))| {
        let is_repeated = pieces.iter().take(index).any(|(before, _)| before == sku);
        let line = lines.iter().find(|line| line.sku == *sku && !is_repeated);
        let line = line.ok_or_else(|| {
            let message = "does not match a line of the order: name each SKU once";
            Error::invalid(&format!("lines[{index}]"), "line_unknown", message)
        })?;
        line.refund(*quantity, step)?.ok_or_else(|| over_refunded(index, line))
    };
    pieces.iter().enumerate().map(refund).collect()
}

/// Counts a refund in its lines.
pub(crate) fn count_refund(lines: &mut [PaidLine], refund: &[RefundLine]) -> Result<()> {
    for refund in refund {
        if let Some(line) = lines.iter_mut().find(|line| line.sku == refund.sku) {
            line.count(refund)?;
        }
    }
    Ok(())
}

/// Counts a refund no more, because it has failed.
pub(crate) fn uncount_refund(lines: &mut [PaidLine], refund: &[RefundLine]) -> Result<()> {
    for refund in refund {
        if let Some(line) = lines.iter_mut().find(|line| line.sku == refund.sku) {
            line.uncount(refund)?;
        }
    }
    Ok(())
}

/// What is left of an amount, zero at least.
fn rest(amount: Money, less: Money) -> Result<Money> {
    let rest = amount.minus(less)?;
    Ok(Money { amount: rest.amount.max(0), ..rest })
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

    /// The parts of a line: what was paid without tax, and each tax.
    fn paid(parts: &[i64]) -> PaidAmount {
        let mut parts = parts.iter().map(|part| Money::new(*part, "EUR".parse().unwrap()));
        PaidAmount { net: parts.next().unwrap(), taxes: parts.collect() }
    }

    fn line(bought: u32, parts: &[i64]) -> PaidLine {
        PaidLine::new(sku(), pieces(bought), paid(parts))
    }

    fn parts_of(paid: &PaidAmount) -> Vec<i64> {
        [paid.net].iter().chain(&paid.taxes).map(|part| part.amount).collect()
    }

    /// Refunds pieces, and counts them.
    fn refund(lines: &mut [PaidLine], number: u32, step: i64) -> RefundLine {
        let mut refund = refund_pieces(lines, &[(sku(), pieces(number))], Step::new(step).unwrap()).unwrap();
        count_refund(lines, &refund).unwrap();
        refund.pop().unwrap()
    }

    /// The parts of a refund.
    fn parts(RefundLine { sum: RefundSum { net, taxes, .. }, .. }: &RefundLine) -> Vec<i64> {
        parts_of(&PaidAmount { net: *net, taxes: taxes.clone() })
    }

    fn amount(refund: &RefundLine) -> i64 {
        refund.sum.amount.amount
    }

    /// The sum of refunds, part by part.
    fn sums(number: usize, refunds: &[RefundLine]) -> Vec<i64> {
        let mut sums = vec![0; number];
        for refund in refunds {
            for (sum, part) in sums.iter_mut().zip(parts(refund)) {
                *sum += part;
            }
        }
        sums
    }

    #[test]
    fn single_refunds_come_to_what_was_paid() {
        let refunds = |bought, parts: &[i64], step| {
            let mut lines = [line(bought, parts)];
            (0..bought).map(|_| amount(&refund(&mut lines, 1, step))).collect::<Vec<_>>()
        };
        assert_eq!(refunds(3, &[1_000], 1), [333, 333, 334]);
        assert_eq!(refunds(3, &[10_000], 10), [3_330, 3_330, 3_340], "Stripe accepts no other amounts in KWD");
        // 10 x 23.90 gross 20 %, 25 % off: woocommerce #64668.
        let ten = refunds(10, &[14_937, 2_988], 1);
        assert_eq!((ten.iter().sum::<i64>(), ten[0], ten[1]), (17_925, 1_791, 1_793));
        // The mugs of docs/pricing.md.
        assert_eq!(refunds(3, &[1_361, 259], 1), [539, 540, 541]);
    }

    #[test]
    fn net_and_each_tax_are_refunded_with_the_pieces() {
        // A state and a county.
        let mut lines = [line(3, &[2_000, 125, 50])];
        let first = refund(&mut lines, 1, 1);
        assert_eq!((parts(&first), amount(&first)), (vec![666, 41, 16], 723));
        let others = refund(&mut lines, 2, 1);
        assert_eq!((parts(&others), amount(&others)), (vec![1_334, 84, 34], 1_452));
        assert_eq!(lines[0].refunded, lines[0].paid);
    }

    #[test]
    fn parts_of_a_refund_are_whole_steps() {
        let mut lines = [line(3, &[13_400, 2_600])];
        assert_eq!(parts(&refund(&mut lines, 1, 100)), [4_400, 800]);
        assert_eq!(parts(&refund(&mut lines, 2, 100)), [9_000, 1_800]);
    }

    #[test]
    fn pieces_are_refunded_once() {
        let mut lines = [line(3, &[900, 100])];
        let code = |lines: &[PaidLine], number| {
            let refusal = refund_pieces(lines, &[(sku(), pieces(number))], Step::ONE).unwrap_err();
            (refusal.code, refusal.fields[0].facts["refundable"].as_u64())
        };
        assert_eq!(code(&lines, 4), ("over_refunded", Some(3)));
        let two = refund(&mut lines, 2, 1);
        assert_eq!(code(&lines, 2), ("over_refunded", Some(1)));
        refund(&mut lines, 1, 1);
        assert_eq!(code(&lines, 1), ("over_refunded", Some(0)));
        uncount_refund(&mut lines, &[two]).unwrap();
        assert_eq!((lines[0].refunded_pieces, parts_of(&lines[0].refunded)), (1, vec![300, 34]));
        assert_eq!(parts(&refund(&mut lines, 2, 1)), [600, 66]);
    }

    #[test]
    fn line_is_named_once() {
        let lines = [line(3, &[1_000])];
        let other = "LAMP".parse().unwrap();
        for bad in [vec![(other, pieces(1))], vec![(sku(), pieces(1)), (sku(), pieces(1))]] {
            assert_eq!(refund_pieces(&lines, &bad, Step::ONE).unwrap_err().fields[0].code, "line_unknown");
        }
    }

    #[test]
    fn failed_refund_of_pieces_that_were_not_counted_counts_nothing() {
        let mut lines = [line(3, &[900, 100])];
        let refund = refund_pieces(&lines, &[(sku(), pieces(2))], Step::ONE).unwrap();
        uncount_refund(&mut lines, &refund).unwrap();
        assert_eq!(lines, [line(3, &[900, 100])]);
    }

    #[test]
    fn refund_is_stored_with_its_parts() {
        let two = refund(&mut [line(3, &[900, 100])], 2, 1);
        let eur = |amount: i64| json!({ "amount": amount, "currency": "EUR" });
        let row = json!({ "sku": "MUG", "quantity": 2, "amount": eur(666), "net": eur(600), "taxes": [eur(66)] });
        assert_eq!(serde_json::to_value(&two).unwrap(), row);
        assert_eq!(serde_json::from_value::<RefundLine>(row).unwrap(), two);
    }

    /// What was paid, in whole steps: without tax, and up to three taxes.
    fn steps() -> impl Strategy<Value = Vec<i64>> {
        prop::collection::vec(0i64..1_000_000_000_000, 1..=4)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_partition_refunds_what_was_paid(
            steps in steps(),
            step in prop::sample::select(vec![1i64, 10, 100]),
            partition in prop::collection::vec(1u32..100, 1..10),
        ) {
            let total: Vec<i64> = steps.iter().map(|steps| steps * step).collect();
            let bought: u32 = partition.iter().sum();
            let mut lines = [line(bought, &total)];
            let mut refunds = Vec::new();
            for number in partition {
                let refund = refund(&mut lines, number, step);
                prop_assert!(parts(&refund).iter().all(|part| *part >= 0 && part % step == 0), "{refund:?}");
                prop_assert_eq!(amount(&refund), parts(&refund).iter().sum::<i64>());
                refunds.push(refund);
            }
            prop_assert_eq!(sums(total.len(), &refunds), total);
            prop_assert!(refund_pieces(&lines, &[(sku(), pieces(1))], Step::ONE).is_err());
        }

        #[test]
        fn refunds_come_to_what_was_paid_whichever_of_them_fail(
            bought in 1u32..50,
            steps in prop::collection::vec(0i64..100_000, 1..=3),
            step in prop::sample::select(vec![1i64, 10, 100]),
            events in prop::collection::vec((any::<bool>(), 1u32..20, any::<prop::sample::Index>()), 0..40),
        ) {
            let total: Vec<i64> = steps.iter().map(|steps| steps * step).collect();
            let mut lines = [line(bought, &total)];
            let mut refunds: Vec<RefundLine> = Vec::new();
            for (fails, number, index) in events {
                if fails && !refunds.is_empty() {
                    let failed = refunds.remove(index.index(refunds.len()));
                    uncount_refund(&mut lines, &[failed]).unwrap();
                } else if lines[0].refunded_pieces + number <= bought {
                    refunds.push(refund(&mut lines, number, step));
                }
                let refunded = sums(total.len(), &refunds);
                prop_assert_eq!(&refunded, &parts_of(&lines[0].refunded));
                prop_assert!(refunded.iter().zip(&total).all(|(refunded, total)| refunded <= total));
            }
            let left = bought - lines[0].refunded_pieces;
            if left > 0 {
                refunds.push(refund(&mut lines, left, step));
            }
            prop_assert_eq!(sums(total.len(), &refunds), total);
        }
    }
}
