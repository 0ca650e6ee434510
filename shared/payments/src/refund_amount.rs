//! How much of a payment is to be refunded. Pure.

use pricing::Step;
use serde_json::Map;
use values::{Error, Money, Quantity, Result, Sku};

use crate::paid_line::refund_pieces;
use crate::paid_shipping::PaidShipping;
use crate::payment::Payment;
use crate::provider_unit::ProviderUnit;
use crate::refund_parts::RefundParts;

/// How much of a payment is to be refunded.
#[derive(Debug, Clone)]
pub enum RefundAmount {
    /// All that is still refundable, shipping included.
    Rest,
    /// An amount that belongs to no line and not to shipping.
    Amount(Money),
    /// What was paid for some pieces of its lines and, if it has shipping, for that.
    Parts { pieces: Vec<(Sku, Quantity)>, has_shipping: bool },
}

impl RefundAmount {
    /// The amount in money, and what it pays back; 409 `nothing_to_refund` or `over_refunded`; 422 `amount_out_of_range`,
    /// `amount_not_multiple`, `currency_mismatch` or `line_unknown`.
    pub(crate) fn resolve(&self, payment: &Payment) -> Result<(Money, RefundParts)> {
        if payment.amount.amount == 0 {
            return Err(Error::conflict("nothing_to_refund", "The order cost nothing, so nothing was paid for it."));
        }
        let (currency, refundable) = (payment.amount.currency, payment.balance.refundable);
        let unit = ProviderUnit::stripe(currency);
        let (amount, parts, field) = match self {
            Self::Rest if refundable.amount > 0 => return Ok((refundable, RefundParts::default())),
            Self::Rest => {
                let detail = "The whole payment is refunded, or its refunds are pending.";
                return Err(Error::conflict("nothing_to_refund", detail));
            }
            Self::Amount(amount) => (*amount, RefundParts::default(), "amount"),
            Self::Parts { pieces, has_shipping } => {
                let step = Step::new(unit.step_with(payment.step)).map_err(Error::internal)?;
                let shipping = payment.shipping.as_ref().filter(|_| *has_shipping).map(PaidShipping::refund);
                let lines = refund_pieces(&payment.lines, pieces, step)?;
                let parts = RefundParts { lines, shipping: shipping.transpose()? };
                let amount = parts.total(currency)?;
                if amount.amount == 0 {
                    // No provider refunds zero. Beside others, such pieces count.
                    let detail =
                        "What you named comes to nothing. Name more pieces, or something else that was paid for.";
                    return Err(Error::conflict("nothing_to_refund", detail));
                }
                (amount, parts, if pieces.is_empty() { "shipping" } else { "lines" })
            }
        };
        if amount.currency != currency {
            let message = format!("the payment is in {currency}");
            return Err(Error::invalid("amount.currency", "currency_mismatch", message));
        }
        if amount.amount <= 0 {
            return Err(Error::invalid(field, "amount_out_of_range", "must be more than zero"));
        }
        unit.check(field, amount)?;
        Ok((amount, parts))
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
    use crate::paid_line::PaidLine;
    use crate::payment::tests::payment;
    use crate::refund_sum::RefundSum;
    use pricing::PaidAmount;

    fn money(amount: i64, currency: &str) -> Money {
        Money::new(amount, currency.parse().unwrap())
    }

    fn eur(amount: i64) -> Money {
        money(amount, "EUR")
    }

    fn paid(net: Money, tax: i64) -> PaidAmount {
        PaidAmount { net, taxes: vec![Money { amount: tax, ..net }] }
    }

    /// A captured payment of one line with so many pieces.
    fn payment_of(sku: &str, pieces: u32, net: Money, tax: i64) -> Payment {
        let line = PaidLine::new(sku.parse().unwrap(), Quantity::new(pieces).unwrap(), paid(net, tax));
        let amount = Money { amount: net.amount + tax, ..net };
        Payment { amount, balance: Balance::of_capture(amount), lines: vec![line], ..payment() }
    }

    /// The same, with shipping for 4.12 and a tax of 0.78.
    fn with_shipping(of_lines: Payment) -> Payment {
        let amount = of_lines.amount.plus(eur(490)).unwrap();
        let shipping = Some(PaidShipping::new(paid(eur(412), 78)));
        Payment { amount, balance: Balance::of_capture(amount), shipping, ..of_lines }
    }

    fn pieces(sku: &str, number: u32, has_shipping: bool) -> RefundAmount {
        let pieces = vec![(sku.parse().unwrap(), Quantity::new(number).unwrap())];
        RefundAmount::Parts { pieces, has_shipping }
    }

    fn shipping() -> RefundAmount {
        RefundAmount::Parts { pieces: vec![], has_shipping: true }
    }

    fn refund(amount: &RefundAmount, payment: &Payment) -> (i64, RefundParts) {
        let (amount, parts) = amount.resolve(payment).unwrap();
        (amount.amount, parts)
    }

    fn code(amount: &RefundAmount, payment: &Payment) -> &'static str {
        let error = amount.resolve(payment).unwrap_err();
        error.fields.first().map_or(error.code, |field| field.code)
    }

    #[test]
    fn payment_of_nothing_has_nothing_to_refund() {
        let free = Payment { amount: eur(0), attempts: vec![], ..payment() };
        for amount in [RefundAmount::Rest, RefundAmount::Amount(eur(1)), pieces("MUG", 1, false), shipping()] {
            assert_eq!(code(&amount, &free), "nothing_to_refund", "{amount:?}");
        }
    }

    #[test]
    fn shipping_is_refunded_once_and_only_when_named() {
        let paid = with_shipping(payment_of("MUG", 3, eur(1_361), 259));
        let (amount, mug) = refund(&pieces("MUG", 1, false), &paid);
        assert_eq!((amount, &mug.shipping), (539, &None));
        let (amount, both) = refund(&pieces("MUG", 1, true), &paid);
        let of_shipping = RefundSum::new(eur(412), vec![eur(78)]).unwrap();
        assert_eq!((amount, &both.shipping), (539 + 490, &Some(of_shipping.clone())));
        assert_eq!(refund(&shipping(), &paid), (490, RefundParts { lines: vec![], shipping: Some(of_shipping) }));

        let now = paid.updated_at;
        let pending = paid.reserve_refund(eur(1_029), now).unwrap().with_refund_of(&both).unwrap();
        for again in [shipping(), pieces("MUG", 1, true)] {
            let refusal = again.resolve(&pending).unwrap_err();
            assert_eq!((refusal.code, refusal.fields[0].field.as_str()), ("over_refunded", "shipping"), "{again:?}");
        }
        assert_eq!(refund(&pieces("MUG", 2, false), &pending).0, 1_081);
        let failed = pending.fail_refund(eur(1_029), &both, now).unwrap();
        assert_eq!(refund(&pieces("MUG", 3, true), &failed).0, paid.amount.amount);
        assert_eq!((failed.lines, failed.shipping), (paid.lines, paid.shipping));
    }

    #[test]
    fn failed_refund_of_pieces_leaves_shipping_refunded() {
        let paid = with_shipping(payment_of("MUG", 3, eur(1_361), 259));
        let (_, parts) = refund(&shipping(), &paid);
        let (_, mug) = refund(&pieces("MUG", 1, false), &paid);
        let refunded = paid.reserve_refund(eur(490 + 539), paid.updated_at).unwrap();
        let refunded = refunded.with_refund_of(&parts).unwrap().with_refund_of(&mug).unwrap();
        let failed = refunded.fail_refund(eur(539), &mug, paid.updated_at).unwrap();
        assert_eq!((code(&shipping(), &failed), &failed.lines), ("over_refunded", &paid.lines));
    }

    #[test]
    fn what_cost_nothing_is_refunded_beside_other_parts_only() {
        let gift = payment_of("GIFT", 1, eur(0), 0).lines;
        let mut paid = with_shipping(payment_of("MUG", 3, eur(2), 0));
        paid.lines.extend(gift);
        for nothing in [pieces("GIFT", 1, false), pieces("MUG", 1, false)] {
            assert_eq!(code(&nothing, &paid), "nothing_to_refund", "{nothing:?}");
        }
        let (amount, parts) = refund(&pieces("GIFT", 1, true), &paid);
        assert_eq!((amount, parts.lines[0].sum.amount), (490, eur(0)));
        assert_eq!(refund(&pieces("MUG", 2, false), &paid).0, 1);
        let without_shipping = Payment { shipping: None, ..paid };
        assert_eq!(code(&shipping(), &without_shipping), "nothing_to_refund");
        assert_eq!(refund(&pieces("MUG", 3, true), &without_shipping).0, 2);
    }

    #[test]
    fn pieces_are_refunded_in_steps_of_market_and_provider() {
        let parts = |currency, step| {
            let paid = Payment { step, ..payment_of("MUG", 3, money(13_400, currency), 2_600) };
            let (_, parts) = refund(&pieces("MUG", 1, false), &paid);
            (parts.lines[0].sum.net.amount, parts.lines[0].sum.taxes[0].amount)
        };
        assert_eq!(parts("EUR", 1), (4_466, 866));
        assert_eq!(parts("HUF", 100), (4_400, 800));
        assert_eq!((parts("KWD", 1), parts("KWD", 100)), ((4_460, 860), (4_400, 800)));
        assert_eq!(parts("KWD", 125), (4_250, 750), "4.375 and 0.750 would come to no step of the provider");
    }

    #[test]
    fn amount_is_a_multiple_that_the_provider_accepts() {
        let kwd = |amount| money(amount, "KWD");
        let paid = Payment { amount: kwd(5_000), balance: Balance::of_capture(kwd(5_000)), ..payment() };
        assert_eq!(refund(&RefundAmount::Amount(kwd(1_010)), &paid), (1_010, RefundParts::default()));
        assert_eq!(refund(&RefundAmount::Rest, &paid), (5_000, RefundParts::default()));
        let code = |amount| code(&RefundAmount::Amount(kwd(amount)), &paid);
        assert_eq!(
            (code(1_005), code(1), code(0)),
            ("amount_not_multiple", "amount_not_multiple", "amount_out_of_range")
        );
    }
}
