//! The rows of registration and of sign-in with a provider: pending sign-ins, links, and codes.

use aws_kit::{Key, Query, Slot, Transaction, Write, outbox_put, sha256_hex};
use events::Envelope;
use serde::{Deserialize, Serialize};
use values::{Error, Result, Timestamp, UserId};

use crate::accounts::account::Account;
use crate::accounts::person::Person;
use crate::sessions::session::Session;
use crate::sign_in::external_identity::ExternalIdentity;
use crate::sign_in::login_method::LoginMethod;
use crate::sign_in::pending_sign_in::PendingSignIn;
use crate::sign_in::provider::Provider;
use crate::sign_in::sign_in_code::SignInCode;
use crate::store::{EmailRow, Store, account_key, email_key, user_key, user_partition};
use crate::tokens::one_time_token::OneTimeToken;

/// The row that gives a provider's subject to an account.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkRow {
    user_id: UserId,
    provider: Provider,
}

/// The row of a link in the account's partition.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountLink {
    pub(crate) provider: Provider,
    /// The digest of issuer and subject, which is in the other row's key.
    pub(crate) digest: String,
    pub(crate) linked_at: Timestamp,
}

fn pending_sign_in_key(state: &str) -> Key {
    Key::new(format!("OAUTH#{}", sha256_hex(state.as_bytes())), "OAUTH")
}

fn code_key(code: &str) -> Key {
    Key::new(format!("CODE#{}", sha256_hex(code.as_bytes())), "CODE")
}

fn link_key(digest: &str) -> Key {
    Key::new(format!("LINK#{digest}"), "LINK")
}

fn account_link_key(user: UserId, provider: Provider) -> Key {
    user_key(user, format!("LINK#{provider}"))
}

/// The transaction of a registration, and the write whose condition can fail.
pub(crate) struct RegistrationTransaction {
    pub(crate) transaction: Transaction,
    /// Fails when an account has the email address.
    pub(crate) email_slot: Slot,
}

impl Store {
    /// Creates an account, its person, its first session, the token that verifies its email address, and its known network.
    pub(crate) fn register(
        &self,
        account: &Account,
        person: &Person,
        session: &Session,
        token: &OneTimeToken,
        network: Write,
        events: [&Envelope; 2],
    ) -> Result<RegistrationTransaction> {
        let user_id = account.user_id;
        let mut transaction = Transaction::new();
        let email_slot = transaction.add(Write::create(&self.table, email_key(&person.email), &EmailRow { user_id })?);
        for write in self.create_account_rows(account, person)? {
            transaction.add(write);
        }
        transaction.add(self.create_session(session)?);
        transaction.add(self.create_token(token)?);
        transaction.add(network);
        for event in events {
            transaction.add(outbox_put(&self.table, event)?);
        }
        Ok(RegistrationTransaction { transaction, email_slot })
    }

    /// Creates an account without a session, and its event. The condition fails when an account has the email address.
    pub(crate) fn create_account(&self, account: &Account, person: &Person, event: &Envelope) -> Result<Transaction> {
        let mut transaction = Transaction::new();
        let email = EmailRow { user_id: account.user_id };
        transaction.add(Write::create(&self.table, email_key(&person.email), &email)?);
        for write in self.create_account_rows(account, person)? {
            transaction.add(write);
        }
        transaction.add(outbox_put(&self.table, event)?);
        Ok(transaction)
    }

    pub(crate) async fn create_pending_sign_in(&self, state: &str, pending: &PendingSignIn) -> Result<()> {
        let created = Write::create(&self.table, pending_sign_in_key(state), pending)?.run().await?;
        created.map_err(|_| Error::internal("a new random state already exists"))
    }

    pub(crate) async fn pending_sign_in(&self, state: &str) -> Result<Option<PendingSignIn>> {
        self.table.get(pending_sign_in_key(state)).await
    }

    /// Deletes a pending sign-in, which must exist.
    pub(crate) fn delete_pending_sign_in(&self, state: &str) -> Write {
        Write::delete(&self.table, pending_sign_in_key(state)).when("attribute_exists(pk)")
    }

    pub(crate) fn create_code(&self, text: &str, code: &SignInCode) -> Result<Write> {
        Write::create(&self.table, code_key(text), code)
    }

    pub(crate) async fn code(&self, text: &str) -> Result<Option<SignInCode>> {
        self.table.get(code_key(text)).await
    }

    /// Deletes a code, which must exist.
    pub(crate) fn delete_code(&self, text: &str) -> Write {
        Write::delete(&self.table, code_key(text)).when("attribute_exists(pk)")
    }

    /// The account that an external identity is linked to.
    pub(crate) async fn linked_account(&self, identity: &ExternalIdentity) -> Result<Option<UserId>> {
        Ok(self.table.get::<LinkRow>(link_key(&identity.digest())).await?.map(|row| row.user_id))
    }

    /// The link of an account to a provider.
    pub(crate) async fn link_to(&self, user: UserId, provider: Provider) -> Result<Option<AccountLink>> {
        self.table.get(account_link_key(user, provider)).await
    }

    /// The links of an account: at most one per provider.
    pub(crate) async fn links(&self, user: UserId) -> Result<Vec<AccountLink>> {
        Query::of(&self.table, user_partition(user)).begins_with("LINK#").first(Provider::ALL.len() as u32).await
    }

    /// Creates both rows of a link; neither may exist.
    pub(crate) fn link(&self, identity: &ExternalIdentity, user: UserId, now: Timestamp) -> Result<[Write; 2]> {
        let (provider, digest) = (identity.provider, identity.digest());
        let own = AccountLink { provider, digest: digest.clone(), linked_at: now };
        Ok([
            Write::create(&self.table, link_key(&digest), &LinkRow { user_id: user, provider })?,
            Write::create(&self.table, account_link_key(user, provider), &own)?,
        ])
    }

    /// Removes an existing link, if the owner can still log in by the other method.
    pub(crate) fn unlink(&self, user: UserId, link: &AccountLink, remaining: &LoginMethod) -> Result<Transaction> {
        let mut transaction = Transaction::new();
        let own = Write::delete(&self.table, account_link_key(user, link.provider)).when("digest = :digest");
        transaction.add(own.value(":digest", &link.digest)?);
        transaction.add(Write::delete(&self.table, link_key(&link.digest)).when("attribute_exists(pk)"));
        transaction.add(match remaining {
            LoginMethod::Password => Write::check(&self.table, account_key(user)).when("attribute_exists(credential)"),
            LoginMethod::Link(provider) => {
                Write::check(&self.table, account_link_key(user, *provider)).when("attribute_exists(pk)")
            }
        });
        Ok(transaction)
    }

    /// Checks that an account has not changed since it was read.
    pub(crate) fn check_unchanged(&self, account: &Account) -> Result<Write> {
        let check = Write::check(&self.table, account_key(account.user_id)).when("version = :version");
        check.value(":version", account.version)
    }

    /// Reclaims an account that has not changed since it was read: its address is verified, and its password, sessions and default
    /// addresses go. A parcel must not go to an address that an impostor chose.
    pub(crate) fn reclaim(&self, account: &Account, now: Timestamp) -> Result<Write> {
        let change = "SET emailVerified = :true, sessionsEndedAt = :now, updatedAt = :now, version = version + :one \
                      REMOVE credential, defaultShipping, defaultBilling";
        let write = Write::update(&self.table, account_key(account.user_id), change).when("version = :version");
        write.value(":true", true)?.value(":now", now)?.value(":one", 1)?.value(":version", account.version)
    }
}
