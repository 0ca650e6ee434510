//! Merge the cart that a guest filled into the cart of the account to which they logged in.

use aws_kit::{Idempotency, Idempotent};
use values::{Error, ExpectedVersion, Result, Sku, UserId};

use crate::cart::CartView;
use crate::merge_strategy::MergeStrategy;
use crate::owner::Owner;
use crate::store::Carts;

impl Carts {
    /// Merges the guest's cart with the id `from` into the account's own, and empties it, in one transaction. A
    /// repetition changes nothing. 422 `cart_unknown` when `from` is not a guest's cart, or has expired. 3 round
    /// trips, and 3 more for each concurrent update; 2 when the guest's cart is empty.
    pub async fn merge(
        &self,
        user: UserId,
        from: &str,
        strategy: MergeStrategy,
        version: Option<&ExpectedVersion>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<CartView>> {
        let decide = |_| async move {
            let from = from.parse().map(Owner::Guest).map_err(|_| unknown_cart())?;
            let (own, guest) = self.open_both(Owner::User(user), from).await?;
            let (own, guest) = (own?, guest.map_err(|_| unknown_cart())?);
            own.check_version(version)?;
            let lines = own.lines.iter().chain(guest.lines.iter().filter(|line| own.line(&line.sku).is_none()));
            let skus: Vec<Sku> = lines.map(|line| line.sku.clone()).collect();
            let offers = self.catalog.offers(&skus).await?;
            self.merge_changes(strategy.merge(own, &guest, &offers), &guest)
        };
        self.optimistic_write().run_idempotent(idempotency, decide).await
    }
}

fn unknown_cart() -> Error {
    let message = "is not a guest's cart, or has expired";
    Error { code: "cart_unknown", ..Error::invalid("from", "cart_unknown", message) }
}
