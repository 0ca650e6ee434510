//! The notifications table: the only file that knows its keys.
//!
//! | row | pk | sk | more |
//! |---|---|---|---|
//! | a message | `EVENT#<event id>` | `<channel>#<recipient id, or operator>` | status, event type and subject; TTL 90 days |
//!
//! | access pattern | key condition | index | cost (units: W written) |
//! |---|---|---|---|
//! | claim a message before it is sent | create, refused if there | | 1 W |
//! | say what became of it | update | | 1 W |
//! | give a claim back, because nothing was sent | delete while `sending` | | 1 W |

use std::fmt;

use aws_kit::{Key, Table, Write};
use events::Envelope;
use serde::{Deserialize, Serialize};
use values::{Error, Result, Timestamp};

use crate::message::Audience;

const KEPT_SECONDS: i64 = 90 * 24 * 3600;

/// By what a message travels.
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

/// What is known of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// Claimed; whoever claimed it sends it.
    Sending,
    /// Taken by the service.
    Sent,
    /// Refused by the service, for good.
    Failed,
    /// Sent or not: the answer was lost, and nobody may try again.
    Unknown,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    status: Status,
    event_type: String,
    /// The id of what the event is about: an order or a payment.
    subject: String,
    created_at: Timestamp,
    expires_at: i64,
}

/// One message: an event, told to one recipient by one channel.
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

    /// Claims a message. None when the claim is ours; otherwise what is known of it.
    pub(crate) async fn claim(&self, message: &Message, envelope: &Envelope, now: Timestamp) -> Result<Option<Status>> {
        let row = Row {
            status: Status::Sending,
            event_type: envelope.event.name().to_owned(),
            subject: envelope.subject.clone(),
            created_at: now,
            expires_at: now.seconds() + KEPT_SECONDS,
        };
        match Write::create(&self.table, message.key.clone(), &row)?.run().await? {
            Ok(()) => Ok(None),
            Err(refused) => match refused.row::<Row>()? {
                Some(row) => Ok(Some(row.status)),
                None => Err(Error::internal("a refused claim came without its row")),
            },
        }
    }

    /// Says what became of a message that we sent: our knowledge goes before anybody's guess.
    pub(crate) async fn conclude(&self, message: &Message, status: Status) -> Result<()> {
        let written = self.set(message, status)?.run().await?;
        written.map_err(|_| Error::internal("an unconditional update was refused"))
    }

    /// Says that nobody knows, unless somebody does by now.
    pub(crate) async fn give_up(&self, message: &Message) -> Result<()> {
        let guess =
            self.set(message, Status::Unknown)?.when("#status = :sending").value(":sending", Status::Sending)?;
        let _known_by_now = guess.run().await?;
        Ok(())
    }

    /// Gives a claim back, so that a redelivery sends.
    pub(crate) async fn release(&self, message: &Message) -> Result<()> {
        let release = Write::delete(&self.table, message.key.clone()).when("#status = :sending");
        let _concluded_by_now = release.name("#status", "status").value(":sending", Status::Sending)?.run().await?;
        Ok(())
    }

    fn set(&self, message: &Message, status: Status) -> Result<Write> {
        let update = Write::update(&self.table, message.key.clone(), "SET #status = :status");
        update.name("#status", "status").value(":status", status)
    }
}
