//! A refund of a captured payment, or of a part of it. Pure.

use serde::{Deserialize, Serialize};
use values::{Clock, Money, OrderId, PaymentId, RefundId, Timestamp};

use crate::attempt::Failure;
use crate::payment::Payment;

/// How long the retries share an idempotency key: longer than the provider needs until its list shows a refund whose
/// answer was lost.
const KEY_LIFETIME_SECONDS: i64 = 300;
/// How long a new key waits before its first use: longer than a worker that still has the last key may run.
const KEY_DELAY_SECONDS: i64 = 150;

/// The status of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Its amount is deducted from what is refundable.
    Pending,
    /// The provider has made the refund.
    Succeeded,
    /// The provider has refused it. Its amount can be refunded again.
    Failed,
}

/// A refund. It is made once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// The provider's object carries this id, and is found by it.
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    /// The id of the intent that was captured.
    pub intent: String,
    pub amount: Money,
    pub reason: String,
    pub status: RefundStatus,
    /// Part of the idempotency key; 0 before the first call of the provider.
    pub attempt: u32,
    /// When this key was first used.
    #[serde(rename = "askedAt")]
    pub key_since: Timestamp,
    /// The provider's id of the refund, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Counts the changes, from 1.
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What the worker does next about a pending refund.
#[derive(Debug, PartialEq)]
pub(crate) enum RefundStep {
    /// Save that the provider is called with this attempt's key, then call it.
    Start(Refund),
    /// Check whether the refund was made, and repeat the call with the same key, by which the provider recognises it.
    Retry,
    /// Save that the next key is used from now on, and come back after its delay.
    ChangeKey(Refund),
    /// The delay of the next key is not over.
    Wait,
}

impl Refund {
    pub(crate) fn new(payment: &Payment, intent: &str, amount: Money, reason: &str, clock: &Clock) -> Self {
        let now = clock.now();
        Self {
            id: clock.mint(),
            payment_id: payment.id,
            order_id: payment.order_id,
            intent: intent.to_owned(),
            amount,
            reason: reason.to_owned(),
            status: RefundStatus::Pending,
            attempt: 0,
            key_since: now,
            provider_id: None,
            failure: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// A refund takes effect when it is created, unlike a charge, so there is no id by which to ask for it. A retry
    /// looks for it by our id in its metadata. The shared key covers a refund that the list does not show yet. A
    /// provider may keep the answer 500 for a key for a day; then the next key is used, once no worker can have the
    /// last key any more.
    pub(crate) fn next_step(&self, now: Timestamp) -> RefundStep {
        let next = || {
            let attempt = self.attempt + 1;
            Self { attempt, key_since: now, version: self.version + 1, updated_at: now, ..self.clone() }
        };
        let age = now.seconds() - self.key_since.seconds();
        match self.attempt {
            0 => RefundStep::Start(next()),
            1.. if age > KEY_LIFETIME_SECONDS => RefundStep::ChangeKey(next()),
            2.. if age < KEY_DELAY_SECONDS => RefundStep::Wait,
            _ => RefundStep::Retry,
        }
    }

    /// The idempotency key of the current attempt.
    pub(crate) fn key(&self) -> String {
        format!("{}-{}", self.id, self.attempt)
    }

    /// The provider made the refund.
    pub(crate) fn succeed(&self, provider_id: &str, now: Timestamp) -> Self {
        let provider_id = Some(provider_id.to_owned());
        Self {
            status: RefundStatus::Succeeded,
            provider_id,
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        }
    }

    /// The provider rejected the refund.
    pub(crate) fn fail(&self, failure: Failure, now: Timestamp) -> Self {
        let failure = Some(failure);
        Self { status: RefundStatus::Failed, failure, version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::payment::tests::payment;

    #[test]
    fn retries_share_a_key_for_five_minutes() {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let refund = Refund::new(&payment(), "pi_1", Money::new(40, payment().amount.currency), "broken", &clock);
        let at = |seconds| clock.now().plus_seconds(seconds);
        let RefundStep::Start(first) = refund.next_step(at(0)) else { panic!("the first attempt is saved") };
        assert_eq!((first.key(), first.version), (format!("{}-1", refund.id), 2));
        assert_eq!(first.next_step(at(1)), RefundStep::Retry);
        assert_eq!(first.next_step(at(300)), RefundStep::Retry);
        let RefundStep::ChangeKey(second) = first.next_step(at(301)) else {
            panic!("after five minutes the key changes")
        };
        assert_eq!(second.next_step(at(302)), RefundStep::Wait);
        assert_eq!(second.next_step(at(301 + 150)), RefundStep::Retry);
    }
}
