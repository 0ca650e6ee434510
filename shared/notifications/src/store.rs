//! The notifications table: the only file that knows its keys.
//!
//! | row | pk | sk | more |
//! |---|---|---|---|
//! | a message | `EVENT#<event id>` | `<channel>#<recipient id, or operator>` | status, event type and subject; TTL 90 days |
//! | the mails of one budget in a day | `BUDGET#<keyed digest>` | day | `n`; TTL 2 days |
//!
//! | access pattern | key condition | index | cost (units: W written) |
//! |---|---|---|---|
//! | claim a message before it is sent | create, refused if it exists; count, refused at the limit; one transaction | | 4 W (1 W without a budget) |
//! | suppress a message | create, refused if it exists | | 1 W |
//! | save the result | update | | 1 W |
//! | release a claim, because nothing was sent | delete while `sending`; count back; one transaction | | 4 W (1 W without a budget) |

use std::fmt;

use aws_kit::{CommitError, ConditionFailure, DigestKey, Key, Table, Transaction, Write};
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
    /// The message is ours to send.
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
        Self { key: Key::new(format!("EVENT#{}", envelope.event_id), format!("{channel}#{audience}")), allowance }
    }
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

    /// Claims a message and counts it, unless its budget is used up: then it is recorded as suppressed.
    pub(crate) async fn claim(&self, message: &Message, envelope: &Envelope, now: Timestamp) -> Result<Claim> {
        let create = |status| {
            let row = Row {
                status,
                event_type: envelope.event.name().to_owned(),
                subject: envelope.subject.clone(),
                created_at: now,
                expires_at: now.seconds() + LIFETIME_SECONDS,
            };
            Write::create(&self.table, message.key.clone(), &row)
        };
        let (counter, limit) = match &message.allowance {
            Allowance::Unlimited => return claimed(create(Status::Sending)?.run().await?, Claim::Granted),
            Allowance::Nothing => return claimed(create(Status::Suppressed)?.run().await?, Claim::Suppressed),
            Allowance::Counted(counter, limit) => (counter, limit),
        };
        let mut transaction = Transaction::new();
        let claim = transaction.add(create(Status::Sending)?);
        let count = Write::update(&self.table, counter.clone(), "ADD n :one SET expiresAt = :end");
        let count = count.when("attribute_not_exists(n) OR n < :limit").value(":limit", limit)?.value(":one", 1)?;
        transaction.add(count.value(":end", now.seconds() + COUNTER_SECONDS)?);
        match transaction.commit().await {
            Ok(()) => Ok(Claim::Granted),
            Err(CommitError::ConditionFailed(failures)) => match failures.of(claim) {
                Some(failure) => known(failure),
                None => claimed(create(Status::Suppressed)?.run().await?, Claim::Suppressed),
            },
            Err(CommitError::Failed(error)) => Err(error),
        }
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

    /// Releases a claim, so that the next delivery sends the message, and gives back what it used of its budget.
    pub(crate) async fn release(&self, message: &Message) -> Result<()> {
        let mut transaction = Transaction::new();
        let release = Write::delete(&self.table, message.key.clone()).when("#status = :sending");
        transaction.add(release.name("#status", "status").value(":sending", Status::Sending)?);
        if let Allowance::Counted(counter, _) = &message.allowance {
            transaction.add(Write::update(&self.table, counter.clone(), "ADD n :back").value(":back", -1)?);
        }
        match transaction.commit().await {
            // The result is known already.
            Ok(()) | Err(CommitError::ConditionFailed(_)) => Ok(()),
            Err(CommitError::Failed(error)) => Err(error),
        }
    }

    fn set(&self, message: &Message, status: Status) -> Result<Write> {
        let update = Write::update(&self.table, message.key.clone(), "SET #status = :status");
        update.name("#status", "status").value(":status", status)
    }
}

/// The claim that a new row makes, or what is known of the row that was there.
fn claimed(created: Result<(), ConditionFailure>, claim: Claim) -> Result<Claim> {
    created.map_or_else(|failure| known(&failure), |()| Ok(claim))
}

fn known(failure: &ConditionFailure) -> Result<Claim> {
    let row = failure.row::<Row>()?.ok_or_else(|| Error::internal("the refused claim has no row"))?;
    Ok(Claim::Known(row.status))
}
