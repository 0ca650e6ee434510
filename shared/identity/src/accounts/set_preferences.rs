//! Replaces a person's preferences.

use values::{Error, ExpectedVersion, Result, UserId};

use crate::accounts::preferences::Preferences;
use crate::service::AccountService;

impl AccountService {
    /// Replaces the person's preferences. With `expected`, only if that is their version (412 `version_mismatch`). 409
    /// `too_many_concurrent_updates` after a concurrent update. 1 read, 1 write.
    pub async fn set_preferences(
        &self,
        user: UserId,
        preferences: Preferences,
        expected: Option<&ExpectedVersion>,
    ) -> Result<Preferences> {
        let before = self.store.person(user).await?.ok_or_else(|| Error::not_found("account"))?;
        let version = before.preferences_version.unwrap_or_default();
        if expected.is_some_and(|expected| !expected.matches(version)) {
            return Err(Error::version_mismatch("preferences"));
        }
        let preferences = Preferences { version: version + 1, ..preferences };
        let written = self.store.set_preferences(user, &preferences, version)?.run().await?;
        written.map_err(|_| {
            let detail = "The preferences were changed by a concurrent request. Read them and try again.";
            Error::conflict("too_many_concurrent_updates", detail)
        })?;
        Ok(preferences.with_defaults())
    }
}
