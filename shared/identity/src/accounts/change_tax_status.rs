//! Changes the tax status of an account, by an admin.

use values::{Caller, ExpectedVersion, Result, Trace, UserId};

use crate::accounts::buyer::Buyer;
use crate::accounts::tax_status::TaxStatus;
use crate::accounts::user::User;
use crate::service::AccountService;

impl AccountService {
    /// Replaces the tax status of an account. With `expected`, only if that is the account's version (412 `version_mismatch`). 404 for an
    /// unknown account. A VAT id with a consultation number is verified from now on, or since it was, if both are the same. Orders that
    /// are placed from then on are taxed by it. 1 read, 1 transaction.
    pub async fn change_tax_status(
        &self,
        admin: (&Caller, &Trace),
        user: UserId,
        next: TaxStatus,
        expected: Option<&ExpectedVersion>,
    ) -> Result<User> {
        let now = self.clock.now();
        let change = |before: Buyer| {
            let tax_status = next.clone().replace(&before.tax_status, now);
            Buyer { tax_status, ..before }
        };
        self.change_buyer(admin, user, expected, change).await
    }
}
