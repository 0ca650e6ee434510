//! The payments table.
//!
//! | pattern | key condition | index | cost |
//! |---|---|---|---|
//! | one payment | `PAYMENT#{id}` / `PAYMENT` | table | 1 read unit (4 KB) |
//! | payments of an order | gsi1pk `ORDER#{orderId}`, by creation | gsi1 | 0.5 read units a page |
//! | what workers have left to do, oldest first | gsi2pk `UNSETTLED#{0-3}`, up to a moment | gsi2, sparse | 0.5 read units a page |
//! | a move and its event | put on version + outbox put | table | 4 write units in a transaction |

use aws_kit::{Aws, CommitError, Key, Query, Table, Transaction, Write, outbox_put};
use events::{Envelope, Event};
use values::{Clock, OrderId, PaymentId, Result, Timestamp, Trace};

use crate::Payment;

/// Partitions of the index of unsettled payments.
pub(crate) const SHARDS: u8 = 4;

/// The payments of the shop.
#[derive(Debug, Clone)]
pub struct Payments {
    table: Table,
    pub(crate) clock: Clock,
}

impl Payments {
    /// On the table that the environment names.
    pub fn from_env(aws: &Aws, clock: Clock) -> Result<Self> {
        Ok(Self { table: aws.table("SOUK_TABLE_PAYMENTS")?, clock })
    }

    /// The table, to warm its connection and to look for forgotten events.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// One payment.
    pub async fn read(&self, id: PaymentId) -> Result<Option<Payment>> {
        self.table.get(key(id)).await
    }

    /// The payments of an order, first to last.
    pub async fn of_order(&self, order: OrderId) -> Result<Vec<Payment>> {
        Query::index(&self.table, "gsi1", format!("ORDER#{order}")).first(20).await
    }

    /// Payments that have waited for a worker since before `since`, at most 100 of each shard.
    pub async fn unsettled(&self, since: Timestamp) -> Result<Vec<Payment>> {
        let mut waiting = Vec::new();
        for shard in 0..SHARDS {
            let query = Query::index(&self.table, "gsi2", format!("UNSETTLED#{shard}")).up_to(since.to_string());
            waiting.extend(query.first::<Payment>(100).await?);
        }
        Ok(waiting)
    }

    /// The write of a payment that was not there.
    pub(crate) fn created(&self, payment: &Payment) -> Result<Write> {
        Ok(self.row(payment)?.when("attribute_not_exists(pk)"))
    }

    /// The write of the next version of a payment; refused when it is no longer the version `next` was decided from.
    pub(crate) fn next(&self, next: &Payment) -> Result<Write> {
        self.row(next)?.when("version = :before").value(":before", next.version - 1)
    }

    fn row(&self, payment: &Payment) -> Result<Write> {
        let row = Write::put(&self.table, key(payment.id), payment)?
            .attribute("gsi1pk", format!("ORDER#{}", payment.order_id))?
            .attribute("gsi1sk", payment.created_at)?;
        if !payment.status.is_unsettled() {
            return Ok(row);
        }
        let shard = payment.id.uuid().as_bytes()[15] % SHARDS;
        row.attribute("gsi2pk", format!("UNSETTLED#{shard}"))?.attribute("gsi2sk", payment.updated_at)
    }

    /// The write of an event about a payment.
    pub(crate) fn told(&self, payment: &Payment, trace: &Trace, event: Event) -> Result<Write> {
        outbox_put(&self.table, &Envelope::new(&self.clock, trace, payment.id, payment.version, event))
    }

    /// Saves a decision and tells of it; `false` when somebody else moved the payment meanwhile.
    pub(crate) async fn save(&self, next: &Payment, trace: &Trace, event: Option<Event>) -> Result<bool> {
        let mut transaction = Transaction::new();
        let row = transaction.add(self.next(next)?);
        if let Some(event) = event {
            transaction.add(self.told(next, trace, event)?);
        }
        match transaction.commit().await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(refusals)) if refusals.of(row).is_some() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn key(id: PaymentId) -> Key {
    Key::new(format!("PAYMENT#{id}"), "PAYMENT")
}
