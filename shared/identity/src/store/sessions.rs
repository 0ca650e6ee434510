//! The rows of login sessions.

use aws_kit::{ConditionFailure, Key, Query, Write};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use values::{ApiKeyId, Error, Result, SessionId, Timestamp, UserId};

use super::api_keys::api_key_key;
use super::{Store, account_key, person_key, user_key};
use crate::account::{Account, Person, Status};
use crate::session::Session;

fn session_key(user: UserId, session: SessionId) -> Key {
    user_key(user, format!("SESSION#{session}"))
}

impl Store {
    /// Ends all sessions that began until then, of an account that must be there.
    pub(crate) fn end_sessions(&self, user: UserId, until: Timestamp) -> Result<Write> {
        let change = "SET sessionsEndedAt = :until";
        Write::update(&self.table, account_key(user), change).when("attribute_exists(pk)").value(":until", until)
    }

    /// An account, whoever is behind it, and one of its sessions; none where one of them is not there. 1 read.
    pub(crate) async fn present(&self, user: UserId, session: SessionId) -> Result<Option<(Account, Person, Session)>> {
        self.present_with(user, session_key(user, session)).await
    }

    /// The same by an API key instead.
    pub(crate) async fn present_by_key(&self, user: UserId, key: ApiKeyId) -> Result<Option<(Account, Person)>> {
        let found = self.present_with::<IgnoredAny>(user, api_key_key(user, key)).await?;
        Ok(found.map(|(account, person, _)| (account, person)))
    }

    async fn present_with<T: DeserializeOwned>(&self, user: UserId, by: Key) -> Result<Option<(Account, Person, T)>> {
        let (mut account, mut person, mut found) = (None, None, None);
        for row in self.table.batch_get::<Value>(&[account_key(user), person_key(user), by]).await? {
            match row["sk"].as_str() {
                Some("ACCOUNT") => account = Some(serde_json::from_value::<Account>(row).map_err(Error::internal)?),
                Some("ACCOUNT#PERSON") => {
                    person = Some(serde_json::from_value::<Person>(row).map_err(Error::internal)?);
                }
                _ => found = Some(serde_json::from_value::<T>(row).map_err(Error::internal)?),
            }
        }
        Ok(account.zip(person).zip(found).map(|((account, person), found)| (account, person, found)))
    }

    pub(crate) fn begin_session(&self, session: &Session) -> Result<Write> {
        Write::create(&self.table, session_key(session.user_id, session.session_id), session)
    }

    /// Holds while an account may be used, and no session of it was ended since it was read: a login that a suspension or a reset has
    /// overtaken begins nothing.
    pub(crate) fn still_open(&self, account: &Account) -> Result<Write> {
        let check = Write::check(&self.table, account_key(account.user_id)).name("#status", "status");
        let check = check.value(":active", Status::Active)?;
        match account.sessions_ended_at {
            None => Ok(check.when("#status = :active AND attribute_not_exists(sessionsEndedAt)")),
            Some(at) => check.when("#status = :active AND sessionsEndedAt = :ended").value(":ended", at),
        }
    }

    pub(crate) async fn session(&self, user: UserId, session: SessionId) -> Result<Option<Session>> {
        self.table.get(session_key(user, session)).await
    }

    pub(crate) async fn sessions(&self, user: UserId) -> Result<Vec<Session>> {
        Query::of(&self.table, format!("USER#{user}")).begins_with("SESSION#").descending().first(100).await
    }

    /// Puts `rotated` in the place of the session whose good token has the digest `was`.
    pub(crate) async fn rotate(&self, was: &str, rotated: &Session) -> Result<Result<(), ConditionFailure>> {
        let key = session_key(rotated.user_id, rotated.session_id);
        Write::put(&self.table, key, rotated)?.when("digest = :was").value(":was", was)?.run().await
    }

    /// Ends a session, if it is there.
    pub(crate) fn delete_session(&self, user: UserId, session: SessionId) -> Write {
        Write::delete(&self.table, session_key(user, session))
    }
}
