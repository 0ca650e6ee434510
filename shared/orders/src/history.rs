//! The history of an order: a row per version, with what the order became by it. Append-only, and complete: folding it gives
//! the order that is stored. Pure.

use serde::{Deserialize, Serialize};
use values::{Actor, Error, EventId, Result, Timestamp, Trace};

use crate::order::Order;
use crate::status::{Fulfilment, PaymentStatus, Status};

/// What one change made of an order, by whom, why, and as part of what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The order's version after the change.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Why, such as `placed` or `payment.authorized`.
    pub reason: String,
    /// Why, as the person said who wanted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The request that began it.
    pub correlation_id: String,
    /// The event that led to it, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<EventId>,
    /// In the first entry, the whole order as it was placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed: Option<Box<Order>>,
    /// How far the order had come then.
    pub status: Status,
    /// Where its money was then.
    pub payment_status: PaymentStatus,
    /// The version of the payment that tells so.
    pub payment_sequence: u64,
    /// Where its goods were then.
    pub fulfilment_status: Fulfilment,
    /// Until when its stock was held then.
    pub hold_expires_at: Timestamp,
}

/// Why something was done: a word for programs and, where a person said one, a sentence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Why<'a> {
    pub(crate) word: &'a str,
    pub(crate) note: Option<&'a str>,
}

impl<'a> From<&'a str> for Why<'a> {
    fn from(word: &'a str) -> Self {
        Self { word, note: None }
    }
}

impl HistoryEntry {
    /// The line for an order that has just become what it is.
    pub(crate) fn of(order: &Order, trace: &Trace, why: Why<'_>) -> Self {
        Self {
            version: order.version,
            at: order.updated_at,
            actor: trace.actor.clone(),
            reason: why.word.to_owned(),
            note: why.note.map(str::to_owned),
            correlation_id: trace.correlation_id.clone(),
            causation_id: trace.causation_id,
            placed: (order.version == 1).then(|| Box::new(order.clone())),
            status: order.status,
            payment_status: order.payment_status,
            payment_sequence: order.payment_sequence,
            fulfilment_status: order.fulfilment_status,
            hold_expires_at: order.hold_expires_at,
        }
    }
}

/// The order that a history tells of, from its first entry to its last. What an order was sold as never changes; everything that
/// does is in every entry. Fails when an entry is missing.
pub fn fold(entries: &[HistoryEntry]) -> Result<Order> {
    let placed = entries.first().and_then(|first| first.placed.as_deref());
    let mut order = placed.cloned().ok_or_else(|| Error::internal("a history without its beginning"))?;
    for (entry, due) in entries.iter().zip(1..) {
        if entry.version != due {
            return Err(Error::internal(format!("version {due} is missing in the history of order {}", order.id)));
        }
        order = Order {
            status: entry.status,
            payment_status: entry.payment_status,
            payment_sequence: entry.payment_sequence,
            fulfilment_status: entry.fulfilment_status,
            hold_expires_at: entry.hold_expires_at,
            version: entry.version,
            updated_at: entry.at,
            ..order
        };
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use proptest::prelude::*;
    use values::Clock;

    fn trace() -> Trace {
        Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") }
    }

    fn told(order: &Order) -> HistoryEntry {
        HistoryEntry::of(order, &trace(), Why { word: "moved", note: Some("so said somebody") })
    }

    /// What may happen to an order next, picked by two numbers; none where the pick is not legal.
    fn changed(order: &Order, what: usize, how: usize, now: Timestamp) -> Option<Order> {
        use PaymentStatus::{Authorized, Failed, Paid, PartiallyRefunded, Refunded, Unpaid, Voided};
        use Status::{Cancelled, Confirmed, Delivered, Processing, Returned, Shipped};
        match what {
            0 => Some(order.held_until(now.plus_seconds(30 * how as i64), now)),
            1 => {
                let mut next = order.changed(now);
                next.payment_status = [Unpaid, Authorized, Paid, PartiallyRefunded, Refunded, Failed, Voided][how];
                next.payment_sequence += 1 + how as u64;
                Some(next)
            }
            2 => order.advanced([Processing, Shipped, Delivered][how % 3], now).ok(),
            _ => order.moved([Confirmed, Cancelled, Returned][how % 3], now).ok(),
        }
    }

    proptest! {
        #[test]
        fn folding_a_history_gives_the_order(changes in prop::collection::vec((0usize..4, 0usize..7), 0..40)) {
            let clock = Clock::fixed(order().created_at);
            let mut orders = vec![order()];
            for (what, how) in changes {
                let last = &orders[orders.len() - 1];
                orders.extend(changed(last, what, how, clock.now()));
            }
            let history: Vec<_> = orders.iter().map(told).collect();
            // As the table keeps it.
            let history: Vec<HistoryEntry> = serde_json::from_value(serde_json::to_value(history).unwrap()).unwrap();
            for (at, order) in orders.iter().enumerate() {
                prop_assert_eq!(&fold(&history[..=at]).unwrap(), order);
            }
        }
    }

    #[test]
    fn a_history_with_a_hole_is_no_history() {
        let second = order().changed(order().created_at);
        let third = second.changed(order().created_at);
        assert!(fold(&[told(&order()), told(&third)]).is_err());
        assert!(fold(&[told(&second)]).is_err() && fold(&[]).is_err());
    }

    #[test]
    fn only_the_first_entry_holds_the_whole_order() {
        assert_eq!(told(&order()).placed.as_deref(), Some(&order()));
        assert!(told(&order().changed(order().created_at)).placed.is_none());
    }
}
