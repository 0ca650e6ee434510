//! A payment and its transitions. Each returns the next version of the payment, or an error when it is illegal. Pure.

use events::{PaymentChanged, Recipient};
use values::{Caller, Error, Money, OrderId, PaymentId, Quantity, Result, Sku, Timestamp, sibling_id};

use crate::attempt::{Attempt, AttemptOutcome, Failure, NextAction};
use crate::balance::Balance;
use crate::payment_method::PaymentMethod;
use crate::status::Status;
use crate::tells::Tells;

/// The attempts that one order may have. After that the customer needs a new order. Few, because each tests a card.
const MAX_ATTEMPTS: usize = 5;

/// How long a guest's order token stays valid: for an order after it has ended, for a payment after its last change.
pub const ORDER_TOKEN_SECONDS: i64 = 180 * 24 * 3600;

/// A line of the order, for refunds. Its name is in the order only.
#[derive(Debug, Clone, PartialEq)]
pub struct PaidLine {
    pub sku: Sku,
    pub quantity: Quantity,
    /// The price of all pieces.
    pub line_total: Money,
}

/// The payment of one order.
#[derive(Debug, Clone, PartialEq)]
pub struct Payment {
    pub id: PaymentId,
    pub order_id: OrderId,
    /// The number by which the customer knows the order.
    pub order_number: String,
    pub payer: Recipient,
    /// The total of the order.
    pub amount: Money,
    pub balance: Balance,
    pub status: Status,
    /// The current attempt is the last one. Never empty.
    pub attempts: Vec<Attempt>,
    pub lines: Vec<PaidLine>,
    /// The digest of the order's token, with which a guest may read the payment.
    pub token_digest: Option<String>,
    /// What this version tells, and no other.
    pub tells: Option<Tells>,
    /// When it was captured for its order. None before, and for a capture by an earlier release.
    pub captured_at: Option<Timestamp>,
    /// Counts the changes, from 1.
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Payment {
    /// The id of the payment of an order: the UUIDs are the same. Earlier releases gave a payment a UUID of its own.
    pub fn id_of_order(order: OrderId) -> PaymentId {
        sibling_id(&order)
    }

    /// Was it opened by an earlier release, so that its order's id does not find it? Then its row keeps the keys of an index.
    pub fn keeps_own_index_keys(&self) -> bool {
        self.id != Self::id_of_order(self.order_id)
    }

    /// Is it the payment of the caller's account?
    pub fn is_payer(&self, caller: &Caller) -> bool {
        matches!((self.payer, caller.user()), (Recipient::User(payer), Some(user)) if payer == user)
    }

    /// Whether the order's token no longer opens the payment. A payment is settled when its order is delivered, or before, so its
    /// token never outlives the order's.
    pub fn has_token_ended(&self, now: Timestamp) -> bool {
        self.updated_at.plus_seconds(ORDER_TOKEN_SECONDS) <= now
    }

    /// The current attempt.
    pub fn attempt(&self) -> Result<&Attempt> {
        self.attempts.last().ok_or_else(|| Error::internal(format!("payment {} has no attempt", self.id)))
    }

    /// The id of the provider's object of the current attempt. An error when it has none yet.
    pub(crate) fn intent(&self) -> Result<&str> {
        let intent = self.attempt()?.intent.as_deref();
        intent.ok_or_else(|| Error::internal(format!("payment {} has no object at the provider", self.id)))
    }

    /// Changes the status; 409 `illegal_transition` when the table of transitions does not allow it.
    pub fn transition(&self, next: Status, now: Timestamp) -> Result<Self> {
        if !self.status.may_become(next) {
            let detail = format!("The payment is {}; it cannot become {}.", self.status.name(), next.name());
            return Err(Error::conflict("illegal_transition", detail));
        }
        Ok(Self { status: next, ..self.next_version(now) })
    }

    /// The same payment with the next version.
    pub fn next_version(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, tells: None, updated_at: now, ..self.clone() }
    }

    /// Stores the id of the provider's object, and what stands for its card, in the current attempt.
    pub fn with_intent(&self, intent: &str, card: Option<String>, now: Timestamp) -> Self {
        let mut next = self.next_version(now);
        if let Some(attempt) = next.attempts.last_mut() {
            attempt.intent = Some(intent.to_owned());
            attempt.card = card;
        }
        next
    }

    /// Ends the current attempt.
    pub fn conclude(&self, outcome: AttemptOutcome, now: Timestamp) -> Result<Self> {
        let status = match &outcome {
            AttemptOutcome::Authorized => Status::Authorized,
            AttemptOutcome::Declined(_) => Status::Failed,
            AttemptOutcome::RequiresAction(_) => Status::RequiresAction,
            AttemptOutcome::Voided => Status::Cancelled,
        };
        let mut next = self.transition(status, now)?;
        if let Some(attempt) = next.attempts.last_mut() {
            // The customer may still be declined at the bank's page. Later nobody needs to know the card.
            attempt.card = attempt.card.take().filter(|_| status == Status::RequiresAction);
            attempt.outcome = Some(outcome);
        }
        Ok(next)
    }

    /// Ends the current attempt, which the bank has declined.
    pub fn conclude_bank_decline(&self, failure: Failure, now: Timestamp) -> Result<Self> {
        let mut next = self.conclude(AttemptOutcome::Declined(failure), now)?;
        if let Some(attempt) = next.attempts.last_mut() {
            attempt.is_bank_decline = true;
        }
        Ok(next)
    }

    /// Was the last attempt declined, and by the bank?
    pub fn was_declined_by_bank(&self) -> bool {
        self.status == Status::Failed && self.attempts.last().is_some_and(|attempt| attempt.is_bank_decline)
    }

    /// Adds an attempt with another method; 409 `payment_in_progress` or `too_many_attempts`.
    pub fn retry(&self, method: PaymentMethod, now: Timestamp) -> Result<Self> {
        if self.status == Status::Open {
            return Err(Error::conflict(
                "payment_in_progress",
                "The last payment of this order is still in progress. Wait until it has ended.",
            ));
        }
        let mut next = self.transition(Status::Open, now)?;
        if next.attempts.len() >= MAX_ATTEMPTS {
            return Err(Error::conflict(
                "too_many_attempts",
                format!("This order has had {MAX_ATTEMPTS} payment attempts. Place a new order."),
            ));
        }
        next.attempts.push(Attempt::new(method, now));
        Ok(next)
    }

    /// Captures the whole amount.
    pub fn capture(&self, now: Timestamp) -> Result<Self> {
        let next = self.transition(Status::Captured, now)?;
        Ok(Self { balance: Balance::of_capture(next.amount), ..next })
    }

    /// Reserves a part for a refund that is pending. The rest of the refund is in its own row.
    pub fn reserve_refund(&self, amount: Money, now: Timestamp) -> Result<Self> {
        Ok(Self { balance: self.balance.reserve_refund(amount)?, ..self.next_version(now) })
    }

    /// Ends a pending refund that the provider has made.
    pub fn complete_refund(&self, amount: Money, now: Timestamp) -> Result<Self> {
        let balance = self.balance.complete_refund(amount)?;
        let status = match balance.is_fully_refunded() {
            true => Status::Refunded,
            false => Status::PartiallyRefunded,
        };
        Ok(Self { balance, ..self.transition(status, now)? })
    }

    /// Ends a pending refund that the provider has rejected. Its amount is refundable again.
    pub fn fail_refund(&self, amount: Money, now: Timestamp) -> Result<Self> {
        Ok(Self { balance: self.balance.release_refund(amount)?, ..self.next_version(now) })
    }

    /// The provider's objects of earlier attempts that the customer could still complete on the provider's page.
    pub fn abandoned_intents(&self) -> impl Iterator<Item = &str> {
        let earlier = self.attempts.split_last().map_or(&[][..], |(_, earlier)| earlier);
        let is_ended =
            |attempt: &Attempt| matches!(attempt.outcome, Some(AttemptOutcome::Declined(_) | AttemptOutcome::Voided));
        earlier.iter().filter(move |attempt| !is_ended(attempt)).filter_map(|attempt| attempt.intent.as_deref())
    }

    /// The price of some pieces of its lines, for a refund by lines. It is rounded down, so that the parts never exceed the
    /// line. 422 `line_unknown`.
    pub fn price_of(&self, pieces: &[(Sku, Quantity)]) -> Result<Money> {
        let zero = Money::zero(self.amount.currency);
        pieces.iter().enumerate().try_fold(zero, |sum, (index, (sku, quantity))| {
            let is_repeated = pieces.iter().take(index).any(|(before, _)| before == sku);
            let line = self.lines.iter().find(|line| line.sku == *sku && line.quantity >= *quantity && !is_repeated);
            let line = line.ok_or_else(|| {
                let message =
                    "does not match a line of the order: name each SKU once, and not more pieces than were bought";
                Error::invalid(&format!("lines[{index}]"), "line_unknown", message)
            })?;
            let product = line.line_total.times(*quantity)?;
            sum.plus(Money { amount: product.amount / i64::from(line.quantity.get()), ..product })
        })
    }

    /// Why the last attempt was declined, if it was.
    pub fn failure(&self) -> Option<&Failure> {
        match self.attempts.last()?.outcome.as_ref()? {
            AttemptOutcome::Declined(failure) => Some(failure),
            _ => None,
        }
    }

    /// What the customer has to do, if anything.
    pub fn next_action(&self) -> Option<&NextAction> {
        match (self.status, self.attempts.last()?.outcome.as_ref()?) {
            (Status::RequiresAction, AttemptOutcome::RequiresAction(action)) => Some(action),
            _ => None,
        }
    }

    /// The data of `payment.completed`. The order has the lines.
    pub fn event_data(&self) -> PaymentChanged {
        PaymentChanged {
            payment_id: self.id,
            order_id: self.order_id,
            order_number: self.order_number.clone(),
            recipient: self.payer,
            amount: self.amount,
            lines: Vec::new(),
            order_changed: true,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use values::Clock;

    fn method(token: &str) -> PaymentMethod {
        PaymentMethod { provider: None, token: token.into() }
    }

    pub(crate) fn payment() -> Payment {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let (now, currency) = (clock.now(), "EUR".parse().unwrap());
        Payment {
            id: clock.mint(),
            order_id: clock.mint(),
            order_number: "ABC".into(),
            payer: Recipient::User(clock.mint()),
            amount: Money::new(100, currency),
            balance: Balance::zero(currency),
            status: Status::Open,
            attempts: vec![Attempt::new(method("pm_card_visa"), now)],
            lines: vec![],
            token_digest: None,
            tells: None,
            captured_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn payment_is_found_by_its_order_unless_an_earlier_release_opened_it() {
        let old = payment();
        let new = Payment { id: Payment::id_of_order(old.order_id), ..payment() };
        assert_eq!(new.id.uuid(), old.order_id.uuid());
        assert!(!new.keeps_own_index_keys() && old.keeps_own_index_keys());
    }

    #[test]
    fn declined_payment_can_be_retried_and_an_open_one_cannot() {
        let open = payment();
        assert_eq!(open.retry(method("pm_x"), open.created_at).unwrap_err().code, "payment_in_progress");
        let failure = Failure { code: "card_declined".into(), message: "no".into() };
        let failed = open.conclude(AttemptOutcome::Declined(failure), open.created_at).unwrap();
        let again = failed.retry(method("pm_x"), open.created_at).unwrap();
        assert_eq!((again.status, again.attempts.len(), again.failure()), (Status::Open, 2, None));
    }

    #[test]
    fn decline_by_the_bank_is_known_until_the_next_attempt() {
        let open = payment();
        let failure = Failure { code: "card_declined".into(), message: "no".into() };
        let refused = open.conclude(AttemptOutcome::Declined(failure.clone()), open.created_at).unwrap();
        assert!(!refused.was_declined_by_bank() && refused.failure().is_some());
        let declined = open.conclude_bank_decline(failure.clone(), open.created_at).unwrap();
        assert!(declined.was_declined_by_bank());
        assert_eq!((declined.status, declined.failure()), (Status::Failed, Some(&failure)));
        let again = declined.retry(method("pm_x"), open.created_at).unwrap();
        assert!(!again.was_declined_by_bank());
        let row = |payment: &Payment| serde_json::to_value(&payment.attempts[0]).unwrap();
        assert_eq!((row(&refused).get("byBank"), row(&again)["byBank"].as_bool()), (None, Some(true)));
    }

    #[test]
    fn card_is_known_while_its_attempt_is_under_way() {
        let open = payment().with_intent("pi_1", Some("a digest".into()), payment().created_at);
        let action = NextAction { r#type: "redirect".into(), url: "https://bank.example".into() };
        let waiting = open.conclude(AttemptOutcome::RequiresAction(action), open.created_at).unwrap();
        let paid = waiting.conclude(AttemptOutcome::Authorized, open.created_at).unwrap();
        let card = |payment: &Payment| payment.attempt().unwrap().card.clone();
        assert_eq!((card(&waiting).as_deref(), card(&paid)), (Some("a digest"), None));
    }

    #[test]
    fn page_of_an_earlier_attempt_is_abandoned_by_a_retry() {
        let open = payment().with_intent("pi_1", None, payment().created_at);
        let action = NextAction { r#type: "redirect".into(), url: "https://bank.example".into() };
        let waiting = open.conclude(AttemptOutcome::RequiresAction(action), open.created_at).unwrap();
        let again = waiting.retry(method("pm_x"), open.created_at).unwrap();
        assert_eq!(again.abandoned_intents().collect::<Vec<_>>(), ["pi_1"]);
        assert_eq!(waiting.abandoned_intents().count(), 0, "the current attempt is not abandoned");
    }

    #[test]
    fn price_of_pieces_is_rounded_down() {
        let eur = |amount| Money::new(amount, "EUR".parse().unwrap());
        let (sku, pieces): (Sku, _) = ("MUG".parse().unwrap(), |n| Quantity::new(n).unwrap());
        let line = PaidLine { sku: sku.clone(), quantity: pieces(3), line_total: eur(100) };
        let paid = Payment { lines: vec![line], ..payment() };
        assert_eq!(paid.price_of(&[(sku.clone(), pieces(2))]).unwrap(), eur(66));
        for bad in [vec![(sku.clone(), pieces(4))], vec![(sku.clone(), pieces(1)), (sku, pieces(1))]] {
            assert_eq!(paid.price_of(&bad).unwrap_err().fields[0].code, "line_unknown");
        }
    }

    proptest! {
        #[test]
        fn refunds_and_refundable_add_up_to_captured(
            steps in prop::collection::vec((1i64..60, any::<bool>()), 0..20),
        ) {
            let now = payment().created_at;
            let mut payment = payment().conclude(AttemptOutcome::Authorized, now).unwrap().capture(now).unwrap();
            for (amount, succeeds) in steps {
                if payment.balance.refundable.amount < amount { continue; }
                let amount = Money::new(amount, payment.amount.currency);
                payment = payment.reserve_refund(amount, now).unwrap();
                payment = if succeeds { payment.complete_refund(amount, now) } else { payment.fail_refund(amount, now) }.unwrap();
                let Balance { captured, refunded, refunding, refundable } = payment.balance;
                prop_assert_eq!(captured, refunded.plus(refunding).unwrap().plus(refundable).unwrap());
                prop_assert!(refundable.amount >= 0 && refunded.amount <= captured.amount);
                prop_assert_eq!(payment.status == Status::Refunded, refunded == captured);
            }
        }
    }
}
