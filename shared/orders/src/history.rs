//! The history of an order: an entry for each version, with what the order became. It is append-only and complete:
//! folding it gives the stored order. Pure.
//!
//! The row of what was placed has the first entry, and the row of the order its last changes. All others are rows of their own, and so
//! is every change with a note: a person's words are then erased without changing the order. Of an order that the release before has
//! placed, all entries are rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use values::{Actor, Error, EventId, Result, Timestamp, Trace};

use crate::order::Order;
use crate::own_history::{Change, OwnHistory};
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

impl OwnHistory {
    /// The first entry, with the whole order as it was placed.
    fn first_entry(&self, order: &Order) -> HistoryEntry {
        let placed = Order {
            status: Status::Pending,
            payment_status: PaymentStatus::Unpaid,
            payment_sequence: 0,
            fulfilment_status: Fulfilment::Unfulfilled,
            hold_expires_at: order.created_at.plus_seconds(self.hold_seconds),
            counters: None,
            is_capture_due: false,
            names_moves: false,
            reserved: BTreeMap::new(),
            own_history: None,
            version: 1,
            updated_at: order.created_at,
            ..order.clone()
        };
        let (actor, correlation_id) = (self.actor.clone(), self.correlation_id.clone());
        let trace = Trace { correlation_id, causation_id: None, actor };
        let entry = HistoryEntry::new(&placed, &trace, "placed".into());
        HistoryEntry { placed: Some(Box::new(placed)), ..entry }
    }
}

impl From<Change> for HistoryEntry {
    fn from(change: Change) -> Self {
        Self {
            version: change.version,
            at: change.at,
            actor: change.actor,
            reason: change.reason,
            note: None,
            correlation_id: change.correlation_id,
            causation_id: change.causation_id,
            placed: None,
            status: change.status,
            payment_status: change.payment_status,
            payment_sequence: change.payment_sequence,
            fulfilment_status: change.fulfilment_status,
            hold_expires_at: change.hold_expires_at,
        }
    }
}

impl HistoryEntry {
    /// The same without its note.
    fn into_change(self) -> Change {
        Change {
            version: self.version,
            at: self.at,
            actor: self.actor,
            reason: self.reason,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            status: self.status,
            payment_status: self.payment_status,
            payment_sequence: self.payment_sequence,
            fulfilment_status: self.fulfilment_status,
            hold_expires_at: self.hold_expires_at,
        }
    }
}

impl Order {
    /// Adds the entry of the present version to the history. Returns the entry that must become a row, if there is one: the oldest of
    /// too many changes, a change with a note, or every change of an order of the release before.
    pub(crate) fn add_change(&mut self, entry: HistoryEntry) -> Option<HistoryEntry> {
        match &mut self.own_history {
            Some(own) if entry.note.is_none() => own.add(entry.into_change()).map(HistoryEntry::from),
            _ => Some(entry),
        }
    }

    /// The entries of its history that are no rows, oldest first.
    pub(crate) fn own_entries(&self) -> Vec<HistoryEntry> {
        let Some(own) = &self.own_history else { return Vec::new() };
        let changes = own.changes.iter().cloned().map(HistoryEntry::from);
        std::iter::once(own.first_entry(self)).chain(changes).collect()
    }

    /// Is its whole history in its own rows?
    pub(crate) fn has_whole_history(&self) -> bool {
        self.own_history.as_ref().is_some_and(|own| own.changes.len() as u64 + 1 == self.version)
    }
}

/// Merges the entries in the rows of an order, which were read before, with rows of its history. An entry that became a row meanwhile
/// is in both. An entry of a later version was written since the order was read.
pub(crate) fn merge(order: &Order, rows: Vec<HistoryEntry>) -> Vec<HistoryEntry> {
    let mut entries = [order.own_entries(), rows].concat();
    entries.retain(|entry| entry.version <= order.version);
    entries.sort_by_key(|entry| entry.version);
    entries.dedup_by_key(|entry| entry.version);
    entries
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
            placed: None,
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
        match order.version {
            1 => own_history().first_entry(order),
            _ => HistoryEntry::new(order, &trace(), Reason { code: "moved", note: Some("a note") }),
        }
    }

    fn own_history() -> OwnHistory {
        OwnHistory::new(600, &trace())
    }

    fn versions(entries: &[HistoryEntry]) -> Vec<u64> {
        entries.iter().map(|entry| entry.version).collect()
    }

    /// The order after changes to these versions, of which those in `noted` have a note, and the rows of its history.
    fn changed(order: Order, versions: std::ops::RangeInclusive<u64>, noted: &[u64]) -> (Order, Vec<HistoryEntry>) {
        let (mut order, mut rows) = (order, Vec::new());
        for version in versions {
            order = order.next_version(order.updated_at.plus_seconds(1));
            assert_eq!(order.version, version);
            let note = noted.contains(&version).then_some("moved house");
            rows.extend(order.add_change(HistoryEntry::new(&order, &trace(), Reason { code: "moved", note })));
        }
        (order, rows)
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
        let reserved = BTreeMap::from([(order().items[0].sku.clone(), vec![(Some(17), 2)])]);
        let named = Order { names_moves: true, reserved, ..order() };
        assert_eq!(entry(&named).placed.as_deref(), Some(&order()), "who logs its movements is no part of it");
        assert!(entry(&order().next_version(order().created_at)).placed.is_none());
    }

    #[test]
    fn first_entry_is_the_same_however_far_the_order_has_come() {
        let placed = Order { own_history: Some(own_history()), ..order() };
        let confirmed = placed.transition(Status::Confirmed, placed.created_at.plus_seconds(5)).unwrap();
        let later = Order {
            payment_status: PaymentStatus::Paid,
            payment_sequence: 4,
            hold_expires_at: confirmed.hold_expires_at.plus_seconds(30),
            is_capture_due: true,
            ..confirmed
        };
        assert_eq!(later.own_entries(), placed.own_entries());
        assert_eq!(fold(&placed.own_entries()).unwrap(), order());
    }

    #[test]
    fn oldest_of_four_changes_becomes_a_row() {
        let placed = Order { own_history: Some(own_history()), ..order() };
        let (order, rows) = changed(placed, 2..=4, &[]);
        assert!(rows.is_empty() && order.has_whole_history());
        let (order, rows) = changed(order, 5..=6, &[]);
        assert_eq!((versions(&rows), versions(&order.own_entries())), (vec![2, 3], vec![1, 4, 5, 6]));
        assert!(!order.has_whole_history());
        assert_eq!(versions(&merge(&order, rows)), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn change_with_a_note_is_a_row() {
        let placed = Order { own_history: Some(own_history()), ..order() };
        let (order, rows) = changed(placed, 2..=6, &[3, 6]);
        assert_eq!((versions(&rows), versions(&order.own_entries())), (vec![3, 6], vec![1, 2, 4, 5]));
        let history = merge(&order, rows);
        assert_eq!(versions(&history), [1, 2, 3, 4, 5, 6]);
        assert_eq!(fold(&history).unwrap(), Order { own_history: None, ..order });
    }

    #[test]
    fn order_of_the_release_before_has_all_changes_in_rows() {
        let (order, rows) = changed(order(), 2..=3, &[]);
        assert_eq!((versions(&rows), order.own_entries()), (vec![2, 3], Vec::new()));
        assert!(!order.has_whole_history());
    }

    #[test]
    fn history_is_that_of_the_order_as_it_was_read() {
        let placed = Order { own_history: Some(own_history()), ..order() };
        let (read, rows) = changed(placed, 2..=5, &[]);
        // Two changes later, the next one has become a row as well, and so has a note.
        let (_, later) = changed(read.clone(), 6..=7, &[7]);
        assert_eq!(versions(&later), [3, 7]);
        assert_eq!(versions(&merge(&read, [rows, later].concat())), [1, 2, 3, 4, 5]);
    }
}
