//! An order that costs nothing. No worker has to act for its payment, so the transaction that places it also confirms it. Pure.

use payments::Payment;
use values::{Error, Result, Trace};

use crate::history::HistoryEntry;
use crate::order::Order;
use crate::status::PaymentStatus;

impl Order {
    /// Is there nothing to pay?
    pub(crate) fn is_free(&self) -> bool {
        self.total.amount == 0
    }

    /// A new order that costs nothing, as it is placed: at its second version, confirmed and paid. Its payment is captured with its first
    /// version, at the same time. Its history is as if a worker had done so.
    pub(crate) fn confirm_free(&self, trace: &Trace) -> Result<Self> {
        let mut confirmed = self.follow(PaymentStatus::Paid, Payment::FIRST_VERSION, self.created_at)?;
        let entry = HistoryEntry::new(&confirmed, trace, confirmed.payment_status.cause().into());
        match confirmed.add_change(entry) {
            None => Ok(confirmed),
            Some(_) => Err(Error::internal(format!("the new order {} has no room for a change", self.id))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::fold;
    use crate::next_step::is_settled;
    use crate::order::tests::order;
    use crate::own_history::OwnHistory;
    use crate::status::Status;
    use values::{Actor, Money};

    fn trace() -> Trace {
        Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") }
    }

    /// A new order that costs nothing, before it is confirmed.
    fn free() -> Order {
        let total = Money::zero(order().total.currency);
        Order { total, own_history: Some(OwnHistory::new(600, &trace())), ..order() }
    }

    #[test]
    fn only_an_order_without_a_total_is_free() {
        assert!(free().is_free() && !order().is_free());
    }

    #[test]
    fn free_order_is_confirmed_and_paid_when_it_is_placed() {
        let confirmed = free().confirm_free(&trace()).unwrap();
        assert_eq!((confirmed.status, confirmed.payment_status), (Status::Confirmed, PaymentStatus::Paid));
        assert_eq!((confirmed.version, confirmed.payment_sequence), (2, Payment::FIRST_VERSION));
        assert_eq!(confirmed.updated_at, confirmed.created_at);
        assert!(!confirmed.is_in_holds() && is_settled(&confirmed), "no sweep and no worker has to find it");
    }

    #[test]
    fn history_of_a_free_order_has_both_changes() {
        let confirmed = free().confirm_free(&trace()).unwrap();
        let history = confirmed.own_entries();
        let reasons: Vec<&str> = history.iter().map(|entry| entry.reason.as_str()).collect();
        assert_eq!(reasons, ["placed", "payment.completed"]);
        assert!(confirmed.has_whole_history() && history[1].note.is_none());
        assert_eq!(fold(&history[..1]).unwrap(), Order { own_history: None, ..free() });
        assert_eq!(fold(&history).unwrap(), Order { own_history: None, ..confirmed });
    }
}
