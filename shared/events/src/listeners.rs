//! The table that routes every event to the queues of its listeners.

use values::Timestamp;

use crate::Event;

/// A queue and its one consumer.
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
    /// indexer. Its queue is FIFO with one message group, because the index has one writer.
    Search,
}

/// Which listener receives an event, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As soon as possible.
    Now(Listener),
    /// Not before that time. SQS delays a message by at most 15 minutes, so a consumer postpones a message that is early.
    NotBefore(Listener, Timestamp),
}

impl Event {
    /// Which listeners receive this event, and when.
    pub fn deliveries(&self) -> Vec<Delivery> {
        use Delivery::{NotBefore, Now};
        use Listener::{Catalog, Notifications, Orders, Payments, Privacy, Search};
        match self {
            // Payments charges now, the catalog records the sale, and orders checks later whether the hold has expired unpaid.
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
            // The index only knows whether a SKU is in stock, so most sales do not change it.
            Self::StockChanged(stock) if (stock.was == 0) != (stock.available == 0) => vec![Now(Search)],
            Self::StockLow(_) => vec![Now(Notifications)],
            Self::OrderDelivered(_) | Self::ImportUploaded(_) | Self::ExportRequested(_) => vec![Now(Catalog)],
            // Privacy erases identity and carts; orders also erases the payments of its orders. Notifications hold only ids.
            Self::UserDeleted(_) => vec![Now(Privacy), Now(Orders), Now(Catalog)],
            Self::UserExportRequested(_) => vec![Now(Privacy)],
            Self::UserPasswordResetRequested(_)
            | Self::UserEmailVerificationRequested(_)
            | Self::UserSecurityChanged(_) => vec![Now(Notifications)],
            Self::UserRegistered(_)
            | Self::RefreshReused(_)
            | Self::StockChanged(_)
            // The customer's front end polls the payment.
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
    fn index_receives_stock_changes_only_when_a_sku_sells_out_or_returns() {
        let is_delivered = |was, available| {
            let stock = StockChanged { product_id: Clock::System.mint(), sku: "MUG".parse().unwrap(), was, available };
            Event::StockChanged(stock).deliveries() == [Delivery::Now(Listener::Search)]
        };
        assert!(is_delivered(1, 0) && is_delivered(0, 1) && is_delivered(0, 900));
        assert!(!is_delivered(2, 1) && !is_delivered(1, 2) && !is_delivered(900, 1));
    }
}
