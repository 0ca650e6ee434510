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
    /// catalog-worker.
    Catalog,
    /// privacy.
    Privacy,
    /// indexer: a FIFO queue of one group, for an index has one writer.
    Search,
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
        use Listener::{Catalog, Notifications, Orders, Payments, Privacy, Search};
        match self {
            // The same event tells payments to charge now, the catalog what was sold, and orders to look later whether the
            // hold ended unpaid.
            Self::OrderCreated(order) => vec![Now(Payments), Now(Catalog), NotBefore(Orders, order.hold_expires_at)],
            Self::PaymentRequested(_) | Self::PaymentCaptureRequested(_) | Self::PaymentRefundRequested(_) => {
                vec![Now(Payments)]
            }
            Self::PaymentAuthorized(_) => vec![Now(Orders)],
            Self::OrderConfirmed(_) | Self::OrderShipped(_) => vec![Now(Payments)],
            Self::OrderCancelled(_) => vec![Now(Payments), Now(Catalog), Now(Notifications)],
            Self::PaymentCompleted(_) | Self::PaymentFailed(_) | Self::PaymentRefunded(_) => {
                vec![Now(Orders), Now(Notifications)]
            }
            Self::PaymentCancelled(_) => vec![Now(Orders)],
            Self::PaymentMismatched(_) => vec![Now(Notifications)],
            Self::ProductCreated(_)
            | Self::ProductUpdated(_)
            | Self::ProductArchived(_)
            | Self::ReviewPosted(_)
            | Self::ReviewChanged(_) => vec![Now(Search)],
            // An index knows whether there is any; a sale out of many changes nothing there.
            Self::StockChanged(stock) if (stock.was == 0) != (stock.available == 0) => vec![Now(Search)],
            Self::StockLow(_) => vec![Now(Notifications)],
            Self::OrderDelivered(_) | Self::ImportUploaded(_) | Self::ExportRequested(_) => vec![Now(Catalog)],
            // Privacy sees to identity and to carts; orders to the payments of its orders. Notifications hold nothing but ids.
            Self::UserDeleted(_) => vec![Now(Privacy), Now(Orders), Now(Catalog)],
            Self::UserExportRequested(_) => vec![Now(Privacy)],
            Self::UserPasswordResetRequested(_) | Self::UserEmailVerificationRequested(_) => vec![Now(Notifications)],
            Self::UserRegistered(_)
            | Self::RefreshReused(_)
            | Self::StockChanged(_)
            // The customer's front end reads the payment.
            | Self::PaymentRequiresAction(_)
            | Self::OrderProcessing(_) => vec![],
        }
    }
}

#[cfg(test)]
mod tests {
    use values::Clock;

    use super::*;
    use crate::StockChanged;

    #[test]
    fn the_index_hears_of_stock_when_the_last_piece_goes_and_when_the_first_comes() {
        let hears = |was, available| {
            let stock = StockChanged { product_id: Clock::System.mint(), sku: "MUG".parse().unwrap(), was, available };
            Event::StockChanged(stock).deliveries() == [Delivery::Now(Listener::Search)]
        };
        assert!(hears(1, 0) && hears(0, 1) && hears(0, 900));
        assert!(!hears(2, 1) && !hears(1, 2) && !hears(900, 1));
    }
}
