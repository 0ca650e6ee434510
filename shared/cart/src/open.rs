//! Opens a cart for a change or a view, together with what its price depends on.

use aws_kit::Table;
use catalog::Offer;
use identity::CustomerGroup;
use serde::Deserialize;
use values::{Result, Sku, UserId};

use crate::cart::Cart;
use crate::owner::Owner;
use crate::store::{CartRow, Carts};

/// A cart that was read.
#[derive(Debug, Clone)]
pub(crate) struct OpenCart {
    pub(crate) cart: Cart,
    /// The present customer group of its owner.
    pub(crate) group: Option<CustomerGroup>,
}

/// A row with its key, to tell it from others.
#[derive(Debug, Deserialize)]
struct KeyedRow {
    pk: String,
    #[serde(flatten)]
    row: CartRow,
}

impl Carts {
    /// The cart to be changed or viewed. An account always has one; a guest has one once it was created. 1 round trip.
    pub(crate) async fn open(&self, owner: Owner) -> Result<OpenCart> {
        let key = self.key(&owner);
        let (row, group) = match owner {
            Owner::Guest(_) => (self.table().get(key).await?, None),
            Owner::User(user) => {
                let (buyer, _, rows) = self.accounts.read_buyer(user, None, (self.table(), &[key])).await?;
                (rows.into_iter().next(), buyer.group)
            }
        };
        Ok(OpenCart { cart: self.cart_or_new(owner, row)?, group })
    }

    /// The same, with the offer of a SKU. 1 round trip.
    pub(crate) async fn open_with(&self, owner: Owner, sku: &Sku) -> Result<(OpenCart, Option<Offer>)> {
        let (cart, offer_key) = ((self.table(), self.key(&owner)), [self.catalog.offer_key(sku)]);
        let offer = (self.catalog.table(), &offer_key[..]);
        let (group, row, offers) = match owner {
            Owner::Guest(_) => {
                let (row, offers) = Table::get_both::<CartRow, Offer>(cart, offer).await?;
                (None, row, offers)
            }
            Owner::User(user) => {
                let (buyer, row, offers) = self.accounts.read_buyer_with_both(user, cart, offer).await?;
                (buyer.group, row, offers)
            }
        };
        Ok((OpenCart { cart: self.cart_or_new(owner, row)?, group }, offers.into_iter().next()))
    }

    /// The cart of an account and another one. 1 round trip.
    pub(crate) async fn open_both(&self, user: UserId, other: Owner) -> Result<(OpenCart, Result<Cart>)> {
        let own = Owner::User(user);
        let keys = [self.key(&own), self.key(&other)];
        let (buyer, _, mut rows) = self.accounts.read_buyer::<KeyedRow>(user, None, (self.table(), &keys)).await?;
        let mut open = |owner: Owner| {
            let key = self.key(&owner);
            let at = rows.iter().position(|found| found.pk == key.pk);
            self.cart_or_new(owner, at.map(|at| rows.swap_remove(at).row))
        };
        Ok((OpenCart { cart: open(own)?, group: buyer.group }, open(other)))
    }
}
