//! Erase the cart of a closed account.

use values::{Result, UserId};

use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Deletes the cart of a closed account. No client is left that could take a new cart for the old one. 1 round trip.
    pub async fn erase(&self, user: UserId) -> Result<()> {
        let _missing_is_fine = self.delete(&Owner::User(user)).run().await?;
        Ok(())
    }
}
