//! The notifications table: the only file that knows its keys.
//!
//! | row | pk | sk | more |
//! |---|---|---|---|
//! | a message | `EVENT#<event id>` | `<channel>#<recipient id, or operator>` | status, event type and subject; TTL 90 days |
//! | the mails of one budget in a day | `BUDGET#<keyed digest>` | day | `n`, mark of the last count; TTL 2 days |
//!
//! | access pattern | key condition | index | cost (units: W written) |
//! |---|---|---|---|
//! | claim a message before it is sent, or record that its kind is not sent | create, refused if it exists | | 1 W |
//! | count a claimed message before it is sent | update, refused at the limit | | 1 W (none without a budget) |
//! | suppress a claimed message | update while `sending` or `unknown` | | 1 W |
//! | save the result | update | | 1 W |
//! | release a claim, because nothing was sent | delete while `sending` or `unknown`; count back; one transaction | | 4 W (2 W if it was not counted) |
//! | which messages were claimed (`claims.rs`) | batch of keys | | 0.5 units read each |

use std::fmt;

use aws_kit::{CommitError, DigestKey, Key, Table, Transaction, Write};
use events::Envelope;
use serde::{Deserialize, Serialize};
use values::{Email, Error, Result, Timestamp};

use crate::audience::Audience;
use crate::budget::{Budget, Scope, mailbox_of};

const LIFETIME_SECONDS: i64 = 90 * 24 * 3600;
/// A day's count is read until the day has ended.
const COUNTER_SECONDS: i64 = 2 * 24 * 3600;

/// How a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Channel {
    Email,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email => f.write_str("email"),
        }
    }
}

/// The status of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// Claimed by a worker, which sends it.
    Sending,
    /// The mail service accepted it.
    Sent,
    /// The mail service rejected it for good.
    Failed,
    /// It may have been sent or not, because the answer was lost. It must not be sent again.
    Unknown,
    /// Its budget did not allow it. It is not sent.
    Suppressed,
}

/// The result of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The message is ours, and was not claimed before.
    Granted,
    /// The message was claimed or handled before.
    Known(Status),
    /// The budget does not allow the message.
    Suppressed,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    status: Status,
    event_type: String,
    /// The id of the subject of the event: an order or a payment.
    subject: String,
    created_at: Timestamp,
    expires_at: i64,
}

/// A counter's row, as far as it is read.
#[derive(Deserialize)]
struct Counter {
    /// Of the last count; none if only an earlier release has counted.
    mark: Option<String>,
}

/// One message: about one event, to one recipient, over one channel.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    key: Key,
    allowance: Allowance,
}

/// What a message may use of its budget.
#[derive(Debug, Clone)]
enum Allowance {
    Unlimited,
    /// The counter's row, and its limit.
    Counted(Key, u32),
    Nothing,
}

impl Message {
    pub(crate) fn new(
        envelope: &Envelope,
        channel: Channel,
        (audience, email): (Audience, &Email),
        key: &DigestKey,
        now: Timestamp,
    ) -> Self {
        let allowance = match Budget::of(&envelope.event) {
            Budget::Unlimited => Allowance::Unlimited,
            Budget::Nothing => Allowance::Nothing,
            Budget::Daily(scope, limit) => {
                let (scope, name) = match scope {
                    Scope::Recipient => ("recipient", mailbox_of(email)),
                    Scope::Subject => ("subject", envelope.subject.clone()),
                };
                let parts = ["mail", envelope.event.name(), scope, name.as_str()].map(str::as_bytes);
                Allowance::Counted(Key::new(format!("BUDGET#{}", key.digest(&parts)), now.day()), limit)
            }
        };
        Self { key: message_key(envelope, channel, audience), allowance }
    }
}

/// The key of a message.
pub(crate) fn message_key(envelope: &Envelope, channel: Channel, audience: Audience) -> Key {
    Key::new(format!("EVENT#{}", envelope.event_id), format!("{channel}#{audience}"))
}

/// Reads and writes of the notifications table.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    table: Table,
}

impl Store {
    pub(crate) fn new(table: Table) -> Self {
        Self { table }
    }

    /// Claims a message. It must be counted before it is sent. A message of a kind that is not sent is recorded as suppressed.
    pub(crate) async fn claim(&self, message: &Message, envelope: &Envelope, now: Timestamp) -> Result<Claim> {
        let (status, claim) = match message.allowance {
            Allowance::Unlimited | Allowance::Counted(..) => (Status::Sending, Claim::Granted),
            Allowance::Nothing => (Status::Suppressed, Claim::Suppressed),
        };
        let row = Row {
            status,
            event_type: envelope.event.name().to_owned(),
            subject: envelope.subject.clone(),
            created_at: now,
            expires_at: now.seconds() + LIFETIME_SECONDS,
        };
        let Err(failure) = Write::create(&self.table, message.key.clone(), &row)?.run().await? else {
            return Ok(claim);
        };
        let row = failure.row::<Row>()?.ok_or_else(|| Error::internal("the refused claim has no row"))?;
        Ok(Claim::Known(row.status))
    }

    /// Counts a message that was claimed. Returns whether its budget allows it. After an error it may be counted or not.
    pub(crate) async fn count(&self, message: &Message, now: Timestamp) -> Result<bool> {
        let (counter, limit) = match &message.allowance {
            Allowance::Unlimited => return Ok(true),
            Allowance::Nothing => return Ok(false),
            Allowance::Counted(counter, limit) => (counter, limit),
        };
        // The SDK repeats an update whose answer was lost. The mark tells that the row has counted this message, so that it is not
        // counted twice, and not refused at a limit that it has reached itself. If another message was counted in between, the
        // count becomes one too high.
        let mark = format!("{:016x}", fastrand::u64(..));
        let count = Write::update(&self.table, counter.clone(), "ADD n :one SET #mark = :mark, expiresAt = :end");
        let count = count
            .when("(attribute_not_exists(n) OR n < :limit) AND (attribute_not_exists(#mark) OR #mark <> :mark)")
            .name("#mark", "mark");
        let count = count.value(":one", 1)?.value(":mark", &mark)?.value(":limit", limit)?;
        match count.value(":end", now.seconds() + COUNTER_SECONDS)?.run().await? {
            Ok(()) => Ok(true),
            Err(failure) => Ok(failure.row::<Counter>()?.is_some_and(|row| row.mark.as_deref() == Some(mark.as_str()))),
        }
    }

    /// Saves that a claimed message is not sent, because its budget is used up. It replaces the status `unknown`, which is a guess of
    /// another delivery.
    pub(crate) async fn suppress(&self, message: &Message) -> Result<()> {
        let update = self.set(message, Status::Suppressed)?.when("#status = :sending OR #status = :unknown");
        let update = update.value(":sending", Status::Sending)?.value(":unknown", Status::Unknown)?;
        // Refused only if the SDK repeats an update whose answer was lost.
        let _already_suppressed = update.run().await?;
        Ok(())
    }

    /// Saves the result of a message that we sent. It replaces the status `unknown`, which is a guess.
    pub(crate) async fn save_result(&self, message: &Message, status: Status) -> Result<()> {
        let written = self.set(message, status)?.run().await?;
        written.map_err(|_| Error::internal("DynamoDB refused an unconditional update"))
    }

    /// Saves that the result is unknown, unless it is known by now.
    pub(crate) async fn mark_unknown(&self, message: &Message) -> Result<()> {
        let update =
            self.set(message, Status::Unknown)?.when("#status = :sending").value(":sending", Status::Sending)?;
        let _already_known = update.run().await?;
        Ok(())
    }

    /// Releases a claim that was counted, so that the next delivery sends the message, and gives back what it used of its budget.
    pub(crate) async fn release(&self, message: &Message) -> Result<()> {
        let mut transaction = self.deletion(message)?;
        if let Allowance::Counted(counter, _) = &message.allowance {
            transaction.add(Write::update(&self.table, counter.clone(), "ADD n :back").value(":back", -1)?);
        }
        commit_release(transaction).await
    }

    /// Releases a claim whose count failed. It gives nothing back, because nobody knows whether it was counted: a count may be too high,
    /// but never too low.
    pub(crate) async fn release_uncounted(&self, message: &Message) -> Result<()> {
        commit_release(self.deletion(message)?).await
    }

    /// The deletion of a claim. It is a transaction even if it is the only write, because DynamoDB recognises a transaction that the SDK
    /// repeats. A plain delete that is repeated could delete the claim of the next delivery, and the message could be sent twice.
    fn deletion(&self, message: &Message) -> Result<Transaction> {
        // Another delivery may have guessed `unknown` meanwhile. The claim is still ours, and nothing was sent.
        let delete = Write::delete(&self.table, message.key.clone()).when("#status = :sending OR #status = :unknown");
        let delete = delete.name("#status", "status").value(":sending", Status::Sending)?;
        Ok(Transaction::from(vec![delete.value(":unknown", Status::Unknown)?]))
    }

    fn set(&self, message: &Message, status: Status) -> Result<Write> {
        let update = Write::update(&self.table, message.key.clone(), "SET #status = :status");
        update.name("#status", "status").value(":status", status)
    }
}

async fn commit_release(transaction: Transaction) -> Result<()> {
    match transaction.commit().await {
        // The result is known already.
        Ok(()) | Err(CommitError::ConditionFailed(_)) => Ok(()),
        Err(CommitError::Failed(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{Event, Recipient};
    use serde_json::{Value, json};
    use values::{Actor, Clock, ContactId, ProductId, TokenId, Trace};

    const ADA: &str = "ada@example.com";

    fn noon() -> Timestamp {
        Timestamp::from_millis(1_796_040_000_000)
    }

    /// The counter and the limit of a message about this event to a guest with this email address.
    fn counter(event_type: &str, data: &Value, subject: &str, email: &str, now: Timestamp) -> (Key, u32) {
        let event: Event = serde_json::from_value(json!({ "eventType": event_type, "data": data })).unwrap();
        let clock = Clock::fixed(now);
        let trace = Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") };
        let envelope = Envelope::new(&clock, &trace, subject, 1, event);
        let (recipient, email): (ContactId, Email) = (clock.mint(), email.parse().unwrap());
        let audience = Audience::Customer(Recipient::Contact(recipient));
        let message = Message::new(&envelope, Channel::Email, (audience, &email), &DigestKey::new("a key"), now);
        assert_eq!(message.key.pk, format!("EVENT#{}", envelope.event_id));
        match message.allowance {
            Allowance::Counted(key, limit) => (key, limit),
            other => panic!("{event_type} has the allowance {other:?}"),
        }
    }

    fn of_token(event_type: &str, email: &str, now: Timestamp) -> (Key, u32) {
        let token: TokenId = Clock::System.mint();
        counter(event_type, &json!({ "tokenId": token }), &token.to_string(), email, now)
    }

    #[test]
    fn mails_of_one_kind_to_one_mailbox_in_one_day_share_a_counter() {
        let (reset, verification) = ("user.password_reset_requested", "user.email_verification_requested");
        let (key, limit) = of_token(reset, ADA, noon());
        assert_eq!((of_token(reset, "ada+1@example.com", noon().plus_seconds(3600)), limit), ((key.clone(), 10), 10));
        assert!(key.pk.starts_with("BUDGET#") && !key.pk.contains('@'), "{key:?}");
        let others = [
            of_token(verification, ADA, noon()),
            of_token(reset, "eve@example.com", noon()),
            of_token(reset, ADA, noon().plus_seconds(24 * 3600)),
        ];
        for (other, _) in others {
            assert_ne!(other, key);
        }
    }

    #[test]
    fn mails_about_low_stock_are_counted_by_sku() {
        let product: ProductId = Clock::System.mint();
        let low = |sku: &str, email: &str| {
            let data = json!({ "productId": product, "sku": sku, "name": "Mug", "available": 1, "threshold": 5 });
            counter("stock.low", &data, sku, email, noon())
        };
        let first = low("MUG-1", ADA);
        assert_eq!((low("MUG-1", "eve@example.com"), first.1), (first.clone(), 1));
        assert_ne!(low("MUG-2", ADA).0, first.0);
    }
}
