//! Request a refund. The refund is stored as pending, together with the event that wakes the worker.

use aws_kit::{Changes, ConditionFailure, ConditionFailures, Idempotency, Idempotent, Transaction};
use values::{Caller, Error, Money, PaymentId, Result, Trace};

use crate::payment::Payment;
use crate::payment_row::PaymentRow;
use crate::refund::Refund;
use crate::refund_amount::{RefundAmount, check_refundable};
use crate::status::Status;
use crate::store::Payments;

impl Payments {
    /// Stores a pending refund of a captured payment, once per idempotency key, and wakes the worker. However many requests run
    /// at once, the refunds never exceed the captured amount. 409 `nothing_to_refund` or `refund_exceeds_captured`;
    /// 422 `amount_out_of_range`, `currency_mismatch` or `line_unknown`. Without a recent login of the caller, the refunds of one
    /// payment come to at most `allowed` minor units (403). 2 round trips, 2 more for each concurrent update.
    pub async fn request_refund(
        &self,
        id: PaymentId,
        amount: RefundAmount,
        (caller, allowed): (&Caller, i64),
        reason: &str,
        idempotency: &Idempotency,
        trace: &Trace,
    ) -> Result<Idempotent<Refund>> {
        let amount = &amount;
        let decide = |_: Option<ConditionFailures>| async move {
            let payment = self.read(id).await?.ok_or_else(|| Error::not_found("payment"))?;
            let (amount, refund) = self.new_refund(&payment, amount, reason)?;
            let least = match caller.require_recent_login(self.clock.now()) {
                Ok(()) => amount.amount,
                Err(refusal) => least_refundable(&payment, amount, allowed)?.ok_or(refusal)?,
            };
            let mut writes = Transaction::new();
            let reservation = writes.add(self.reserve_refund(id, amount, least)?);
            writes.add_all(self.put_new_refund(&refund, trace)?);
            Ok(Changes::new(writes, refund)
                .or_refuse(move |failures| exceeded(amount, failures.of(reservation)))
                .into())
        };
        self.optimistic_write().run_idempotent(Some(idempotency), decide).await
    }

    /// The amount and the refund, if the payment allows it.
    fn new_refund(&self, payment: &Payment, amount: &RefundAmount, reason: &str) -> Result<(Money, Refund)> {
        if !matches!(payment.status, Status::Captured | Status::PartiallyRefunded) {
            let detail = format!("The payment is {}; only a captured payment can be refunded.", payment.status.name());
            return Err(Error::conflict("nothing_to_refund", detail));
        }
        let amount = amount.resolve(payment)?;
        check_refundable(amount, payment)?;
        Ok((amount, Refund::new(payment, payment.intent()?, amount, reason, &self.clock)))
    }
}

/// How much must be refundable when the refund is written, so that all refunds of the payment come to at most `allowed` minor units; none
/// if less is refundable now. The sum counts: a large refund in many parts, or in many requests at once, is a large refund.
fn least_refundable(payment: &Payment, amount: Money, allowed: i64) -> Result<Option<i64>> {
    let least = payment.balance.captured.plus(amount)?.amount.saturating_sub(allowed).max(amount.amount);
    Ok((payment.balance.refundable.amount >= least).then_some(least))
}

/// 409 `refund_exceeds_captured` when the reservation failed because less is refundable.
fn exceeded(amount: Money, reservation: Option<&ConditionFailure>) -> Result<Option<Error>> {
    let now = reservation.map(|failure| failure.row::<PaymentRow>()).transpose()?.flatten();
    Ok(now.and_then(|now| check_refundable(amount, &Payment::from(now)).err()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::Balance;
    use crate::payment::tests::payment;

    #[test]
    fn refunds_without_a_recent_login_come_to_the_allowed_amount_at_most() {
        let eur = |amount| Money::new(amount, payment().amount.currency);
        let least = |refunding, amount, allowed| {
            let balance = Balance::of_capture(eur(100)).reserve_refund(eur(refunding)).unwrap();
            least_refundable(&Payment { balance, ..payment() }, eur(amount), allowed).unwrap()
        };
        assert_eq!(least(0, 49, 50), Some(99), "another refund of two or more makes the write fail");
        assert_eq!(least(1, 49, 50), Some(99));
        assert_eq!(least(2, 49, 50), None);
        assert_eq!(least(0, 51, 50), None);
        assert_eq!(least(0, 40, 500), Some(40), "no more than its amount where all is allowed");
    }
}
