//! Forgetting a closed account: the law keeps its orders as they were placed, and nothing keeps what it said in its own words.

use futures::future::try_join_all;
use values::{OrderId, Result, UserId};

use crate::Desk;
use crate::history::HistoryEntry;
use crate::order::Order;

/// Orders that are looked at together.
const PAGE: u32 = 25;

impl Desk {
    /// Takes what an account wrote out of a page of its orders, newest first, of those before `before`: out of their histories, and
    /// out of the refunds that followed. Where the next page begins, if there is one. Done again it changes nothing. 1 read; 1 for
    /// each order, and 1 read and 2 writes for each order with words in it, side by side.
    pub async fn forget(&self, user: UserId, before: Option<OrderId>) -> Result<Option<OrderId>> {
        let orders = self.orders.newest_of_user(user, before, PAGE).await?;
        try_join_all(orders.iter().map(|order| self.forget_words(order, user))).await?;
        Ok(orders.last().map(|order| order.id).filter(|_| orders.len() == PAGE as usize))
    }

    async fn forget_words(&self, order: &Order, user: UserId) -> Result<()> {
        for entry in self.orders.whole_history(order.id).await? {
            if let Some(note) = entry.note.as_deref().filter(|_| is_by(&entry, user)) {
                // First what the line leads to.
                self.payments.forget_reason(order.payment_id, note).await?;
                self.orders.forget_note(order.id, entry.version).await?;
            }
        }
        Ok(())
    }
}

/// Whatever the account might do then.
fn is_by(entry: &HistoryEntry, user: UserId) -> bool {
    entry.actor.0.split_once(':').is_some_and(|(_, id)| id == user.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Why;
    use crate::order::tests::order;
    use values::{Actor, Clock, Trace};

    #[test]
    fn words_are_whoevers_actor_they_stand_beside() {
        let (user, other): (UserId, UserId) = (Clock::System.mint(), Clock::System.mint());
        let by = |actor: String| {
            let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor(actor) };
            is_by(&HistoryEntry::of(&order(), &trace, Why { word: "cancelled", note: Some("moved house") }), user)
        };
        assert!(by(format!("customer:{user}")) && by(format!("admin:{user}")));
        assert!(!by(format!("customer:{other}")) && !by("system:orders-worker".into()) && !by("guest".into()));
    }
}
