//! The sums of a payment: captured, refunded, in pending refunds, and refundable. Pure.

use values::{Currency, Error, Money, Result};

/// The sums of a payment, all in its currency. `captured = refunded + refunding + refundable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    pub captured: Money,
    pub refunded: Money,
    /// The sum of the pending refunds.
    pub refunding: Money,
    /// What may still be refunded. It is stored, because a condition of DynamoDB cannot compute it.
    pub refundable: Money,
}

impl Balance {
    /// Nothing was captured yet.
    pub fn zero(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { captured: zero, refunded: zero, refunding: zero, refundable: zero }
    }

    /// The balance after `amount` was captured and before any refund.
    pub(crate) fn of_capture(amount: Money) -> Self {
        Self { captured: amount, refundable: amount, ..Self::zero(amount.currency) }
    }

    /// Moves `amount` from refundable to pending refunds.
    pub(crate) fn reserve_refund(self, amount: Money) -> Result<Self> {
        let (refundable, refunding) = (deduct(self.refundable, amount)?, self.refunding.plus(amount)?);
        Ok(Self { refundable, refunding, ..self })
    }

    /// Moves `amount` from pending refunds to refunded.
    pub(crate) fn complete_refund(self, amount: Money) -> Result<Self> {
        let (refunding, refunded) = (deduct(self.refunding, amount)?, self.refunded.plus(amount)?);
        Ok(Self { refunding, refunded, ..self })
    }

    /// Moves `amount` from pending refunds back to refundable, because the provider rejected the refund.
    pub(crate) fn release_refund(self, amount: Money) -> Result<Self> {
        let (refunding, refundable) = (deduct(self.refunding, amount)?, self.refundable.plus(amount)?);
        Ok(Self { refunding, refundable, ..self })
    }

    /// Was the whole captured amount refunded?
    pub fn is_fully_refunded(&self) -> bool {
        self.refunded.amount >= self.captured.amount
    }
}

/// A sum of a balance never falls below zero: that would be a fault of ours.
fn deduct(sum: Money, amount: Money) -> Result<Money> {
    let rest = sum.minus(amount)?;
    match rest.amount >= 0 {
        true => Ok(rest),
        false => Err(Error::internal(format!("a balance of {sum} cannot be reduced by {amount}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    #[test]
    fn balance_never_falls_below_zero() {
        let balance = Balance::of_capture(eur(100));
        assert!(balance.reserve_refund(eur(101)).is_err());
        let reserved = balance.reserve_refund(eur(60)).unwrap();
        assert!(reserved.complete_refund(eur(61)).is_err() && reserved.release_refund(eur(61)).is_err());
        assert!(reserved.reserve_refund(eur(41)).is_err());
    }

    #[test]
    fn balance_refuses_another_currency() {
        let usd = Money::new(1, "USD".parse().unwrap());
        assert!(Balance::of_capture(eur(100)).reserve_refund(usd).is_err());
    }
}
