//! The state of the shop, the provider and the mail, as far as it belongs to one run.

use std::collections::BTreeMap;

use super::rows::{
    Bucket, CartLine, Counter, Intent, Mail, Movement, Notification, Offer, Order, Payment, ProviderRefund,
    ProviderRequest, Refund,
};
use crate::test_stack::Rules;

/// Everything that belongs to the SKUs of a run.
#[derive(Debug, Clone, Default)]
pub struct ObservedState {
    pub rules: Rules,
    /// The time of the reading, in milliseconds since 1970.
    pub read_at_ms: i64,
    /// The offers by SKU.
    pub offers: BTreeMap<String, Offer>,
    /// The buckets of these SKUs.
    pub buckets: Vec<Bucket>,
    /// The stock movements of these SKUs.
    pub movements: Vec<Movement>,
    /// The orders with one of these SKUs.
    pub orders: Vec<Order>,
    /// All counters of unpaid orders of the stack.
    pub counters: Vec<Counter>,
    /// The payments of these orders.
    pub payments: Vec<Payment>,
    /// The refunds of these payments.
    pub refunds: Vec<Refund>,
    /// All carts of the stack, by owner.
    pub carts: BTreeMap<String, Vec<CartLine>>,
    /// The events in all outboxes, of any run.
    pub outboxes: Vec<String>,
    /// The notifications of these orders and payments.
    pub notifications: Vec<Notification>,
    /// The mails whose subject names one of these orders.
    pub mails: Vec<Mail>,
    /// New messages in the dead-letter queues since the run started: the number and some bodies, by queue.
    pub dlq_messages: BTreeMap<String, (u64, Vec<String>)>,
    /// The provider's intents of these orders and of unknown orders.
    pub intents: Vec<Intent>,
    /// The provider's refunds of these intents.
    pub provider_refunds: Vec<ProviderRefund>,
    /// The requests that the provider received for these orders.
    pub provider_requests: Vec<ProviderRequest>,
}

impl ObservedState {
    /// The buckets of a SKU.
    pub fn buckets_of<'a>(&'a self, sku: &'a str) -> impl Iterator<Item = &'a Bucket> {
        self.buckets.iter().filter(move |bucket| bucket.sku == sku)
    }

    /// The pieces of a SKU that can be sold: those of its offer and of its buckets.
    pub fn available(&self, offer: &Offer) -> i64 {
        offer.available + self.buckets_of(&offer.sku).map(|bucket| bucket.available).sum::<i64>()
    }

    /// The stock movements of a SKU.
    pub fn movements_of<'a>(&'a self, sku: &'a str) -> impl Iterator<Item = &'a Movement> {
        self.movements.iter().filter(move |movement| movement.sku == sku)
    }

    /// How many movements a SKU should have: one for each change that did not only move pieces between its rows.
    pub fn stock_changes(&self, offer: &Offer) -> u64 {
        let sales: u64 = self.buckets_of(&offer.sku).map(|bucket| bucket.stock_version).sum();
        (offer.stock_version + sales).saturating_sub(offer.rebalances)
    }

    /// The payments of an order. There should be exactly one.
    pub fn payments_of<'a>(&'a self, order: &'a str) -> impl Iterator<Item = &'a Payment> {
        self.payments.iter().filter(move |payment| payment.order_id == order)
    }

    /// The order with this id.
    pub fn order(&self, id: &str) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }

    /// The provider's intents of an order.
    pub fn intents_of<'a>(&'a self, order: &'a str) -> impl Iterator<Item = &'a Intent> {
        self.intents.iter().filter(move |intent| intent.order_id.as_deref() == Some(order))
    }

    /// The notifications of an order or its payment.
    pub fn notifications_of<'a>(&'a self, order: &'a Order) -> impl Iterator<Item = &'a Notification> {
        self.notifications
            .iter()
            .filter(move |notification| notification.subject == order.id || notification.subject == order.payment_id)
    }
}
