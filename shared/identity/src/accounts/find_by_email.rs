//! Finds the account of an email address.

use values::{Email, Result, UserId};

use crate::service::AccountService;

impl AccountService {
    /// The account that has this email address, if any. 1 read.
    pub async fn find_by_email(&self, email: &Email) -> Result<Option<UserId>> {
        self.store.user_by_email(email).await
    }
}
