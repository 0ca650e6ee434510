//! Merging the cart that a guest filled into the cart of the account they logged in to.

use aws_kit::{Idempotency, Idempotent};
use values::{Error, ExpectedVersion, Result, Sku, UserId};

use crate::{Carts, Owner, Strategy, View};

impl Carts {
    /// Merges the guest's cart of the id `from` into the account's own, and empties it, all at once: sent again, it changes
    /// nothing. 422 `cart_unknown` for what is no guest's cart, or has expired. 3 round trips, and 3 more for each change that
    /// came between; 2 when there is nothing in the guest's.
    pub async fn merge(
        &self,
        user: UserId,
        from: &str,
        strategy: Strategy,
        version: Option<&ExpectedVersion>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<View>> {
        let decide = |_| async move {
            let from = from.parse().map(Owner::Guest).map_err(|_| unknown())?;
            let (own, guest) = self.open_both(Owner::User(user), from).await?;
            let (own, guest) = (own?, guest.map_err(|_| unknown())?);
            own.check_version(version)?;
            let lines = own.lines.iter().chain(guest.lines.iter().filter(|line| own.line(&line.sku).is_none()));
            let skus: Vec<Sku> = lines.map(|line| line.sku.clone()).collect();
            let offers = self.catalog.offers(&skus).await?;
            self.merged(strategy.merge(own, &guest, &offers), &guest)
        };
        self.write().run_idempotent(idempotency, decide).await
    }
}

fn unknown() -> Error {
    let message = "is no guest's cart, or has expired";
    Error { code: "cart_unknown", ..Error::invalid("from", "cart_unknown", message) }
}
