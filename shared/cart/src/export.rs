//! Export the cart of an account for its owner.

use values::{Result, UserId};

use crate::cart::Cart;
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// The account's cart, if there is one. 1 round trip.
    pub async fn export(&self, user: UserId) -> Result<Option<Cart>> {
        self.read(&Owner::User(user)).await
    }
}
