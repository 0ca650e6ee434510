//! Merge the cart that a guest filled into the cart of the account to which they logged in.

use aws_kit::{Backoff, Idempotency, Idempotent};
use values::{Error, Result, Sku, UserId};

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
        version: Option<u64>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<CartView>> {
        let result = self.try_merge(user, from, strategy, version, idempotency).await;
        self.or_earlier(result, idempotency).await
    }

    async fn try_merge(
        &self,
        user: UserId,
        from: &str,
        strategy: MergeStrategy,
        version: Option<u64>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<CartView>> {
        let from = from.parse().map(Owner::Guest).map_err(|_| unknown_cart())?;
        let mut backoff = Backoff::start();
        loop {
            let (own, guest) = self.open_both(Owner::User(user), from).await?;
            let (own, guest) = (own?, guest.map_err(|_| unknown_cart())?);
            own.check_version(version)?;
            let lines = own.lines.iter().chain(guest.lines.iter().filter(|line| own.line(&line.sku).is_none()));
            let skus: Vec<Sku> = lines.map(|line| line.sku.clone()).collect();
            let offers = self.catalog.offers(&skus).await?;
            let merged = strategy.merge(own, &guest, &offers);
            if let Some(view) = self.write_merged(merged, &guest, idempotency).await? {
                return Ok(view);
            }
            if !backoff.wait().await {
                return Err(Error::conflict(
                    "cart_changed",
                    "Too many concurrent updates of the carts. Read your cart and try again.",
                ));
            }
        }
    }
}

fn unknown_cart() -> Error {
    let message = "is not a guest's cart, or has expired";
    Error { code: "cart_unknown", ..Error::invalid("from", "cart_unknown", message) }
}
