//! The rows of exports, and what is left of an account that was closed.

use aws_kit::{ApiKeys, Key, Query, Transaction, Write, outbox_put};
use events::Envelope;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::{Error, JobId, Page, PageRequest, Result, Timestamp, UserId};

use super::{Store, account_key, api_keys, email_key, person_key, user_key};
use crate::account::{Account, Person};
use crate::api_key::ApiKeyEntry;
use crate::export_job::ExportJob;

/// That an account was closed: its id, and nothing that tells who it was.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Closed {
    pub(crate) user_id: UserId,
    /// Always `deleted`: for whoever reads the table.
    pub(crate) status: String,
    /// The account's last, and one more.
    pub(crate) version: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) closed_at: Timestamp,
    /// The digest of its address, until the tokens that were mailed there are erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
}

/// Behind all rows that are erased, whatever they are called.
const CLOSED: &str = "CLOSED";

fn closed_key(user: UserId) -> Key {
    user_key(user, CLOSED)
}

fn export_key(user: UserId, job: JobId) -> Key {
    user_key(user, format!("EXPORT#{job}"))
}

impl Store {
    /// Takes an account and its person away, its keys, and its address, which is free from then on; refused unless the account is still as it
    /// was read. Whoever looks for the account finds none, so no rule has to know of accounts that are closed.
    pub(crate) fn close(
        &self,
        (account, person): (&Account, &Person),
        keys: &[ApiKeyEntry],
        closed: &Closed,
        revoked: Write,
        event: &Envelope,
    ) -> Result<Transaction> {
        let user = account.user_id;
        let mut transaction = Transaction::new();
        let gone = Write::delete(&self.table, account_key(user));
        let gone = gone.when(format!("version = :version AND {}", api_keys::still(account)));
        transaction.add(gone.value(":version", account.version)?.value(":keys", account.api_keys)?);
        for key in keys {
            transaction.add(ApiKeys::revoke(&self.table, &key.digest));
        }
        transaction.add(Write::delete(&self.table, person_key(user)));
        let freed = Write::delete(&self.table, email_key(&person.email)).when("userId = :user");
        transaction.add(freed.value(":user", user)?);
        transaction.add(Write::create(&self.table, closed_key(user), closed)?);
        transaction.add(revoked);
        transaction.add(outbox_put(&self.table, event)?);
        Ok(transaction)
    }

    pub(crate) async fn closed(&self, user: UserId) -> Result<Option<Closed>> {
        self.table.get(closed_key(user)).await
    }

    /// Forgets the digest of the address of a closed account.
    pub(crate) fn forget_address(&self, user: UserId) -> Write {
        Write::update(&self.table, closed_key(user), "REMOVE address").when("attribute_exists(pk)")
    }

    /// A page of everything in an account's partition.
    pub(crate) async fn rows_of(&self, user: UserId, request: &PageRequest) -> Result<Page<Value>> {
        Query::of(&self.table, format!("USER#{user}")).page(request).await
    }

    /// The first rows in an account's partition.
    pub(crate) async fn first_rows_of(&self, user: UserId, most: u32) -> Result<Vec<Value>> {
        Query::of(&self.table, format!("USER#{user}")).first(most).await
    }

    /// The writes that erase a row of an account's partition, and what lies elsewhere because of it; none of the row that stays. By
    /// the row's kind: whoever adds one says here what else goes with it.
    pub(crate) fn erased(&self, user: UserId, row: &Value) -> Result<Vec<Write>> {
        let sk = row["sk"].as_str().ok_or_else(|| Error::internal("a row without its sort key"))?;
        let (kind, name) = sk.split_once('#').unwrap_or((sk, ""));
        let itself = Write::delete(&self.table, user_key(user, sk));
        Ok(match kind {
            CLOSED => Vec::new(),
            // Files of exports are erased by their folder; a session, an address or a line of the history is one row.
            "SESSION" | "ADDRESS" | "HISTORY" | "EXPORT" => vec![itself],
            // What is found by the digest of a secret, or of a name at somebody else's, has a second row under that digest.
            "APIKEY" | "LINK" => {
                let digest = row["digest"].as_str().unwrap_or(name);
                let other = Write::delete(&self.table, Key::new(format!("{kind}#{digest}"), kind));
                // Together or not at all: once the pair is gone, the one under the digest may be of a new account.
                vec![other, itself.when("attribute_exists(pk)")]
            }
            // Closed together with the account; and whatever kind nobody has thought of here is erased all the same.
            _ => vec![itself],
        })
    }

    /// The newest exports of an account.
    pub(crate) async fn exports(&self, user: UserId, most: u32) -> Result<Vec<ExportJob>> {
        let exports = Query::of(&self.table, format!("USER#{user}")).begins_with("EXPORT#");
        exports.descending().first(most).await
    }

    pub(crate) async fn export(&self, user: UserId, job: JobId) -> Result<Option<ExportJob>> {
        self.table.get(export_key(user, job)).await
    }

    /// A new export and the event that has it written, while the account is there.
    pub(crate) fn create_export(&self, job: &ExportJob, event: &Envelope) -> Result<Transaction> {
        let mut transaction = Transaction::new();
        transaction.add(Write::create(&self.table, export_key(job.user_id, job.id), job)?);
        transaction.add(Write::check(&self.table, account_key(job.user_id)).when("attribute_exists(pk)"));
        transaction.add(outbox_put(&self.table, event)?);
        Ok(transaction)
    }

    /// The write of an export's next version, refused when somebody else has written it, or it was erased.
    pub(crate) fn put_export(&self, job: &ExportJob) -> Result<Write> {
        let put = Write::put(&self.table, export_key(job.user_id, job.id), job)?;
        put.when("version = :was").value(":was", job.version - 1)
    }
}
