//! The history of an order: a row for each version, with what the order became. It is append-only and complete:
//! folding it gives the stored order. Pure.

use serde::{Deserialize, Serialize};
use values::{Actor, Error, EventId, Result, Timestamp, Trace};

use crate::order::Order;
use crate::status::{Fulfilment, PaymentStatus, Status};

/// One change of an order: its result, its actor and its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The order's version after the change.
    pub version: u64,
    pub at: Timestamp,
    pub actor: Actor,
    /// A code, such as `placed` or `payment.authorized`.
    pub reason: String,
    /// The reason in the words of the person who made the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The id of the request that started the chain of events.
    pub correlation_id: String,
    /// The event that caused the change, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<EventId>,
    /// The whole order as it was placed, apart from who counts and logs it. Only the first entry has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed: Option<Box<Order>>,
    pub status: Status,
    pub payment_status: PaymentStatus,
    /// The version of the payment that the order shows.
    pub payment_sequence: u64,
    pub fulfilment_status: Fulfilment,
    pub hold_expires_at: Timestamp,
}

/// The reason of a change: a code for programs and, where a person gave one, a sentence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reason<'a> {
    pub(crate) code: &'a str,
    pub(crate) note: Option<&'a str>,
}

impl<'a> From<&'a str> for Reason<'a> {
    fn from(code: &'a str) -> Self {
        Self { code, note: None }
    }
}

impl HistoryEntry {
    /// The entry for the present version of an order.
    pub(crate) fn new(order: &Order, trace: &Trace, reason: Reason<'_>) -> Self {
        Self {
            version: order.version,
            at: order.updated_at,
            actor: trace.actor.clone(),
            reason: reason.code.to_owned(),
            note: reason.note.map(str::to_owned),
            correlation_id: trace.correlation_id.clone(),
            causation_id: trace.causation_id,
            placed: (order.version == 1).then(|| Box::new(Order { names_moves: false, ..order.without_counters() })),
            status: order.status,
            payment_status: order.payment_status,
            payment_sequence: order.payment_sequence,
            fulfilment_status: order.fulfilment_status,
            hold_expires_at: order.hold_expires_at,
        }
    }
}

/// Folds a history, from the first entry to the last, into the order. What was bought never changes; everything that
/// changes is in every entry. Fails when an entry is missing.
pub fn fold(entries: &[HistoryEntry]) -> Result<Order> {
    let placed = entries.first().and_then(|first| first.placed.as_deref());
    let mut order = placed.cloned().ok_or_else(|| Error::internal("the history has no first entry"))?;
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

    fn entry(order: &Order) -> HistoryEntry {
        HistoryEntry::new(order, &trace(), Reason { code: "moved", note: Some("a note") })
    }

    /// The next version of an order, picked by two numbers; none where the pick is not legal.
    fn change(order: &Order, what: usize, how: usize, now: Timestamp) -> Option<Order> {
        use PaymentStatus::{Authorized, Failed, Paid, PartiallyRefunded, Refunded, Unpaid, Voided};
        use Status::{Cancelled, Confirmed, Delivered, Processing, Returned, Shipped};
        match what {
            0 => Some(order.hold_until(now.plus_seconds(30 * how as i64), now)),
            1 => {
                let mut next = order.next_version(now);
                next.payment_status = [Unpaid, Authorized, Paid, PartiallyRefunded, Refunded, Failed, Voided][how];
                next.payment_sequence += 1 + how as u64;
                Some(next)
            }
            2 => order.advance([Processing, Shipped, Delivered][how % 3], now).ok(),
            _ => order.transition([Confirmed, Cancelled, Returned][how % 3], now).ok(),
        }
    }

    proptest! {
        #[test]
        fn folding_a_history_gives_the_order(changes in prop::collection::vec((0usize..4, 0usize..7), 0..40)) {
            let clock = Clock::fixed(order().created_at);
            let mut orders = vec![order()];
            for (what, how) in changes {
                let last = &orders[orders.len() - 1];
                orders.extend(change(last, what, how, clock.now()));
            }
            let history: Vec<_> = orders.iter().map(entry).collect();
            // As the table stores it.
            let history: Vec<HistoryEntry> = serde_json::from_value(serde_json::to_value(history).unwrap()).unwrap();
            for (at, order) in orders.iter().enumerate() {
                // Whether a capture is due is a mark of the row, and no part of the history.
                let order = &Order { is_capture_due: false, ..order.clone() };
                prop_assert_eq!(&fold(&history[..=at]).unwrap(), order);
            }
        }
    }

    #[test]
    fn history_with_a_missing_entry_is_refused() {
        let second = order().next_version(order().created_at);
        let third = second.next_version(order().created_at);
        assert!(fold(&[entry(&order()), entry(&third)]).is_err());
        assert!(fold(&[entry(&second)]).is_err() && fold(&[]).is_err());
    }

    #[test]
    fn only_the_first_entry_holds_the_whole_order() {
        assert_eq!(entry(&order()).placed.as_deref(), Some(&order()));
        let named = Order { names_moves: true, ..order() };
        assert_eq!(entry(&named).placed.as_deref(), Some(&order()), "who logs its movements is no part of it");
        assert!(entry(&order().next_version(order().created_at)).placed.is_none());
    }
}
