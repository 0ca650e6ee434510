//! Erase what a closed account wrote. The law requires its orders to stay as they were placed; only its own words are
//! removed.

use futures::future::try_join_all;
use values::{OrderId, Result, UserId};

use crate::history::HistoryEntry;
use crate::service::OrderService;

/// Orders that are read together.
const PAGE: u32 = 25;

impl OrderService {
    /// Erases what an account wrote in a page of its orders, newest first, before `before`: in their histories, and in
    /// the refunds that followed. Returns where the next page begins, if there is one. A repetition changes nothing. 1
    /// read; 1 for each order, and 2 reads and 2 writes for each order with notes, in parallel.
    pub async fn erase(&self, user: UserId, before: Option<OrderId>) -> Result<Option<OrderId>> {
        let ids = self.orders.list_newest_of_user(user, before, PAGE).await?;
        try_join_all(ids.iter().map(|id| self.erase_notes(*id, user))).await?;
        Ok(ids.last().copied().filter(|_| ids.len() == PAGE as usize))
    }

    async fn erase_notes(&self, id: OrderId, user: UserId) -> Result<()> {
        // An entry with a note is always a row.
        let mut history = self.orders.read_history_rows(id).await?;
        history.retain(|entry| entry.note.is_some() && is_written_by(entry, user));
        if history.is_empty() {
            return Ok(());
        }
        // None if an operator has deleted the order, but not its history.
        let payment = self.orders.read(id).await?.map(|order| order.payment_id);
        for entry in history {
            // The refunds first, because the note is what finds them.
            if let (Some(payment), Some(note)) = (payment, entry.note.as_deref()) {
                self.payments.erase_refund_reason(payment, note).await?;
            }
            self.orders.erase_note(id, entry.version).await?;
        }
        Ok(())
    }
}

/// In whatever role the account wrote it.
fn is_written_by(entry: &HistoryEntry, user: UserId) -> bool {
    entry.actor.0.split_once(':').is_some_and(|(_, id)| id == user.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Reason;
    use crate::order::tests::order;
    use values::{Actor, Clock, Trace};

    #[test]
    fn note_belongs_to_the_actor_of_its_entry() {
        let (user, other): (UserId, UserId) = (Clock::System.mint(), Clock::System.mint());
        let by = |actor: String| {
            let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor(actor) };
            is_written_by(
                &HistoryEntry::new(&order(), &trace, Reason { code: "cancelled", note: Some("moved house") }),
                user,
            )
        };
        assert!(by(format!("customer:{user}")) && by(format!("admin:{user}")));
        assert!(!by(format!("customer:{other}")) && !by("system:orders-worker".into()) && !by("guest".into()));
    }
}
