//! What was recorded for the tax return. A repetition of a message changes nothing, and no refund is larger than what is left of its order.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::messages::Transaction;
use super::refusal::Refusal;

/// The orders by their ids.
#[derive(Debug, Default)]
pub(super) struct Records(BTreeMap<String, Order>);

/// The transaction of an order, and its refunds by their ids.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Order {
    transaction: Transaction,
    refunds: BTreeMap<String, Transaction>,
}

impl Records {
    pub(super) fn commit(&mut self, message: Transaction) -> Result<Value, Refusal> {
        let answer = message.answer();
        match self.0.get(&message.order_id) {
            Some(order) if order.transaction == message => {}
            Some(_) => return Err(Refusal::final_refusal("order_recorded", "The order has another transaction.")),
            None => {
                let order = Order { transaction: message.clone(), refunds: BTreeMap::new() };
                self.0.insert(message.order_id, order);
            }
        }
        Ok(answer)
    }

    pub(super) fn refund(&mut self, message: Transaction) -> Result<Value, Refusal> {
        let Some(order) = self.0.get_mut(&message.order_id) else {
            return Err(Refusal::final_refusal("order_unknown", "The order has no transaction."));
        };
        let answer = message.answer();
        let id = message.refund_id.clone().unwrap_or_default();
        match order.refunds.get(&id) {
            Some(refund) if *refund == message => {}
            Some(_) => return Err(Refusal::final_refusal("refund_recorded", "The refund has another content.")),
            None if !order.has_left(&message) => {
                return Err(Refusal::final_refusal("over_refunded", "So much tax is not left of the order."));
            }
            None => {
                order.refunds.insert(id, message);
            }
        }
        Ok(answer)
    }

    /// One order, or all.
    pub(super) fn read(&self, order: Option<&str>) -> BTreeMap<String, Order> {
        let orders = self.0.iter().filter(|(id, _)| order.is_none_or(|order| order == *id));
        orders.map(|(id, order)| (id.clone(), order.clone())).collect()
    }
}

impl Order {
    /// Is so much left, in the currency of the order, of each tax?
    fn has_left(&self, refund: &Transaction) -> bool {
        let mut left = BTreeMap::new();
        let add = |left: &mut BTreeMap<(String, u32, String), i64>, transaction: &Transaction, sign: i64| {
            for tax in &transaction.taxes {
                let key = (tax.jurisdiction.clone(), tax.ppm, tax.reason.clone());
                *left.entry(key).or_default() += sign * tax.amount.amount;
            }
        };
        add(&mut left, &self.transaction, 1);
        self.refunds.values().chain([refund]).for_each(|refund| add(&mut left, refund, -1));
        refund.currency() == self.transaction.currency() && left.values().all(|left| *left >= 0)
    }
}
