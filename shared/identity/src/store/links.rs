//! The rows of signing in with a provider: attempts, links, and the codes that end a sign-in.

use aws_kit::{Key, Query, Transaction, Write, outbox_put, sha256_hex};
use events::Envelope;
use serde::{Deserialize, Serialize};
use values::{Error, Result, Timestamp, UserId};

use super::{EmailRow, Store, account_key, email_key, user_key};
use crate::account::{Account, Person};
use crate::attempt::Attempt;
use crate::code::Code;
use crate::links::OtherWay;
use crate::provider::Provider;
use crate::vouched::Vouched;

/// Who a provider's subject is here.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkRow {
    user_id: UserId,
    provider: Provider,
}

/// An account's side of a link.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnLink {
    pub(crate) provider: Provider,
    /// Of issuer and subject: names the other row.
    pub(crate) digest: String,
    pub(crate) linked_at: Timestamp,
}

fn attempt_key(state: &str) -> Key {
    Key::new(format!("OAUTH#{}", sha256_hex(state.as_bytes())), "OAUTH")
}

fn code_key(code: &str) -> Key {
    Key::new(format!("CODE#{}", sha256_hex(code.as_bytes())), "CODE")
}

fn link_key(digest: &str) -> Key {
    Key::new(format!("LINK#{digest}"), "LINK")
}

fn own_link_key(user: UserId, provider: Provider) -> Key {
    user_key(user, format!("LINK#{provider}"))
}

impl Store {
    pub(crate) async fn keep_attempt(&self, state: &str, attempt: &Attempt) -> Result<()> {
        let kept = Write::create(&self.table, attempt_key(state), attempt)?.run().await?;
        kept.map_err(|_| Error::internal("a fresh state was taken"))
    }

    pub(crate) async fn attempt(&self, state: &str) -> Result<Option<Attempt>> {
        self.table.get(attempt_key(state)).await
    }

    /// Takes an attempt that must be there.
    pub(crate) fn spend_attempt(&self, state: &str) -> Write {
        Write::delete(&self.table, attempt_key(state)).when("attribute_exists(pk)")
    }

    pub(crate) fn put_code(&self, text: &str, code: &Code) -> Result<Write> {
        Write::create(&self.table, code_key(text), code)
    }

    pub(crate) async fn code(&self, text: &str) -> Result<Option<Code>> {
        self.table.get(code_key(text)).await
    }

    /// Takes a code that must be there.
    pub(crate) fn spend_code(&self, text: &str) -> Write {
        Write::delete(&self.table, code_key(text)).when("attribute_exists(pk)")
    }

    /// Who that is here.
    pub(crate) async fn linked(&self, vouched: &Vouched) -> Result<Option<UserId>> {
        Ok(self.table.get::<LinkRow>(link_key(&vouched.digest())).await?.map(|row| row.user_id))
    }

    /// The link of an account to a provider.
    pub(crate) async fn link_to(&self, user: UserId, provider: Provider) -> Result<Option<OwnLink>> {
        self.table.get(own_link_key(user, provider)).await
    }

    /// All links of an account: one per provider at most.
    pub(crate) async fn links(&self, user: UserId) -> Result<Vec<OwnLink>> {
        Query::of(&self.table, format!("USER#{user}")).begins_with("LINK#").first(Provider::ALL.len() as u32).await
    }

    /// Both rows of a link; neither may be there.
    pub(crate) fn link(&self, vouched: &Vouched, user: UserId, now: Timestamp) -> Result<[Write; 2]> {
        let (provider, digest) = (vouched.provider, vouched.digest());
        let own = OwnLink { provider, digest: digest.clone(), linked_at: now };
        Ok([
            Write::create(&self.table, link_key(&digest), &LinkRow { user_id: user, provider })?,
            Write::create(&self.table, own_link_key(user, provider), &own)?,
        ])
    }

    /// Removes a link that must be there, if its owner has that other way to log in.
    pub(crate) fn unlink(&self, user: UserId, link: &OwnLink, other: &OtherWay) -> Result<Transaction> {
        let mut transaction = Transaction::new();
        let own = Write::delete(&self.table, own_link_key(user, link.provider)).when("digest = :digest");
        transaction.add(own.value(":digest", &link.digest)?);
        transaction.add(Write::delete(&self.table, link_key(&link.digest)).when("attribute_exists(pk)"));
        transaction.add(match other {
            OtherWay::Password => Write::check(&self.table, account_key(user)).when("attribute_exists(credential)"),
            OtherWay::Link(provider) => {
                Write::check(&self.table, own_link_key(user, *provider)).when("attribute_exists(pk)")
            }
        });
        Ok(transaction)
    }

    /// Holds while nothing has become of an account since it was read.
    pub(crate) fn still(&self, account: &Account) -> Result<Write> {
        let check = Write::check(&self.table, account_key(account.user_id)).when("version = :version");
        check.value(":version", account.version)
    }

    /// Gives an account that is as it was read to whoever its address is: verified, without a password, a
    /// session, or a default address: nothing is sent to where somebody else lives.
    pub(crate) fn reclaim(&self, account: &Account, now: Timestamp) -> Result<Write> {
        let change = "SET emailVerified = :true, sessionsEndedAt = :now, updatedAt = :now, version = version + :one \
                      REMOVE credential, defaultShipping, defaultBilling";
        let write = Write::update(&self.table, account_key(account.user_id), change).when("version = :version");
        write.value(":true", true)?.value(":now", now)?.value(":one", 1)?.value(":version", account.version)
    }

    /// A fresh account without a session, for an address that must not be taken, and the event that tells of it.
    pub(crate) fn open(&self, account: &Account, person: &Person, event: &Envelope) -> Result<Transaction> {
        let mut transaction = Transaction::new();
        let taken = EmailRow { user_id: account.user_id };
        transaction.add(Write::create(&self.table, email_key(&person.email), &taken)?);
        for write in self.listed(account, person)? {
            transaction.add(write);
        }
        transaction.add(outbox_put(&self.table, event)?);
        Ok(transaction)
    }
}
