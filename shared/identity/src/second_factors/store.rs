//! The rows of second factors. They have a partition of their own, so that only `auth` reads and writes them, and `privacy` erases
//! them: who could write them could log in as anybody whose password they know.
//!
//! | row | pk | sk | more |
//! |---|---|---|---|
//! | authenticator app | `MFA#<user id>` | `TOTP` | secret encrypted |
//! | authenticator app that is not confirmed yet | `MFA#<user id>` | `TOTP#PENDING` | TTL |
//! | recovery codes | `MFA#<user id>` | `RECOVERY` | keyed digests |
//! | login between its two factors | `LOGIN#<sha-256 of the token>` | `LOGIN` | TTL |

use aws_kit::{ConditionFailure, Key, Write};
use values::{Result, Timestamp, UserId};

use crate::accounts::account::Account;
use crate::second_factors::factors::SecondFactors;
use crate::second_factors::login_token::{LoginToken, MAX_ATTEMPTS};
use crate::second_factors::recovery_codes::RecoveryRow;
use crate::second_factors::totp::TotpRow;
use crate::store::{Store, account_key};

/// The partition of an account's second factors.
pub(crate) fn factor_partition(user: UserId) -> String {
    format!("MFA#{user}")
}

/// A row of an account's second factors.
pub(crate) fn factor_key(user: UserId, sk: impl Into<String>) -> Key {
    Key::new(factor_partition(user), sk)
}

fn totp_key(user: UserId) -> Key {
    factor_key(user, "TOTP")
}

fn pending_totp_key(user: UserId) -> Key {
    factor_key(user, "TOTP#PENDING")
}

fn recovery_key(user: UserId) -> Key {
    factor_key(user, "RECOVERY")
}

fn login_key(digest: &str) -> Key {
    Key::new(format!("LOGIN#{digest}"), "LOGIN")
}

impl Store {
    pub(crate) async fn totp(&self, user: UserId) -> Result<Option<TotpRow>> {
        self.table.get(totp_key(user)).await
    }

    pub(crate) async fn pending_totp(&self, user: UserId) -> Result<Option<TotpRow>> {
        self.table.get(pending_totp_key(user)).await
    }

    /// Stores an app that waits to be confirmed, in the place of an earlier one.
    pub(crate) fn put_pending_totp(&self, user: UserId, row: &TotpRow) -> Result<Write> {
        Write::put(&self.table, pending_totp_key(user), row)
    }

    /// The writes that make a pending app valid, if it is still the one that was read and there is no other.
    pub(crate) fn confirm_totp(&self, user: UserId, pending: &TotpRow, confirmed: &TotpRow) -> Result<[Write; 2]> {
        let delete = Write::delete(&self.table, pending_totp_key(user)).when("createdAt = :was");
        let delete = delete.value(":was", pending.created_at)?;
        Ok([delete, Write::create(&self.table, totp_key(user), confirmed)?])
    }

    /// Uses the code of a step of the app that was read, if no code of that step or a later one was used.
    pub(crate) fn use_totp_step(&self, user: UserId, row: &TotpRow, step: u64) -> Result<Write> {
        let write = Write::update(&self.table, totp_key(user), "SET lastStep = :step");
        let write = write.when("createdAt = :was AND lastStep < :step");
        write.value(":step", step)?.value(":was", row.created_at)
    }

    /// Removes the app, which must exist.
    pub(crate) fn delete_totp(&self, user: UserId) -> Write {
        Write::delete(&self.table, totp_key(user)).when("attribute_exists(pk)")
    }

    pub(crate) async fn recovery_codes(&self, user: UserId) -> Result<Option<RecoveryRow>> {
        self.table.get(recovery_key(user)).await
    }

    /// Stores recovery codes in the place of earlier ones.
    pub(crate) fn put_recovery_codes(&self, user: UserId, row: &RecoveryRow) -> Result<Write> {
        Write::put(&self.table, recovery_key(user), row)
    }

    /// Uses the recovery code with that digest, which must not have been used.
    pub(crate) fn use_recovery_code(&self, user: UserId, digest: &str) -> Write {
        let write = Write::update(&self.table, recovery_key(user), "REMOVE codes.#digest");
        write.when("attribute_exists(codes.#digest)").name("#digest", digest)
    }

    pub(crate) fn delete_recovery_codes(&self, user: UserId) -> Write {
        Write::delete(&self.table, recovery_key(user))
    }

    /// Sets the second factors of an account that has not changed since it was read. With `ended`, all sessions that began until then
    /// end. The condition also fails when the account was suspended.
    pub(crate) fn set_second_factors(
        &self,
        account: &Account,
        next: SecondFactors,
        ended: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Write> {
        let mut change = "SET secondFactors = :factors, updatedAt = :now, version = version + :one".to_owned();
        if ended.is_some() {
            change += ", sessionsEndedAt = :ended";
        }
        // Ending all sessions does not raise the version.
        let unchanged = match account.sessions_ended_at {
            None => "version = :version AND attribute_not_exists(sessionsEndedAt)",
            Some(_) => "version = :version AND sessionsEndedAt = :before",
        };
        let mut write = Write::update(&self.table, account_key(account.user_id), change).when(unchanged);
        if let Some(before) = account.sessions_ended_at {
            write = write.value(":before", before)?;
        }
        if let Some(ended) = ended {
            write = write.value(":ended", ended)?;
        }
        write.value(":factors", next)?.value(":now", now)?.value(":one", 1)?.value(":version", account.version)
    }

    /// Stores the token of a login whose first factor was right.
    pub(crate) fn create_login(&self, digest: &str, login: &LoginToken) -> Result<Write> {
        Write::create(&self.table, login_key(digest), login)
    }

    /// Counts a proof and returns the login; fails for an unknown or expired token, and after too many proofs. 1 write.
    pub(crate) async fn attempt_login(
        &self,
        digest: &str,
        now: Timestamp,
    ) -> Result<Result<LoginToken, ConditionFailure>> {
        let write = Write::update(&self.table, login_key(digest), "SET attempts = attempts + :one");
        let write = write.when("attribute_exists(pk) AND attempts < :most AND expiresAt > :now");
        let write = write.value(":one", 1)?.value(":most", MAX_ATTEMPTS)?.value(":now", now.seconds())?;
        write.run_reading().await
    }

    /// Uses a login, which must exist.
    pub(crate) fn delete_login(&self, digest: &str) -> Write {
        Write::delete(&self.table, login_key(digest)).when("attribute_exists(pk)")
    }
}
