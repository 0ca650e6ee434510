//! The state of the shop, the provider and the mail, as far as it belongs to one run.

use std::collections::BTreeMap;

use super::rows::{
    CartLine, Intent, Mail, Movement, Notification, Offer, Order, Payment, ProviderRefund, ProviderRequest, Refund,
};
use crate::test_stack::Rules;

/// Everything there is about the SKUs of a run.
#[derive(Debug, Clone, Default)]
pub struct ObservedState {
    /// How the shop is configured.
    pub rules: Rules,
    /// Milliseconds since 1970 when it was read.
    pub read_at_ms: i64,
    /// By SKU.
    pub offers: BTreeMap<String, Offer>,
    /// Their log.
    pub movements: Vec<Movement>,
    /// Orders with a SKU of the run.
    pub orders: Vec<Order>,
    /// Their payments.
    pub payments: Vec<Payment>,
    /// Of these payments.
    pub refunds: Vec<Refund>,
    /// All carts, by owner.
    pub carts: BTreeMap<String, Vec<CartLine>>,
    /// Events that lie in an outbox, of whatever run.
    pub outboxes: Vec<String>,
    /// About these orders and payments.
    pub notifications: Vec<Notification>,
    /// That name one of these orders.
    pub mails: Vec<Mail>,
    /// What has come into dead-letter queues since the run began: by queue, with some bodies.
    pub dlq_messages: BTreeMap<String, (u64, Vec<String>)>,
    /// Intents of these orders, and of orders that nobody knows.
    pub intents: Vec<Intent>,
    /// Of these intents.
    pub provider_refunds: Vec<ProviderRefund>,
    /// About these orders.
    pub provider_requests: Vec<ProviderRequest>,
}

impl ObservedState {
    /// An order's payments; there should be one.
    pub fn payments_of<'a>(&'a self, order: &'a str) -> impl Iterator<Item = &'a Payment> {
        self.payments.iter().filter(move |payment| payment.order_id == order)
    }

    /// An order by its id.
    pub fn order(&self, id: &str) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }

    /// What the provider has for an order.
    pub fn intents_of<'a>(&'a self, order: &'a str) -> impl Iterator<Item = &'a Intent> {
        self.intents.iter().filter(move |intent| intent.order_id.as_deref() == Some(order))
    }

    /// What was told of an order: by its own id, or by its payment's.
    pub fn notifications_of<'a>(&'a self, order: &'a Order) -> impl Iterator<Item = &'a Notification> {
        self.notifications
            .iter()
            .filter(move |notification| notification.subject == order.id || notification.subject == order.payment_id)
    }
}
