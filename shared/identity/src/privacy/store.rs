//! The rows of exports and of closed accounts.

use aws_kit::{
    AccountBlock, AccountBlocks, ApiKeys, Key, MAX_TRANSACTION_WRITES, Query, Slot, Transaction, Write, outbox_put,
};
use events::Envelope;
use serde_json::Value;
use values::{Error, JobId, Page, PageRequest, Result, UserId};

use crate::accounts::account::Account;
use crate::accounts::person::Person;
use crate::api_keys::api_key::{ApiKeyEntry, MAX_API_KEYS};
use crate::api_keys::store::same_api_keys;
use crate::privacy::closed_account::ClosedAccount;
use crate::privacy::export_job::ExportJob;
use crate::second_factors::store::{factor_key, factor_partition};
use crate::store::{Store, account_key, email_key, person_key, user_key, user_partition};

/// Account, person, email address; closed account, block, revocation, event.
const CLOSING_WRITES: usize = 7;
const _: () = assert!(
    MAX_API_KEYS as usize + CLOSING_WRITES <= MAX_TRANSACTION_WRITES,
    "the end of an account must fit one transaction"
);

/// The row of a closed account, which is not erased.
const CLOSED: &str = "CLOSED";

fn closed_account_key(user: UserId) -> Key {
    user_key(user, CLOSED)
}

fn export_key(user: UserId, job: JobId) -> Key {
    user_key(user, format!("EXPORT#{job}"))
}

impl Store {
    /// Deletes an account, its person, its API keys and the row of its email address, if the account has not changed since it was read.
    /// No lookup finds the account from then on, so no other rule has to know about closed accounts.
    pub(crate) fn close_account(
        &self,
        (account, person): (&Account, &Person),
        keys: &[ApiKeyEntry],
        closed: &ClosedAccount,
        revocation: Write,
        event: &Envelope,
    ) -> Result<Transaction> {
        let user = account.user_id;
        let mut transaction = Transaction::new();
        let delete = Write::delete(&self.table, account_key(user));
        let delete = delete.when(format!("version = :version AND {}", same_api_keys(account)));
        transaction.add(delete.value(":version", account.version)?.value(":keys", account.api_keys)?);
        for key in keys {
            transaction.add(ApiKeys::revoke(&self.table, &key.digest));
        }
        transaction.add(Write::delete(&self.table, person_key(user)));
        let email = Write::delete(&self.table, email_key(&person.email)).when("userId = :user");
        transaction.add(email.value(":user", user)?);
        transaction.add(Write::create(&self.table, closed_account_key(user), closed)?);
        transaction.add(AccountBlocks::block(&self.table, user, AccountBlock::Closed)?);
        transaction.add(revocation);
        transaction.add(outbox_put(&self.table, event)?);
        Ok(transaction)
    }

    pub(crate) async fn is_closed(&self, user: UserId) -> Result<bool> {
        self.table.has(closed_account_key(user)).await
    }

    pub(crate) async fn closed_account(&self, user: UserId) -> Result<Option<ClosedAccount>> {
        self.table.get(closed_account_key(user)).await
    }

    /// Erases the digest of the email address of a closed account.
    pub(crate) fn erase_email_digest(&self, user: UserId) -> Write {
        Write::update(&self.table, closed_account_key(user), "REMOVE address").when("attribute_exists(pk)")
    }

    /// A page of all rows in an account's partition.
    pub(crate) async fn rows_of(&self, user: UserId, request: &PageRequest) -> Result<Page<Value>> {
        Query::of(&self.table, user_partition(user)).page(request).await
    }

    /// The first rows in an account's partition.
    pub(crate) async fn first_rows_of(&self, user: UserId, limit: u32) -> Result<Vec<Value>> {
        Query::of(&self.table, user_partition(user)).first(limit).await
    }

    /// The writes that erase a row of an account's partition and its related rows; none for the row that stays. A new kind of row with
    /// related rows is added here.
    pub(crate) fn erase_row(&self, user: UserId, row: &Value) -> Result<Vec<Write>> {
        let sk = row["sk"].as_str().ok_or_else(|| Error::internal("a row has no sort key"))?;
        let (kind, name) = sk.split_once('#').unwrap_or((sk, ""));
        let row_itself = Write::delete(&self.table, user_key(user, sk));
        Ok(match kind {
            CLOSED => Vec::new(),
            // These are one row each. The files of exports are erased by their folder.
            "SESSION" | "ADDRESS" | "HISTORY" | "EXPORT" => vec![row_itself],
            // These have a second row, whose key is the digest of a secret or of a provider's subject.
            "APIKEY" | "LINK" => {
                let digest = row["digest"].as_str().unwrap_or(name);
                let other = Write::delete(&self.table, Key::new(format!("{kind}#{digest}"), kind));
                // In one transaction: once the pair is gone, the row of the digest may belong to a new account.
                vec![other, row_itself.when("attribute_exists(pk)")]
            }
            // Every unknown kind of row is erased, too.
            _ => vec![row_itself],
        })
    }

    /// The first rows of an account's second factors.
    pub(crate) async fn factor_rows(&self, user: UserId, limit: u32) -> Result<Vec<Value>> {
        Query::of(&self.table, factor_partition(user)).first(limit).await
    }

    /// The writes that erase a row of an account's second factors and its related rows.
    pub(crate) fn erase_factor_row(&self, user: UserId, row: &Value) -> Result<Vec<Write>> {
        let sk = row["sk"].as_str().ok_or_else(|| Error::internal("a row has no sort key"))?;
        Ok(vec![Write::delete(&self.table, factor_key(user, sk))])
    }

    /// The newest exports of an account.
    pub(crate) async fn exports(&self, user: UserId, limit: u32) -> Result<Vec<ExportJob>> {
        let exports = Query::of(&self.table, user_partition(user)).begins_with("EXPORT#");
        exports.descending().first(limit).await
    }

    pub(crate) async fn export(&self, user: UserId, job: JobId) -> Result<Option<ExportJob>> {
        self.table.get(export_key(user, job)).await
    }

    /// Creates an export and the event for its worker. The condition of the slot fails when there is no account.
    pub(crate) fn create_export(&self, job: &ExportJob, event: &Envelope) -> Result<(Transaction, Slot)> {
        let mut transaction = Transaction::new();
        transaction.add(Write::create(&self.table, export_key(job.user_id, job.id), job)?);
        let account = Write::check(&self.table, account_key(job.user_id)).when("attribute_exists(pk)");
        let account = transaction.add(account);
        transaction.add(outbox_put(&self.table, event)?);
        Ok((transaction, account))
    }

    /// The write of an export's next version. Its condition fails after a concurrent update, or when the export was erased.
    pub(crate) fn put_export(&self, job: &ExportJob) -> Result<Write> {
        let put = Write::put(&self.table, export_key(job.user_id, job.id), job)?;
        put.when("version = :was").value(":was", job.state.version - 1)
    }
}
