//! A payment that is to be opened with its order. Pure.

use events::Recipient;
use pricing::PaidAmount;
use values::{Error, Money, OrderId, PaymentId, Result, Timestamp};

use crate::attempt::Attempt;
use crate::balance::Balance;
use crate::chargeable_total::check_total;
use crate::paid_line::PaidLine;
use crate::paid_shipping::PaidShipping;
use crate::payment::Payment;
use crate::payment_method::PaymentMethod;
use crate::status::Status;

/// The payment that an order needs.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// As `Payment::id_of_order` names it.
    pub id: PaymentId,
    pub order_id: OrderId,
    pub order_number: String,
    pub payer: Recipient,
    pub amount: Money,
    /// Needed unless the amount is zero. Then it is ignored.
    pub method: Option<PaymentMethod>,
    pub lines: Vec<PaidLine>,
    /// What is paid for shipping. None without a shipping method.
    pub shipping: Option<PaidAmount>,
    /// The smallest step of the market, in minor units.
    pub step: i64,
    /// The digest of a guest's order token.
    pub token_digest: Option<String>,
    /// When the order is placed.
    pub opened_at: Timestamp,
}

impl NewPayment {
    /// The first version of the payment. It is open; if there is nothing to pay, it is captured and has no attempt. 422 `amount_too_small`,
    /// `amount_not_multiple`, `required` without a method, and those of [`PaymentMethod::check`].
    pub(crate) fn first_version(self) -> Result<Payment> {
        check_total("items", self.amount)?;
        let now = self.opened_at;
        let (status, attempts) = match (self.amount.amount, self.method) {
            (0, _) => (Status::Captured, Vec::new()),
            (_, Some(method)) => (Status::Open, vec![Attempt::new(method.check()?, now)]),
            (_, None) => return Err(Error::invalid("paymentMethod", "required", "name a payment method")),
        };
        Ok(Payment {
            id: self.id,
            order_id: self.order_id,
            order_number: self.order_number,
            payer: self.payer,
            amount: self.amount,
            balance: Balance::zero(self.amount.currency),
            status,
            attempts,
            lines: self.lines,
            shipping: self.shipping.map(PaidShipping::new),
            step: self.step,
            token_digest: self.token_digest,
            tells: None,
            captured_at: None,
            version: Payment::FIRST_VERSION,
            created_at: now,
            updated_at: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::tests::payment;

    fn new(amount: i64, token: Option<&str>) -> NewPayment {
        let Payment { id, order_id, order_number, payer, amount: Money { currency, .. }, created_at, .. } = payment();
        NewPayment {
            id,
            order_id,
            order_number,
            payer,
            amount: Money::new(amount, currency),
            method: token.map(|token| PaymentMethod { provider: None, token: token.into() }),
            lines: vec![],
            shipping: None,
            step: 1,
            token_digest: None,
            opened_at: created_at,
        }
    }

    fn code(new: NewPayment) -> &'static str {
        new.first_version().unwrap_err().fields[0].code
    }

    #[test]
    fn payment_is_open_with_its_first_attempt() {
        let opened = new(900, Some("pm_card_visa")).first_version().unwrap();
        assert_eq!((opened.status, opened.provider(), opened.version), (Status::Open, "stripe", 1));
        assert_eq!(opened.attempt().unwrap().method.token, "pm_card_visa");
        assert_eq!(opened.updated_at, payment().created_at);
    }

    #[test]
    fn payment_of_nothing_is_captured_without_a_provider() {
        for token in [None, Some("pm_card_visa")] {
            let free = new(0, token).first_version().unwrap();
            assert_eq!((free.status, free.provider(), free.version), (Status::Captured, "none", 1), "{token:?}");
            assert!(free.attempts.is_empty() && free.next_action().is_none() && free.failure().is_none());
            assert_eq!((free.balance, free.captured_at), (Balance::zero(free.amount.currency), None));
        }
    }

    #[test]
    fn payment_that_cannot_be_charged_is_not_opened() {
        assert_eq!(code(new(49, Some("pm_card_visa"))), "amount_too_small");
        assert_eq!(code(new(900, None)), "required");
        assert_eq!(code(new(900, Some("4242424242424242"))), "card_number_refused");
    }
}
