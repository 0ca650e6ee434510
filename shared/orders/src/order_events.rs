//! The data of an order's events. Pure.

use events::{
    CancelReason, Line, OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderItem, OrderStatusChanged,
};
use payments::{PaidAmount, PaidLine};
use pricing::TaxShare;
use values::{Money, Result, Timestamp};

use crate::order::{Item, Order};
use crate::order_rows::OrderHead;
use crate::status::PaymentStatus;

impl OrderHead {
    pub(crate) fn created_event(&self) -> OrderCreated {
        OrderCreated {
            order_id: self.id,
            order_number: self.number.clone(),
            payment_id: self.payment_id,
            total: self.total,
            hold_expires_at: self.hold_expires_at,
            items: Vec::new(),
        }
    }
}

impl Order {
    /// The lines that a mail shows, and of an event of the release before.
    pub fn event_lines(&self) -> Vec<Line> {
        let line = |item: &Item| Line {
            sku: item.sku.clone(),
            name: item.name.clone(),
            quantity: item.quantity,
            line_total: item.line_total,
        };
        self.items.iter().map(line).collect()
    }

    /// The lines of its payment, for refunds: what is paid for each after discounts, without tax, and each of its taxes.
    pub(crate) fn payment_lines(&self) -> Result<Vec<PaidLine>> {
        let line = |(index, item): (usize, &Item)| {
            let taxes = self.price.as_ref().map_or(&[][..], |price| price.taxes_of(index));
            let paid = paid(item.line_total.minus(item.discount)?, item.included_tax, taxes)?;
            Ok(PaidLine::new(item.sku.clone(), item.quantity, paid))
        };
        self.items.iter().enumerate().map(line).collect()
    }

    /// What is paid for shipping, for refunds. None without a shipping method.
    pub(crate) fn payment_shipping(&self) -> Result<Option<PaidAmount>> {
        let Some(method) = self.price.as_ref().and_then(|price| price.shipping_method.as_ref()) else {
            return Ok(None);
        };
        let sum = sum_of(&method.taxes, self.shipping)?;
        // Taxes are included in all prices of an order, or in none.
        let included = self.included_tax().map(|_| sum);
        paid(self.shipping, included, &method.taxes).map(Some)
    }

    /// The pieces of its events.
    fn pieces(&self) -> Vec<OrderItem> {
        let pieces =
            |item: &Item| OrderItem { sku: item.sku.clone(), product_id: item.product_id, quantity: item.quantity };
        self.items.iter().map(pieces).collect()
    }

    /// The data of `order.created`, and of the message about the end of a hold. The sale of its pieces is named in the rows of the offers.
    pub fn created_event(&self) -> OrderCreated {
        OrderHead::of(self).created_event()
    }

    /// The data of `order.shipped`.
    pub fn moved_event(&self) -> OrderStatusChanged {
        OrderStatusChanged {
            order_id: self.id,
            order_number: self.number.clone(),
            payment_id: self.payment_id,
            recipient: self.buyer,
        }
    }

    /// The data of `order.delivered`.
    pub fn delivered_event(&self) -> OrderDelivered {
        OrderDelivered {
            order_id: self.id,
            order_number: self.number.clone(),
            payment_id: self.payment_id,
            recipient: self.buyer,
            items: self.pieces(),
        }
    }

    /// The data of `order.confirmed`, for an order whose payment the release before has authorised.
    pub fn confirmed_event(&self) -> OrderConfirmed {
        OrderConfirmed {
            order_id: self.id,
            order_number: self.number.clone(),
            payment_id: self.payment_id,
            lines: self.event_lines(),
            total: self.total,
        }
    }

    /// Was the payment ever authorised? The order may not know it yet: then the payment does.
    fn was_authorized(&self, payment: payments::Status) -> bool {
        use payments::Status::{Authorized, Captured, PartiallyRefunded, Refunded};
        !matches!(self.payment_status, PaymentStatus::Unpaid | PaymentStatus::Failed)
            || matches!(payment, Authorized | Captured | PartiallyRefunded | Refunded)
    }

    /// The data of `order.cancelled` for a cancellation at that time, by the order as it was before. `payment` was the status of the
    /// payment, and `payment_ended` says that no worker has to void it. It has the pieces only if the catalog is to log them.
    pub fn cancelled_event(
        &self,
        reason: CancelReason,
        payment: payments::Status,
        payment_ended: bool,
        cancelled_at: Timestamp,
    ) -> OrderCancelled {
        OrderCancelled {
            order_id: self.id,
            order_number: self.number.clone(),
            payment_id: self.payment_id,
            recipient: self.buyer,
            reason,
            was_authorized: self.was_authorized(payment),
            payment_ended,
            items: if self.named_return(cancelled_at).is_some() { Vec::new() } else { self.pieces() },
        }
    }
}

/// What is paid: an amount after discounts, which may include tax, and its taxes.
fn paid(amount: Money, included_tax: Option<Money>, taxes: &[TaxShare]) -> Result<PaidAmount> {
    let net = included_tax.map_or(Ok(amount), |included| amount.minus(included))?;
    Ok(PaidAmount { net, taxes: taxes.iter().map(|share| share.amount).collect() })
}

/// The sum of taxes, in the currency of another amount.
fn sum_of(taxes: &[TaxShare], other: Money) -> Result<Money> {
    taxes.iter().try_fold(Money::zero(other.currency), |sum, share| sum.plus(share.amount))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::{confirmed_order, order};
    use crate::price::order_price::tests::full;

    #[test]
    fn cancellation_says_whether_the_payment_was_authorised() {
        use payments::Status::{Authorized, Failed, Open, RequiresAction};
        let says = |order: &Order, payment| {
            order.cancelled_event(CancelReason::ByCustomer, payment, false, order.updated_at).was_authorized
        };
        for never in [Open, RequiresAction, Failed] {
            assert!(!says(&order(), never), "{never:?}");
        }
        assert!(says(&order(), Authorized), "the order has not heard of it yet");
        assert!(says(&confirmed_order(), payments::Status::Cancelling));
    }

    /// An order of 9.00, less 1.00, with shipping for 4.90 and the taxes 1.89 and 0.85.
    fn priced(is_gross: bool) -> Order {
        let mut order = Order { price: Some(full()), ..order() };
        let item = &mut order.items[0];
        (item.discount.amount, order.shipping.amount) = (100, 490);
        match is_gross {
            true => item.included_tax = full().included_in(0, item.tax),
            false => (item.tax.amount, order.tax.amount) = (189, 274),
        }
        order
    }

    fn parts(paid: &PaidAmount) -> (i64, Vec<i64>) {
        (paid.net.amount, paid.taxes.iter().map(|tax| tax.amount).collect())
    }

    #[test]
    fn payment_has_what_is_paid_for_lines_and_shipping() {
        for (is_gross, line, shipping) in [(false, 800, 490), (true, 800 - 189, 490 - 85)] {
            let order = priced(is_gross);
            assert_eq!(parts(&order.payment_lines().unwrap()[0].paid), (line, vec![189]));
            assert_eq!(parts(&order.payment_shipping().unwrap().unwrap()), (shipping, vec![85]));
        }
    }

    #[test]
    fn payment_of_a_plain_order_has_its_lines_only() {
        let order = order();
        assert_eq!(parts(&order.payment_lines().unwrap()[0].paid), (900, vec![]));
        assert!(order.payment_shipping().unwrap().is_none());
    }
}
