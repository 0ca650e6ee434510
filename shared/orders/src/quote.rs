//! Quote an order before it is placed: it reads what placing reads, and holds no stock.

use cart::{CartView, Change, ChangeKind};
use pricing::Breakdown;
use values::{Caller, Kind, Money, Result};

use crate::checkout::Checkout;
use crate::lines::{OrderSource, buyer_kind, cart_empty, items, line, price_lines};
use crate::new_order::Destination;
use crate::order::Item;

/// An order to be quoted.
#[derive(Debug)]
pub struct QuoteRequest {
    pub source: OrderSource,
    /// None if the customer has not chosen one.
    pub destination: Option<Destination>,
    /// The total that the customer was shown. Only its currency is checked: the quote returns the present total.
    pub expected_total: Option<Money>,
}

/// The present price of an order.
#[derive(Debug)]
pub struct Quote {
    /// The lines that can be bought, and how many pieces of each are available.
    pub items: Vec<(Item, u32)>,
    pub sums: Breakdown,
    /// What differs from what the customer saw last or wants. A line that is no longer sold is only listed here.
    pub changes: Vec<Change>,
}

impl Checkout {
    /// Prices a cart, or items, by the present offers. A quote of a cart counts as a view by its owner, so an order
    /// that is placed next has these prices or is refused. What cannot be bought is in `changes` and `available`, and
    /// is no error: stock changes until the order is placed. 422 for an invalid request. 2 round trips for a cart, 1
    /// more when it has changed; 1 for items; 1 more for an address of the address book, and 1 more when an offer has
    /// buckets that were not counted in the last seconds.
    pub async fn quote(&self, request: QuoteRequest, caller: &Caller) -> Result<Quote> {
        self.check_currency(request.expected_total)?;
        if let Some(destination) = request.destination {
            self.resolve_address(destination, caller).await?;
        }
        let (lines, changes) = match request.source {
            OrderSource::Cart(owner) => match self.carts.view(owner).await {
                Ok(CartView { cart, changes }) if cart.lines.is_empty() && changes.is_empty() => {
                    return Err(cart_empty());
                }
                Ok(CartView { cart, changes }) => (cart.lines, changes),
                Err(error) if error.kind == Kind::NotFound => return Err(cart_empty()),
                Err(error) => return Err(error),
            },
            OrderSource::Items(wanted) => {
                let mut offers = self.read_offers(&wanted, buyer_kind(caller)).await?;
                self.service.catalog.count(offers.iter_mut().map(|(offer, _)| offer).collect()).await?;
                let (sold, gone): (Vec<_>, Vec<_>) = offers.into_iter().partition(|(offer, _)| offer.is_active());
                let changes = gone.into_iter().map(|(offer, wanted)| Change {
                    sku: offer.sku,
                    kind: ChangeKind::Gone { was: wanted.get(), now: 0 },
                });
                (sold.into_iter().map(|(offer, wanted)| line(offer, wanted)).collect(), changes.collect())
            }
        };
        let sums = price_lines(&lines, self.currency)?;
        let available = lines.iter().map(|line| line.available);
        Ok(Quote { items: items(&lines, &sums).into_iter().zip(available).collect(), sums, changes })
    }
}
