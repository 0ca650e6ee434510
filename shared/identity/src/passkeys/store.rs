//! The rows of passkeys, in the partition of an account's second factors, and of challenges.
//!
//! | row | pk | sk | more |
//! |---|---|---|---|
//! | passkey | `MFA#<user id>` | `PASSKEY#<passkey id>` | the public key |
//! | challenge | `CHALLENGE#<sha-256 of the challenge>` | `CHALLENGE` | TTL |
//!
//! A login names the account (the user handle) and the key, so one read finds the passkey. The same key of another account would be
//! another row: no lookup goes from a key to its account.

use aws_kit::{Key, Query, Write};
use values::{PasskeyId, Result, Timestamp, UserId};

use crate::passkeys::challenge::PendingChallenge;
use crate::passkeys::passkey::{MAX_PASSKEYS, Passkey};
use crate::second_factors::store::{factor_key, factor_partition};
use crate::store::Store;

fn passkey_key(user: UserId, passkey: PasskeyId) -> Key {
    factor_key(user, format!("PASSKEY#{passkey}"))
}

fn challenge_key(digest: &str) -> Key {
    Key::new(format!("CHALLENGE#{digest}"), "CHALLENGE")
}

impl Store {
    /// The passkeys of an account.
    pub(crate) async fn passkeys(&self, user: UserId) -> Result<Vec<Passkey>> {
        Query::of(&self.table, factor_partition(user)).begins_with("PASSKEY#").first(MAX_PASSKEYS).await
    }

    pub(crate) async fn passkey(&self, user: UserId, passkey: PasskeyId) -> Result<Option<Passkey>> {
        self.table.get(passkey_key(user, passkey)).await
    }

    pub(crate) fn create_passkey(&self, user: UserId, passkey: &Passkey) -> Result<Write> {
        Write::create(&self.table, passkey_key(user, passkey.passkey_id), passkey)
    }

    /// Deletes a passkey, which must exist.
    pub(crate) fn delete_passkey(&self, user: UserId, passkey: PasskeyId) -> Write {
        Write::delete(&self.table, passkey_key(user, passkey)).when("attribute_exists(pk)")
    }

    /// Notes a use of the passkey that was read. The condition fails when it was removed, or when a concurrent use has stored as high a
    /// count.
    pub(crate) fn use_passkey(&self, user: UserId, passkey: &Passkey, count: u32, now: Timestamp) -> Result<Write> {
        let grows = match count {
            0 => "signCount = :count",
            _ => "signCount < :count",
        };
        let key = passkey_key(user, passkey.passkey_id);
        let write = Write::update(&self.table, key, "SET signCount = :count, lastUsedAt = :now");
        let write = write.when(format!("createdAt = :was AND {grows}"));
        write.value(":count", count)?.value(":now", now)?.value(":was", passkey.created_at)
    }

    pub(crate) fn create_challenge(&self, digest: &str, challenge: &PendingChallenge) -> Result<Write> {
        Write::create(&self.table, challenge_key(digest), challenge)
    }

    pub(crate) async fn challenge(&self, digest: &str) -> Result<Option<PendingChallenge>> {
        self.table.get(challenge_key(digest)).await
    }

    /// Uses a challenge, which must exist.
    pub(crate) fn delete_challenge(&self, digest: &str) -> Write {
        Write::delete(&self.table, challenge_key(digest)).when("attribute_exists(pk)")
    }
}
