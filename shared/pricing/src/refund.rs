//! What the return of pieces of a line refunds. Pure.

use values::{Error, Money, Result};

use crate::breakdown::PricedLine;
use crate::step::Step;

/// The pieces of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pieces {
    pub bought: u32,
    /// Those that are refunded already.
    pub refunded: u32,
    /// Those that are to be refunded.
    pub now: u32,
}

/// What was paid for a line, or for shipping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidAmount {
    /// Without tax.
    pub net: Money,
    /// Each tax, also one that the price includes.
    pub taxes: Vec<Money>,
}

/// What a refund of pieces gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Without tax.
    pub net: Money,
    /// In the order of [`PaidAmount::taxes`].
    pub taxes: Vec<Money>,
    pub total: Money,
}

impl PricedLine {
    /// What is paid for the line.
    pub fn paid(&self) -> PaidAmount {
        PaidAmount { net: self.net, taxes: self.taxes.iter().map(|share| share.amount).collect() }
    }
}

impl PaidAmount {
    /// The refund of pieces. Whatever the parts in which a line is refunded, they add up to what was paid. 409 `over_refunded` for more
    /// pieces than are left.
    pub fn refund(&self, step: Step, pieces: Pieces) -> Result<Refund> {
        let net = refund_share(self.net, step, pieces)?;
        let taxes = self.taxes.iter().map(|&tax| refund_share(tax, step, pieces)).collect::<Result<Vec<Money>>>()?;
        let total = taxes.iter().try_fold(net, |sum, &tax| sum.plus(tax))?;
        Ok(Refund { net, taxes, total })
    }
}

/// The share of an amount that belongs to pieces: what belongs to all pieces so far, less what belongs to the pieces before, both rounded
/// down to the step. 409 `over_refunded` for more pieces than are left.
pub fn refund_share(amount: Money, step: Step, pieces: Pieces) -> Result<Money> {
    let Pieces { bought, refunded, now } = pieces;
    let all = refunded.checked_add(now).filter(|all| *all <= bought).ok_or_else(|| {
        let detail = format!("Only {} of {bought} pieces can still be refunded.", bought.saturating_sub(refunded));
        Error::conflict("over_refunded", detail.clone()).with_field("quantity", "over_refunded", detail)
    })?;
    let of = |pieces: u32| {
        if pieces == bought {
            // Also of an amount that is no multiple of the step.
            return Ok(amount);
        }
        let step = i128::from(step.get());
        let steps = i128::from(amount.amount) / step * i128::from(pieces) / i128::from(bought);
        let share = i64::try_from(steps * step);
        share.map(|share| Money::new(share, amount.currency)).map_err(Error::internal)
    };
    of(all)?.minus(of(refunded)?)
}
