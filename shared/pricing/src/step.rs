//! The smallest step of a market's amounts.

use values::{Currency, Error, Money, Result};

use crate::rounding::{half_up, narrow};

/// The smallest step of amounts in minor units. 1 for most currencies; 10 for KWD at Stripe; 100 for HUF at PayPal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step(i64);

impl Step {
    /// One minor unit.
    pub const ONE: Self = Self(1);

    /// A step in minor units, from 1 to 1000. Fails with `step_out_of_range`.
    pub fn new(minor_units: i64) -> Result<Self> {
        match minor_units {
            1..=1_000 => Ok(Self(minor_units)),
            _ => Err(Error::invalid("step", "step_out_of_range", "must be from 1 to 1000 minor units")),
        }
    }

    /// In minor units.
    pub fn get(self) -> i64 {
        self.0
    }
}

/// Converts between money and whole steps of a market.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    currency: Currency,
    step: i64,
}

impl Scale {
    pub(crate) fn new(currency: Currency, step: Step) -> Self {
        Self { currency, step: step.0 }
    }

    /// The steps of a price. `currency_mismatch` for another currency, `amount_out_of_range` for less than zero, `step_mismatch` for
    /// an amount between two steps.
    pub(crate) fn steps(self, price: Money, field: &str) -> Result<i64> {
        let amount = self.amount(price, field)?;
        if amount % self.step != 0 {
            let message = format!("must be a multiple of {}", Money::new(self.step, self.currency));
            return Err(Error::invalid(field, "step_mismatch", message));
        }
        Ok(amount / self.step)
    }

    /// The steps of an amount of a promotion, rounded half up.
    pub(crate) fn rounded_steps(self, amount: Money) -> Result<i64> {
        half_up(self.amount(amount, "promotion")?.into(), self.step.into())
    }

    /// The fewest steps that reach an amount.
    pub(crate) fn steps_to_reach(self, amount: Money) -> Result<i64> {
        let (amount, step) = (i128::from(self.amount(amount, "promotion")?), i128::from(self.step));
        narrow((amount + step - 1) / step)
    }

    /// Fails with `amount_too_large`.
    pub(crate) fn money(self, steps: i64) -> Result<Money> {
        narrow(i128::from(steps) * i128::from(self.step)).map(|amount| Money::new(amount, self.currency))
    }

    fn amount(self, money: Money, field: &str) -> Result<i64> {
        if money.currency != self.currency {
            let message = format!("must be in {}, the currency of the market", self.currency);
            return Err(Error::invalid(field, "currency_mismatch", message));
        }
        match money.amount >= 0 {
            true => Ok(money.amount),
            false => Err(Error::invalid(field, "amount_out_of_range", "must not be negative")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kwd(amount: i64) -> Money {
        Money::new(amount, "KWD".parse().unwrap())
    }

    #[test]
    fn amounts_are_whole_steps() {
        let scale = Scale::new(kwd(0).currency, Step::new(10).unwrap());
        assert_eq!(scale.steps(kwd(1_230), "price").unwrap(), 123);
        assert_eq!(scale.money(123).unwrap(), kwd(1_230));
        assert_eq!([14, 15].map(|amount| scale.rounded_steps(kwd(amount)).unwrap()), [1, 2]);
        assert_eq!([20, 21].map(|amount| scale.steps_to_reach(kwd(amount)).unwrap()), [2, 3]);
        let code = |result: Result<i64>| result.unwrap_err().fields[0].code;
        assert_eq!(code(scale.steps(kwd(1_235), "price")), "step_mismatch");
        assert_eq!(code(scale.steps(kwd(-10), "price")), "amount_out_of_range");
        assert_eq!(code(scale.steps(Money::new(10, "EUR".parse().unwrap()), "price")), "currency_mismatch");
        assert!(scale.money(i64::MAX).is_err());
        assert!(Step::new(0).is_err() && Step::new(1_001).is_err());
    }
}
