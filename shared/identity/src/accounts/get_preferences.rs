//! Reads a person's preferences.

use values::{Error, Result, UserId};

use crate::accounts::preferences::Preferences;
use crate::service::AccountService;

impl AccountService {
    /// The person's preferences, with a channel for every event; 404 when there is no such account. 1 read.
    pub async fn preferences(&self, user: UserId) -> Result<Preferences> {
        let person = self.store.person(user).await?.ok_or_else(|| Error::not_found("account"))?;
        Ok(person.preferences()?.with_defaults())
    }
}
