//! A refund: a part of a captured payment on its way back. Pure.

use serde::{Deserialize, Serialize};
use values::{Clock, Money, OrderId, PaymentId, RefundId, Timestamp};

use crate::payment::{Failure, Payment};

/// How long tries at the provider share an idempotency key: longer than it takes to see a lost answer's effect in the list.
const KEY_IS_USED_SECONDS: i64 = 300;
/// How long the next key rests before its first use: longer than a worker may run that still holds the one before.
const KEY_RESTS_SECONDS: i64 = 150;

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Promised, and taken off what else may be given back.
    Pending,
    /// Given back.
    Succeeded,
    /// Refused by the provider.
    Failed,
}

/// A part of a payment that is given back, once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// Its id. The provider's object carries it, and is found by it.
    pub id: RefundId,
    /// What it is of.
    pub payment_id: PaymentId,
    /// What that paid for.
    pub order_id: OrderId,
    /// The provider's object that was captured.
    pub intent: String,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// Names the idempotency key; 0 until the provider was asked.
    pub attempt: u32,
    /// Since when that key is in use.
    pub asked_at: Timestamp,
    /// The provider's refund, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// Why the provider refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Counts changes.
    pub version: u64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What to do next about a pending refund.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Write down that the provider is asked under this attempt's key, then ask.
    First(Refund),
    /// Look for its effect, and ask again under the same key: the provider knows that it is the same.
    Again,
    /// Write down that from now on the next key counts, and come back when it has rested.
    NextKey(Refund),
    /// The next key rests.
    Rest,
}

impl Refund {
    pub(crate) fn new(payment: &Payment, intent: &str, amount: i64, reason: &str, clock: &Clock) -> Self {
        let now = clock.now();
        Self {
            id: clock.mint(),
            payment_id: payment.id,
            order_id: payment.order_id,
            intent: intent.to_owned(),
            amount: Money::new(amount, payment.amount.currency),
            reason: reason.to_owned(),
            status: RefundStatus::Pending,
            attempt: 0,
            asked_at: now,
            provider_id: None,
            failure: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Unlike a charge, a refund has its effect when it is created, so there is no id to ask by. A retry looks for it by our id
    /// in its metadata; what a list cannot show yet, the shared key answers for. A provider may keep the answer 500 under
    /// a key for a day: then the next key is used, when nobody can hold the one before any more.
    pub(crate) fn step(&self, now: Timestamp) -> Step {
        let next = || {
            let attempt = self.attempt + 1;
            Self { attempt, asked_at: now, version: self.version + 1, updated_at: now, ..self.clone() }
        };
        let used = now.seconds() - self.asked_at.seconds();
        match self.attempt {
            0 => Step::First(next()),
            1.. if used > KEY_IS_USED_SECONDS => Step::NextKey(next()),
            2.. if used < KEY_RESTS_SECONDS => Step::Rest,
            _ => Step::Again,
        }
    }

    /// The provider's idempotency key of the present attempt.
    pub(crate) fn key(&self) -> String {
        format!("{}-{}", self.id, self.attempt)
    }

    /// Given back.
    pub(crate) fn succeeded(&self, provider_id: &str, now: Timestamp) -> Self {
        let provider_id = Some(provider_id.to_owned());
        Self {
            status: RefundStatus::Succeeded,
            provider_id,
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        }
    }

    /// Refused.
    pub(crate) fn failed(&self, failure: Failure, now: Timestamp) -> Self {
        let failure = Some(failure);
        Self { status: RefundStatus::Failed, failure, version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::payment::tests::payment;

    #[test]
    fn a_key_is_shared_by_all_tries_until_nobody_can_hold_it_any_more() {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let refund = Refund::new(&payment(), "pi_1", 40, "broken", &clock);
        let at = |seconds| clock.now().plus_seconds(seconds);
        let Step::First(first) = refund.step(at(0)) else { panic!("the first try is written down") };
        assert_eq!((first.key(), first.version), (format!("{}-1", refund.id), 2));
        assert_eq!(first.step(at(1)), Step::Again);
        assert_eq!(first.step(at(300)), Step::Again);
        let Step::NextKey(second) = first.step(at(301)) else { panic!("after five minutes the key is another") };
        assert_eq!(second.step(at(302)), Step::Rest);
        assert_eq!(second.step(at(301 + 150)), Step::Again);
    }
}
