//! How much of a payment is to be refunded. Pure.

use serde_json::Map;
use values::{Error, Money, Quantity, Result, Sku};

use crate::paid_line::{RefundLine, refund_pieces};
use crate::payment::Payment;
use crate::provider_unit::ProviderUnit;

/// How much of a payment is to be refunded.
#[derive(Debug, Clone)]
pub enum RefundAmount {
    /// All that is still refundable.
    Rest,
    Amount(Money),
    /// The price of some pieces of its lines.
    Lines(Vec<(Sku, Quantity)>),
}

impl RefundAmount {
    /// The amount in money, and the pieces that it pays back; 409 `nothing_to_refund` or `over_refunded`; 422 `amount_out_of_range`,
    /// `amount_not_multiple`, `currency_mismatch` or `line_unknown`.
    pub(crate) fn resolve(&self, payment: &Payment) -> Result<(Money, Vec<RefundLine>)> {
        if payment.amount.amount == 0 {
            return Err(Error::conflict("nothing_to_refund", "The order cost nothing, so nothing was paid for it."));
        }
        let (refundable, unit) = (payment.balance.refundable, ProviderUnit::stripe(payment.amount.currency));
        let (amount, lines, field) = match self {
            Self::Rest if refundable.amount > 0 => return Ok((refundable, Vec::new())),
            Self::Rest => {
                let detail = "The whole payment is refunded, or its refunds are pending.";
                return Err(Error::conflict("nothing_to_refund", detail));
            }
            Self::Amount(amount) => (*amount, Vec::new(), "amount"),
            Self::Lines(pieces) => {
                let lines = refund_pieces(&payment.lines, pieces, unit.step())?;
                let zero = Money::zero(payment.amount.currency);
                (lines.iter().try_fold(zero, |sum, line| sum.plus(line.amount))?, lines, "lines")
            }
        };
        if amount.currency != payment.amount.currency {
            let message = format!("the payment is in {}", payment.amount.currency);
            return Err(Error::invalid("amount.currency", "currency_mismatch", message));
        }
        if amount.amount <= 0 {
            return Err(Error::invalid(field, "amount_out_of_range", "must be more than zero"));
        }
        unit.check(field, amount)?;
        Ok((amount, lines))
    }
}

/// Refuses an amount that exceeds what is still refundable: 409 `refund_exceeds_captured`.
pub(crate) fn check_refundable(amount: Money, payment: &Payment) -> Result<()> {
    let refundable = payment.balance.refundable;
    if amount.amount <= refundable.amount {
        return Ok(());
    }
    let facts: Map<_, _> = [("refundable".to_owned(), serde_json::json!(refundable))].into_iter().collect();
    let detail = format!("Only {refundable} of this payment can still be refunded.");
    Err(Error::conflict("refund_exceeds_captured", detail.clone()).with_facts(
        "amount",
        "refund_exceeds_captured",
        detail,
        facts,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::Balance;
    use crate::payment::tests::payment;

    #[test]
    fn payment_of_nothing_has_nothing_to_refund() {
        let eur = |amount| Money::new(amount, payment().amount.currency);
        let line = ("MUG".parse().unwrap(), Quantity::new(1).unwrap());
        let free = Payment { amount: eur(0), attempts: vec![], ..payment() };
        for amount in [RefundAmount::Rest, RefundAmount::Amount(eur(1)), RefundAmount::Lines(vec![line])] {
            assert_eq!(amount.resolve(&free).unwrap_err().code, "nothing_to_refund", "{amount:?}");
        }
    }

    #[test]
    fn amount_is_a_multiple_that_the_provider_accepts() {
        let kwd = |amount| Money::new(amount, "KWD".parse().unwrap());
        let paid = Payment { amount: kwd(5_000), balance: Balance::of_capture(kwd(5_000)), ..payment() };
        assert_eq!(RefundAmount::Amount(kwd(1_010)).resolve(&paid).unwrap(), (kwd(1_010), vec![]));
        assert_eq!(RefundAmount::Rest.resolve(&paid).unwrap(), (kwd(5_000), vec![]));
        let code = |amount| RefundAmount::Amount(kwd(amount)).resolve(&paid).unwrap_err().fields[0].code;
        assert_eq!(
            (code(1_005), code(1), code(0)),
            ("amount_not_multiple", "amount_not_multiple", "amount_out_of_range")
        );
    }
}
