//! Who listens to what: the one table that routes events to queues.

use values::Timestamp;

use crate::Event;

/// A queue with one consumer behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listener {
    /// orders-worker.
    Orders,
    /// payments-worker.
    Payments,
    /// notifier.
    Notifications,
}

/// To whom, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As soon as can be.
    Now(Listener),
    /// Not before that moment, as a hint: a queue delays 15 minutes at most, so an early one is sent on by its consumer.
    NotBefore(Listener, Timestamp),
}

impl Event {
    /// The deliveries of this event.
    pub fn deliveries(&self) -> Vec<Delivery> {
        use Delivery::{NotBefore, Now};
        use Listener::{Notifications, Orders, Payments};
        match self {
            // The same event tells payments to charge now, and orders to look later whether the hold ended unpaid.
            Self::OrderCreated(order) => vec![Now(Payments), NotBefore(Orders, order.hold_expires_at)],
            Self::PaymentRequested(_) | Self::PaymentCaptureRequested(_) | Self::PaymentRefundRequested(_) => {
                vec![Now(Payments)]
            }
            Self::PaymentAuthorized(_) => vec![Now(Orders)],
            Self::OrderConfirmed(_) | Self::OrderShipped(_) => vec![Now(Payments)],
            Self::OrderCancelled(_) => vec![Now(Payments), Now(Notifications)],
            Self::PaymentCompleted(_) | Self::PaymentFailed(_) | Self::PaymentRefunded(_) => {
                vec![Now(Orders), Now(Notifications)]
            }
            Self::PaymentCancelled(_) => vec![Now(Orders)],
            Self::PaymentMismatched(_) => vec![Now(Notifications)],
            Self::UserRegistered(_)
            | Self::ProductCreated(_)
            | Self::ProductUpdated(_)
            | Self::ProductArchived(_)
            | Self::StockChanged(_)
            // The customer's front end reads the payment.
            | Self::PaymentRequiresAction(_)
            | Self::OrderProcessing(_)
            | Self::OrderDelivered(_) => vec![],
        }
    }
}
