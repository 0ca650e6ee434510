//! The rows behind one-time tokens.

use aws_kit::{Key, Query, Slot, Transaction, Write, outbox_put};
use events::Envelope;
use values::{Result, Timestamp, TokenId, UserId};

use crate::accounts::account::Account;
use crate::accounts::password::Credential;
use crate::api_keys::api_key::ApiKeyEntry;
use crate::api_keys::store::same_api_keys;
use crate::store::{EmailRow, Store, account_key, email_key_by_digest};
use crate::tokens::one_time_token::OneTimeToken;

/// The transaction that uses a token, and the writes whose conditions can fail.
pub(crate) struct TokenTransaction {
    pub(crate) transaction: Transaction,
    /// Fails when the token was used or replaced meanwhile.
    pub(crate) token_slot: Slot,
    /// Fails when the account is gone, or its sessions were ended after the token was created.
    pub(crate) account_slot: Slot,
}

fn token_key(token: TokenId) -> Key {
    Key::new(format!("TOKEN#{token}"), "TOKEN")
}

/// The index partition of the tokens of an email address, by the digest of the address.
fn tokens_partition(email_digest: &str) -> String {
    format!("TOKENS#{email_digest}")
}

impl Store {
    pub(crate) fn create_token(&self, token: &OneTimeToken) -> Result<Write> {
        Write::create(&self.table, token_key(token.token_id), token)?
            .attribute("gsi1pk", tokens_partition(&token.email_digest))?
            .attribute("gsi1sk", token.token_id)
    }

    /// Creates a token, with the event that makes the notifier send it.
    pub(crate) fn order_token(&self, token: &OneTimeToken, event: &Envelope) -> Result<Transaction> {
        let mut transaction = Transaction::new();
        transaction.add(self.create_token(token)?);
        transaction.add(outbox_put(&self.table, event)?);
        Ok(transaction)
    }

    /// At most `limit` tokens of an email address that were created before `until`.
    pub(crate) async fn tokens_of(&self, email_digest: &str, until: Timestamp, limit: u32) -> Result<Vec<TokenId>> {
        let rows =
            Query::index(&self.table, "gsi1", tokens_partition(email_digest)).first::<OneTimeToken>(limit).await?;
        Ok(rows.into_iter().filter(|token| token.created_at <= until).map(|token| token.token_id).collect())
    }

    pub(crate) fn delete_token(&self, token: TokenId) -> Write {
        Write::delete(&self.table, token_key(token))
    }

    pub(crate) async fn token(&self, token: TokenId) -> Result<Option<OneTimeToken>> {
        self.table.get(token_key(token)).await
    }

    /// The account of a token's email address.
    pub(crate) async fn user_by_email_digest(&self, digest: &str) -> Result<Option<UserId>> {
        Ok(self.table.get::<EmailRow>(email_key_by_digest(digest)).await?.map(|row| row.user_id))
    }

    /// Stores the digest of a token's secret, and its account, if the token still exists. An earlier secret, whose mail could not be
    /// sent, is replaced: no mail contains it.
    pub(crate) fn set_token_secret(&self, token: TokenId, user: UserId, digest: &str) -> Result<Write> {
        let change = "SET digest = :digest, userId = :user";
        let write = Write::update(&self.table, token_key(token), change).when("attribute_exists(pk)");
        write.value(":digest", digest)?.value(":user", user)
    }

    /// Uses a token to set another password. It also verifies the email address, because the user has read its mail. With
    /// `revoked`, which are exactly the account's API keys, these are revoked.
    pub(crate) fn use_token_for_password(
        &self,
        token: &OneTimeToken,
        digest: &str,
        before: &Account,
        credential: &Credential,
        revoked: Option<&[ApiKeyEntry]>,
        now: Timestamp,
    ) -> Result<TokenTransaction> {
        let user = before.user_id;
        let mut change =
            "SET credential = :credential, emailVerified = :true, sessionsEndedAt = :now, updatedAt = :now, \
                          version = version + :one"
                .to_owned();
        // A reset invalidates the tokens that were requested before it.
        let mut condition =
            "attribute_exists(pk) AND (attribute_not_exists(sessionsEndedAt) OR sessionsEndedAt < :made)".to_owned();
        if revoked.is_some() {
            change += ", apiKeys = :none";
            condition += " AND ";
            condition += same_api_keys(before);
        }
        let mut account = Write::update(&self.table, account_key(user), change).when(condition);
        if revoked.is_some() {
            account = account.value(":none", 0)?.value(":keys", before.api_keys)?;
        }
        let account = account.value(":credential", credential)?.value(":made", token.created_at)?;
        let account = account.value(":true", true)?.value(":now", now)?.value(":one", 1)?;
        let mut used = self.use_token(token, digest, account)?;
        for key in revoked.unwrap_or_default() {
            used.transaction.add_all(self.remove_api_key_rows(user, key.key_id, &key.digest));
        }
        Ok(used)
    }

    /// Uses a token to verify the email address.
    pub(crate) fn use_token_for_verification(
        &self,
        token: &OneTimeToken,
        digest: &str,
        user: UserId,
        now: Timestamp,
    ) -> Result<TokenTransaction> {
        let change = "SET emailVerified = :true, updatedAt = :now, version = version + :one";
        let account = Write::update(&self.table, account_key(user), change).when("attribute_exists(pk)");
        self.use_token(token, digest, account.value(":true", true)?.value(":now", now)?.value(":one", 1)?)
    }

    fn use_token(&self, token: &OneTimeToken, digest: &str, account: Write) -> Result<TokenTransaction> {
        let mut transaction = Transaction::new();
        let delete = Write::delete(&self.table, token_key(token.token_id)).when("digest = :digest");
        let token_slot = transaction.add(delete.value(":digest", digest)?);
        let account_slot = transaction.add(account);
        Ok(TokenTransaction { transaction, token_slot, account_slot })
    }
}
