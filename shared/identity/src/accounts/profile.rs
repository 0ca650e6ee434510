//! Reads an account with its person.

use values::{Error, Result, UserId};

use crate::accounts::account::Account;
use crate::accounts::person::Person;
use crate::accounts::user::User;
use crate::service::AccountService;

impl AccountService {
    /// The account as its owner sees it; 404 when there is none. 1 read.
    pub async fn profile(&self, user: UserId) -> Result<User> {
        let (account, person) = self.account_with_person(user).await?;
        Ok(User::for_owner(&account, person))
    }

    /// The account as admins see it, with the reason of a suspension; 404 when there is none. 1 read.
    pub async fn user(&self, user: UserId) -> Result<User> {
        let (account, person) = self.account_with_person(user).await?;
        Ok(User::for_admin(&account, person))
    }

    pub(crate) async fn account_with_person(&self, user: UserId) -> Result<(Account, Person)> {
        self.store.account_with_person(user).await?.ok_or_else(|| Error::not_found("account"))
    }
}
