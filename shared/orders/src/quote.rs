//! What an order would cost, before it is placed: what placing would read, and no stock held.

use cart::{Change, View};
use pricing::Breakdown;
use values::{Caller, Kind, Money, Result};

use crate::Checkout;
use crate::basket::{Source, cart_empty, items, line, priced};
use crate::order::Item;
use crate::place::Destination;

/// An order that may be placed.
#[derive(Debug)]
pub struct Inquiry {
    /// What would be bought.
    pub source: Source,
    /// Where it would go, if that is known.
    pub destination: Option<Destination>,
    /// What the customer was shown. Only its currency matters here: the quote says what is true.
    pub expected_total: Option<Money>,
}

/// What it would cost.
#[derive(Debug)]
pub struct Quote {
    /// The lines that can be bought, and how many there are of each.
    pub items: Vec<(Item, u32)>,
    /// Of all of them.
    pub sums: Breakdown,
    /// What is otherwise than the customer last saw, or wants: no line is left of what is gone.
    pub changes: Vec<Change>,
}

impl Checkout {
    /// Prices a cart, or items, by what is offered now. Looking at a cart is a look of its owner, so an order that is placed next
    /// is at these prices or refused. What cannot be had is told in `changes` and by `available`, and refuses nothing: stock
    /// moves until the order is placed. 422 for what would be refused as a request. 2 round trips for a cart, 1 more when it
    /// has changed; 1 for items; 1 more for an address of the book.
    pub async fn quote(&self, inquiry: Inquiry, caller: &Caller) -> Result<Quote> {
        self.check_currency(inquiry.expected_total)?;
        if let Some(destination) = inquiry.destination {
            self.address(destination, caller).await?;
        }
        let (lines, changes) = match inquiry.source {
            Source::Cart(owner) => match self.carts.view(owner).await {
                Ok(View { cart, changes }) if cart.lines.is_empty() && changes.is_empty() => return Err(cart_empty()),
                Ok(View { cart, changes }) => (cart.lines, changes),
                Err(error) if error.kind == Kind::NotFound => return Err(cart_empty()),
                Err(error) => return Err(error),
            },
            Source::Items(wanted) => {
                let (sold, gone): (Vec<_>, Vec<_>) =
                    self.offered(&wanted).await?.into_iter().partition(|(offer, _)| offer.is_active());
                let changes = gone.into_iter().map(|(offer, wanted)| Change {
                    sku: offer.sku,
                    kind: cart::Kind::Gone { was: wanted.get(), now: 0 },
                });
                (sold.into_iter().map(|(offer, wanted)| line(offer, wanted)).collect(), changes.collect())
            }
        };
        let sums = priced(&lines, self.currency)?;
        let available = lines.iter().map(|line| line.available);
        Ok(Quote { items: items(&lines, &sums).into_iter().zip(available).collect(), sums, changes })
    }
}
