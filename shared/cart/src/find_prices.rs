//! Find the prices of a cart: by its market, and by the customer group of its owner.

use identity::CustomerGroup;
use values::{Kind, Result};

use crate::cart::Cart;
use crate::prices::Prices;
use crate::store::Carts;

impl Carts {
    /// The prices of a cart whose owner is in this customer group. A cart of a market that does not sell any more gets those of the default
    /// market. 0 or 1 round trips.
    pub async fn prices(&self, cart: &Cart, group: Option<&CustomerGroup>) -> Result<Prices> {
        let group = group.cloned();
        if let Some(key) = &cart.market {
            match self.terms.market(Some(key)).await {
                Ok(market) => return Ok(Prices { key: Some(key.clone()), market, group }),
                Err(error) if error.kind == Kind::Invalid => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Prices { key: None, market: self.terms.market(None).await?, group })
    }
}
