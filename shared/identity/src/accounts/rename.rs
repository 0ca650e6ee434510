//! Renames the person behind an account.

use values::{Error, ExpectedVersion, Kind, Result, UserId};

use crate::accounts::person::Name;
use crate::accounts::user::User;
use crate::service::AccountService;

impl AccountService {
    /// Changes the person's name. With `expected`, only if that is the account's version (412 `version_mismatch`). 1 read, 1
    /// transaction.
    pub async fn rename(&self, user: UserId, name: Name, expected: Option<&ExpectedVersion>) -> Result<User> {
        let before = self.profile(user).await?;
        if expected.is_some_and(|expected| !expected.matches(before.version)) {
            let detail = "The profile has changed since you read it. Read it again.";
            return Err(Error::new(Kind::PreconditionFailed, "version_mismatch", detail));
        }
        let now = self.clock.now();
        self.store.rename(user, (&before.email, &name), before.version, now)?.commit().await?;
        Ok(User { name, version: before.version + 1, updated_at: now, ..before })
    }
}
