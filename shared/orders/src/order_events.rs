//! The data of an order's events. Pure.

use events::{
    CancelReason, Line, OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderItem, OrderStatusChanged,
};
use payments::PaidLine;
use values::Timestamp;

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

    /// The lines of its payment, for refunds.
    pub(crate) fn payment_lines(&self) -> Vec<PaidLine> {
        let line =
            |item: &Item| PaidLine { sku: item.sku.clone(), quantity: item.quantity, line_total: item.line_total };
        self.items.iter().map(line).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::{confirmed_order, order};

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
}
