//! The table that routes every event to the queues of its listeners.

use values::Timestamp;

use crate::{Event, OrderItem, PaymentChanged, PaymentFailed, PaymentRefunded};

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
            // Of the release before. Today the row of a new order is the event, and the stream brings it to payments.
            Self::OrderCreated(order) => {
                let deliveries = vec![Now(Payments), NotBefore(Payments, order.hold_expires_at)];
                with_movements(deliveries, &order.items)
            }
            Self::PaymentRequested(_) | Self::PaymentCaptureRequested(_) | Self::PaymentRefundRequested(_) => {
                vec![Now(Payments)]
            }
            Self::OrderConfirmed(_) | Self::OrderShipped(_) => vec![Now(Payments)],
            Self::OrderCancelled(order) if order.payment_ended => {
                with_movements(vec![Now(Notifications)], &order.items)
            }
            Self::OrderCancelled(order) => with_movements(vec![Now(Payments), Now(Notifications)], &order.items),
            // The first two by housekeeping and by the release before: the row of a payment is the event, and the stream brings it.
            Self::PaymentCompleted(PaymentChanged { order_changed: true, .. })
            | Self::PaymentFailed(PaymentFailed { order_changed: true, .. })
            | Self::PaymentRefunded(PaymentRefunded { order_changed: true, .. }) => vec![Now(Notifications)],
            // The release before wrote the order after its payment, when the event had arrived.
            Self::PaymentCompleted(_) | Self::PaymentFailed(_) | Self::PaymentRefunded(_) => {
                vec![Now(Orders), Now(Notifications)]
            }
            Self::PaymentAuthorized(_) | Self::PaymentCancelled(_) => vec![Now(Orders)],
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
            | Self::PaymentRequiresAction(_)
            | Self::OrderProcessing(_) => vec![],
        }
    }
}

/// The catalog logs the movements of the pieces that an event names. Other movements are logged from the catalog's stream.
fn with_movements(mut deliveries: Vec<Delivery>, pieces: &[OrderItem]) -> Vec<Delivery> {
    if !pieces.is_empty() {
        deliveries.push(Delivery::Now(Listener::Catalog));
    }
    deliveries
}

#[cfg(test)]
mod tests {
    use values::Clock;

    use super::*;
    use crate::StockChanged;
    use serde_json::{Value, json};

    fn event(event_type: &str, more: &Value) -> Event {
        let money = json!({ "amount": 900, "currency": "EUR" });
        let mut data = json!({
            "orderId": "ord_01h455vb4pex5vsknk084sn02q", "orderNumber": "7KQ4M-2XD9A", "amount": money, "lines": [],
            "paymentId": "pay_01h455vb4pex5vsknk084sn02q", "refundId": "rfd_01h455vb4pex5vsknk084sn02q",
            "recipient": "usr_01h455vb4pex5vsknk084sn02q", "code": "card_declined", "message": "No.", "total": money,
            "refunded": money, "captured": money, "holdExpiresAt": "2026-11-21T08:10:00.000Z", "reason": "by_shop",
        });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(json!({ "eventType": event_type, "data": data })).unwrap()
    }

    fn deliveries(event_type: &str, more: &Value) -> Vec<Delivery> {
        event(event_type, more).deliveries()
    }

    #[test]
    fn worker_of_orders_hears_of_payments_only_by_events_of_the_release_before() {
        use Delivery::Now;
        use Listener::{Notifications, Orders};
        for event_type in ["payment.completed", "payment.failed", "payment.refunded"] {
            assert_eq!(deliveries(event_type, &json!({ "orderChanged": true })), [Now(Notifications)], "{event_type}");
            assert_eq!(deliveries(event_type, &json!({})), [Now(Orders), Now(Notifications)], "{event_type}");
        }
        for event_type in ["payment.authorized", "payment.cancelled"] {
            assert_eq!(deliveries(event_type, &json!({})), [Now(Orders)], "{event_type}");
        }
    }

    #[test]
    fn payments_hears_of_an_order_twice_and_of_its_end_unless_the_payment_has_ended() {
        use Delivery::{NotBefore, Now};
        use Listener::{Notifications, Payments};
        let ends = "2026-11-21T08:10:00.000Z".parse().unwrap();
        let created = deliveries("order.created", &json!({}));
        assert_eq!(created, [Now(Payments), NotBefore(Payments, ends)]);
        let cancelled = |more| deliveries("order.cancelled", &more);
        assert_eq!(cancelled(json!({ "paymentEnded": true })), [Now(Notifications)]);
        assert_eq!(cancelled(json!({})), [Now(Payments), Now(Notifications)]);
    }

    #[test]
    fn catalog_receives_only_the_events_of_orders_that_name_pieces() {
        let pieces = json!({
            "items": [{ "sku": "MUG", "productId": "prd_01h455vb4pex5vsknk084sn02q", "quantity": 2 }],
        });
        let is_logged = |event_type: &str, more: &Value| {
            let text = serde_json::to_string(&event(event_type, more)).unwrap();
            (deliveries(event_type, more).contains(&Delivery::Now(Listener::Catalog)), text.contains("items"))
        };
        for event_type in ["order.created", "order.cancelled"] {
            for more in [json!({}), json!({ "paymentEnded": true })] {
                assert_eq!(is_logged(event_type, &more), (false, false), "{event_type}");
                let mut named = more;
                named["items"] = pieces["items"].clone();
                assert_eq!(is_logged(event_type, &named), (true, true), "{event_type}");
            }
        }
    }

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
