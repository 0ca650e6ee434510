//! What the carts hold of an account, for its owner, and forgetting it.

use values::{Result, UserId};

use crate::{Cart, Carts, Owner};

impl Carts {
    /// The account's cart, if there is one. 1 round trip.
    pub async fn held_of(&self, user: UserId) -> Result<Option<Cart>> {
        self.read(&Owner::User(user)).await
    }

    /// Removes the cart of a closed account: nobody is left who could take another one for it. 1 round trip.
    pub async fn forget(&self, user: UserId) -> Result<()> {
        let _none_is_fine = self.delete(&Owner::User(user)).run().await?;
        Ok(())
    }
}
