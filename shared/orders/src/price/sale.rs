//! A sale that is to be priced: for whom, where to, and with which promotions.

use cart::Line;
use futures::future::try_join;
use promotions::{CustomerKey, Found};
use terms::Destination;
use terms::markets::Market;
use terms::tax::BuyerTax;
use values::{Caller, Email, Result, Timestamp};

use crate::checkout::Checkout;
use crate::price::basis::Basis;
use crate::price::customer::CountsToRead;

/// A sale that is to be priced.
#[derive(Debug)]
pub(crate) struct Sale {
    pub(crate) market: Market,
    /// The customer group of the owner of the cart, or of the buyer.
    pub(crate) group: Option<String>,
    pub(crate) lines: Vec<pricing::Line>,
    /// None: the weight of a piece is not known.
    pub(crate) weight_grams: Option<u64>,
    pub(crate) tax: BuyerTax,
    /// None: the customer has not chosen one. Then the sale has neither taxes nor shipping methods.
    pub(crate) destination: Option<Destination>,
    pub(crate) found: Found,
    /// The buyer in the limits of promotions, if one of them counts customers.
    pub(crate) customer: Option<CustomerKey>,
    pub(crate) at: Timestamp,
}

impl Checkout {
    /// The sale of lines to the caller. No round trip in a warm execution environment, unless a promotion counts customers or
    /// `counts` says so ([`Checkout::exclude_used`]).
    pub(crate) async fn open_sale(
        &self,
        basis: &Basis,
        lines: &[Line],
        (caller, email): (&Caller, Option<&Email>),
        counts: CountsToRead,
    ) -> Result<Sale> {
        let at = self.service.orders.clock.now();
        let market = &basis.prices.market;
        let found = self.carts.promotions().applicable(market.key.as_str(), &basis.codes, at);
        // Boxed, because the futures of both contexts are large.
        let (found, priced) = try_join(Box::pin(found), Box::pin(self.carts.price_lines(lines, at))).await?;
        let (found, customer) = self.exclude_used(found, (caller, email), counts).await?;
        Ok(Sale {
            market: market.clone(),
            group: basis.prices.group.as_ref().map(|group| group.as_str().to_owned()),
            lines: priced,
            weight_grams: weight_grams(lines),
            tax: basis.tax.clone(),
            destination: basis.destination(),
            found,
            customer,
            at,
        })
    }
}

/// The weight of all pieces; none if that of one is not known.
fn weight_grams(lines: &[Line]) -> Option<u64> {
    lines.iter().map(|line| u64::from(line.weight?).checked_mul(line.quantity.get().into())).sum()
}
