//! The notifications table: the only file that knows its keys.
//!
//! | row | pk | sk | more |
//! |---|---|---|---|
//! | a message | `EVENT#<event id>` | `<channel>#<recipient id, or operator>` | status, event type and subject; TTL 90 days |
//!
//! | access pattern | key condition | index | cost (units: W written) |
//! |---|---|---|---|
//! | claim a message before it is sent | create, refused if it exists | | 1 W |
//! | save the result | update | | 1 W |
//! | release a claim, because nothing was sent | delete while `sending` | | 1 W |

use std::fmt;

use aws_kit::{Key, Table, Write};
use events::Envelope;
use serde::{Deserialize, Serialize};
use values::{Error, Result, Timestamp};

use crate::audience::Audience;

const LIFETIME_SECONDS: i64 = 90 * 24 * 3600;

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
}

impl Message {
    pub(crate) fn new(envelope: &Envelope, channel: Channel, audience: Audience) -> Self {
        Self { key: Key::new(format!("EVENT#{}", envelope.event_id), format!("{channel}#{audience}")) }
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

    /// Claims a message. None when this claim succeeded; otherwise the status of the message.
    pub(crate) async fn claim(&self, message: &Message, envelope: &Envelope, now: Timestamp) -> Result<Option<Status>> {
        let row = Row {
            status: Status::Sending,
            event_type: envelope.event.name().to_owned(),
            subject: envelope.subject.clone(),
            created_at: now,
            expires_at: now.seconds() + LIFETIME_SECONDS,
        };
        match Write::create(&self.table, message.key.clone(), &row)?.run().await? {
            Ok(()) => Ok(None),
            Err(failure) => match failure.row::<Row>()? {
                Some(row) => Ok(Some(row.status)),
                None => Err(Error::internal("the refused claim has no row")),
            },
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

    /// Releases a claim, so that the next delivery sends the message.
    pub(crate) async fn release(&self, message: &Message) -> Result<()> {
        let release = Write::delete(&self.table, message.key.clone()).when("#status = :sending");
        let _already_known = release.name("#status", "status").value(":sending", Status::Sending)?.run().await?;
        Ok(())
    }

    fn set(&self, message: &Message, status: Status) -> Result<Write> {
        let update = Write::update(&self.table, message.key.clone(), "SET #status = :status");
        update.name("#status", "status").value(":status", status)
    }
}
