//! Changes the customer group of an account, by an admin.

use values::{Caller, ExpectedVersion, Result, Trace, UserId};

use crate::accounts::buyer::Buyer;
use crate::accounts::customer_group::CustomerGroup;
use crate::accounts::user::User;
use crate::service::AccountService;

impl AccountService {
    /// Puts an account into a customer group, or into none. With `expected`, only if that is the account's version (412
    /// `version_mismatch`). 404 for an unknown account. Orders that are placed from then on have the prices of the group. 1 read, 1
    /// transaction.
    pub async fn change_group(
        &self,
        admin: (&Caller, &Trace),
        user: UserId,
        group: Option<CustomerGroup>,
        expected: Option<&ExpectedVersion>,
    ) -> Result<User> {
        self.change_buyer(admin, user, expected, |before| Buyer { group: group.clone(), ..before }).await
    }
}
