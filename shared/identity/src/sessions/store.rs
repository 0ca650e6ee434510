//! The rows of login sessions.

use aws_kit::{ConditionFailure, Key, Query, Write};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use values::{ApiKeyId, Error, Result, SessionId, Timestamp, UserId};

use crate::accounts::account::Account;
use crate::accounts::person::Person;
use crate::accounts::status::AccountStatus;
use crate::api_keys::store::api_key_key;
use crate::sessions::session::Session;
use crate::store::{Store, account_key, person_key, user_key, user_partition};

fn session_key(user: UserId, session: SessionId) -> Key {
    user_key(user, format!("SESSION#{session}"))
}

impl Store {
    /// Ends all sessions of an existing account that began before `until`.
    pub(crate) fn end_sessions(&self, user: UserId, until: Timestamp) -> Result<Write> {
        let change = "SET sessionsEndedAt = :until";
        Write::update(&self.table, account_key(user), change).when("attribute_exists(pk)").value(":until", until)
    }

    /// An account, its person and one of its sessions; none where one of them is missing. 1 read.
    pub(crate) async fn account_by_session(
        &self,
        user: UserId,
        session: SessionId,
    ) -> Result<Option<(Account, Person, Session)>> {
        self.account_and(user, session_key(user, session)).await
    }

    /// An account and its person, if it has this API key. 1 read.
    pub(crate) async fn account_by_api_key(&self, user: UserId, key: ApiKeyId) -> Result<Option<(Account, Person)>> {
        let found = self.account_and::<IgnoredAny>(user, api_key_key(user, key)).await?;
        Ok(found.map(|(account, person, _)| (account, person)))
    }

    /// An account, its person and one more row.
    async fn account_and<T: DeserializeOwned>(&self, user: UserId, other: Key) -> Result<Option<(Account, Person, T)>> {
        let (mut account, mut person, mut third) = (None, None, None);
        for row in self.table.batch_get::<Value>(&[account_key(user), person_key(user), other]).await? {
            match row["sk"].as_str() {
                Some("ACCOUNT") => account = Some(serde_json::from_value::<Account>(row).map_err(Error::internal)?),
                Some("ACCOUNT#PERSON") => {
                    person = Some(serde_json::from_value::<Person>(row).map_err(Error::internal)?);
                }
                _ => third = Some(serde_json::from_value::<T>(row).map_err(Error::internal)?),
            }
        }
        Ok(account.zip(person).zip(third).map(|((account, person), third)| (account, person, third)))
    }

    pub(crate) fn create_session(&self, session: &Session) -> Result<Write> {
        Write::create(&self.table, session_key(session.user_id, session.session_id), session)
    }

    /// Checks that an account may be used and that its sessions were not ended since it was read: a login that is concurrent with a
    /// suspension or a reset begins no session.
    pub(crate) fn check_may_log_in(&self, account: &Account) -> Result<Write> {
        let check = Write::check(&self.table, account_key(account.user_id)).name("#status", "status");
        let check = check.value(":active", AccountStatus::Active)?;
        match account.sessions_ended_at {
            None => Ok(check.when("#status = :active AND attribute_not_exists(sessionsEndedAt)")),
            Some(at) => check.when("#status = :active AND sessionsEndedAt = :ended").value(":ended", at),
        }
    }

    pub(crate) async fn session(&self, user: UserId, session: SessionId) -> Result<Option<Session>> {
        self.table.get(session_key(user, session)).await
    }

    pub(crate) async fn sessions(&self, user: UserId) -> Result<Vec<Session>> {
        Query::of(&self.table, user_partition(user)).begins_with("SESSION#").descending().first(100).await
    }

    /// Replaces the session's valid token, if it still has the digest `before`. A concurrent step-up changes the same row, so the
    /// time of the login is not written.
    pub(crate) async fn rotate(&self, before: &str, rotated: &Session) -> Result<Result<(), ConditionFailure>> {
        let key = session_key(rotated.user_id, rotated.session_id);
        let change = "SET digest = :next, spent = :was, rotatedAt = :now, lastUsedAt = :now, expiresAt = :end";
        let write = Write::update(&self.table, key, change).when("digest = :was");
        let write =
            write.value(":next", &rotated.digest)?.value(":was", before)?.value(":now", rotated.last_used_at)?;
        write.value(":end", rotated.expires_at)?.run().await
    }

    /// Stores when and how the person last proved a credential in an existing session.
    pub(crate) fn set_proof(&self, session: &Session) -> Result<Write> {
        let key = session_key(session.user_id, session.session_id);
        let write = Write::update(&self.table, key, "SET authTime = :at, amr = :amr").when("attribute_exists(pk)");
        write.value(":at", session.auth_time)?.value(":amr", &session.amr)
    }

    pub(crate) fn delete_session(&self, user: UserId, session: SessionId) -> Write {
        Write::delete(&self.table, session_key(user, session))
    }
}
