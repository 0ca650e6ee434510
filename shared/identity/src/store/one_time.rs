//! The rows behind one-time tokens.

use aws_kit::{Key, Query, Slot, Transaction, Write, outbox_put, sha256_hex};
use events::Envelope;
use values::{Email, Result, Timestamp, TokenId, UserId};

use super::{EmailRow, Store, account_key, email_key_of};
use crate::one_time::OneTime;
use crate::password::Credential;

/// What the use of a token writes, and where it can be refused.
pub(crate) struct Spending {
    pub(crate) transaction: Transaction,
    /// The token was used by somebody else, or replaced.
    pub(crate) token: Slot,
    /// The account is gone, or was cut off after the token was made.
    pub(crate) account: Slot,
}

fn token_key(token: TokenId) -> Key {
    Key::new(format!("TOKEN#{token}"), "TOKEN")
}

/// The partition of the index in which the tokens of an address are found, by the address' digest.
fn tokens_of(address: &str) -> String {
    format!("TOKENS#{address}")
}

/// What a token names an address by: the digest that the address' own row is named by.
pub(crate) fn address_digest(email: &Email) -> String {
    sha256_hex(email.as_str().as_bytes())
}

impl Store {
    pub(crate) fn put_token(&self, token: &OneTime) -> Result<Write> {
        Write::create(&self.table, token_key(token.token_id), token)?
            .attribute("gsi1pk", tokens_of(&token.address))?
            .attribute("gsi1sk", token.token_id)
    }

    /// A token and the event that has it mailed.
    pub(crate) fn order_token(&self, token: &OneTime, event: &Envelope) -> Result<Transaction> {
        let mut transaction = Transaction::new();
        transaction.add(self.put_token(token)?);
        transaction.add(outbox_put(&self.table, event)?);
        Ok(transaction)
    }

    /// Some of the tokens that were ordered for an address until then, however old.
    pub(crate) async fn tokens_of(&self, address: &str, until: Timestamp, most: u32) -> Result<Vec<TokenId>> {
        let rows = Query::index(&self.table, "gsi1", tokens_of(address)).first::<OneTime>(most).await?;
        Ok(rows.into_iter().filter(|token| token.created_at <= until).map(|token| token.token_id).collect())
    }

    pub(crate) fn delete_token(&self, token: TokenId) -> Write {
        Write::delete(&self.table, token_key(token))
    }

    pub(crate) async fn token(&self, token: TokenId) -> Result<Option<OneTime>> {
        self.table.get(token_key(token)).await
    }

    /// Whose the address of a token is.
    pub(crate) async fn user_of_digest(&self, digest: &str) -> Result<Option<UserId>> {
        Ok(self.table.get::<EmailRow>(email_key_of(digest)).await?.map(|row| row.user_id))
    }

    /// Gives a token that is still there its secret's digest and its owner. One that was given before, because a mail could not be
    /// sent, is replaced: nobody has it.
    pub(crate) fn mint(&self, token: TokenId, user: UserId, digest: &str) -> Result<Write> {
        let change = "SET digest = :digest, userId = :user";
        let write = Write::update(&self.table, token_key(token), change).when("attribute_exists(pk)");
        write.value(":digest", digest)?.value(":user", user)
    }

    /// Spends a token for another password. Whoever is reached at an address has shown that it is theirs.
    pub(crate) fn spend_for_password(
        &self,
        token: &OneTime,
        digest: &str,
        user: UserId,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Spending> {
        let change = "SET credential = :credential, emailVerified = :true, sessionsEndedAt = :now, updatedAt = :now, \
                      version = version + :one";
        // A reset makes an end of the tokens that were asked for before it.
        let account = Write::update(&self.table, account_key(user), change)
            .when("attribute_exists(pk) AND (attribute_not_exists(sessionsEndedAt) OR sessionsEndedAt < :made)");
        let account = account.value(":credential", credential)?.value(":made", token.created_at)?;
        self.spend(token, digest, account.value(":true", true)?.value(":now", now)?.value(":one", 1)?)
    }

    /// Spends a token that shows whose an address is.
    pub(crate) fn spend_for_verification(
        &self,
        token: &OneTime,
        digest: &str,
        user: UserId,
        now: Timestamp,
    ) -> Result<Spending> {
        let change = "SET emailVerified = :true, updatedAt = :now, version = version + :one";
        let account = Write::update(&self.table, account_key(user), change).when("attribute_exists(pk)");
        self.spend(token, digest, account.value(":true", true)?.value(":now", now)?.value(":one", 1)?)
    }

    fn spend(&self, token: &OneTime, digest: &str, account: Write) -> Result<Spending> {
        let mut transaction = Transaction::new();
        let spent = Write::delete(&self.table, token_key(token.token_id)).when("digest = :digest");
        let token = transaction.add(spent.value(":digest", digest)?);
        let account = transaction.add(account);
        Ok(Spending { transaction, token, account })
    }

    /// Puts a hash in the place of one that is still there.
    pub(crate) fn rehash(&self, user: UserId, was: &Credential, renewed: &Credential) -> Result<Write> {
        let write =
            Write::update(&self.table, account_key(user), "SET credential = :renewed").when("credential = :was");
        write.value(":renewed", renewed)?.value(":was", was)
    }
}
