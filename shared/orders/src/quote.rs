//! Quote an order before it is placed: it reads what placing reads, and holds no stock.

use cart::{CartRow, CartView, Change, ChangeKind, Hint, Line, Owner, hints};
use futures::future::try_join;
use pricing::{Breakdown, PricedShipping};
use terms::MarketKey;
use terms::shipping::OfferedMethod;
use values::{Caller, Error, Kind, Money, Result};

use crate::checkout::Checkout;
use crate::lines::{OrderSource, added_and_included, cart_empty, items};
use crate::new_order::QuoteRequest;
use crate::order::Item;
use crate::price::basis::{Basis, items_basis};
use crate::price::check_coupons::check_coupons_of_quote;
use crate::price::customer::CountsToRead;
use crate::price::order_price::OrderPrice;
use crate::price::price_sale::PricedSale;
use crate::price::sale::Sale;
use crate::price::shipping::chosen;

/// The present price of an order.
#[derive(Debug)]
pub struct Quote {
    pub market: MarketKey,
    /// The lines that can be bought, and how many pieces of each are available.
    pub items: Vec<(Item, u32)>,
    pub breakdown: Breakdown,
    /// What an order would keep of the price. None if it has only lines.
    pub price: Option<OrderPrice>,
    /// The shipping methods to choose from, the cheapest first.
    pub methods: Vec<QuotedMethod>,
    pub hints: Vec<Hint>,
    /// What differs from what the customer saw last or wants. A line that is no longer sold is only listed here.
    pub changes: Vec<Change>,
}

/// A shipping method to choose from.
#[derive(Debug)]
pub struct QuotedMethod {
    pub method: OfferedMethod,
    /// What shipping costs with it.
    pub shipping: PricedShipping,
    /// The tax of shipping that is added.
    pub tax: Money,
    /// The tax that `shipping.total` includes, if there is any.
    pub included_tax: Option<Money>,
}

impl Checkout {
    /// Prices a cart, or items, by the present offers. A quote of a cart counts as a view by its owner, so an order
    /// that is placed next has these prices or is refused. What cannot be bought is in `changes` and `available`, and
    /// is no error: stock changes until the order is placed. 422 for an invalid request, and `amount_too_small` or `amount_not_multiple` for a
    /// total that the payment provider does not charge, once its customer has seen all changes. 2 round trips for a cart, 1
    /// more when it has changed; 1 for items; 1 more when an offer has buckets that were not counted in the last seconds, and those of
    /// [`Checkout::exclude_used`].
    pub async fn quote(&self, request: QuoteRequest, caller: &Caller) -> Result<Quote> {
        if request.shipping_method.is_some() && request.destination.is_none() {
            let message = "is missing; a shipping method is for an address";
            return Err(Error::invalid("shippingAddress", "required", message));
        }
        let (basis, changes) = self.read_quoted(&request, caller).await?;
        let lines = &basis.lines;
        let buyer = (caller, request.email.as_ref());
        let sale = self.open_sale(&basis, lines, buyer, CountsToRead::All).await?;
        let goods = self.price_goods(&sale).await?;
        let offered = self.offered_methods(&sale, &goods.breakdown).await?;
        let mut priced_methods = Vec::with_capacity(offered.len());
        for method in &offered {
            priced_methods.push(self.price_with(&sale, &goods.breakdown, method).await?);
        }
        let named = request.shipping_method.as_ref();
        let chosen = chosen(&offered, named)?
            .and_then(|chosen| offered.iter().zip(&priced_methods).find(|(method, _)| method.id == chosen.id));
        let priced = chosen.map_or(&goods, |(_, priced)| priced);
        check_coupons_of_quote(&sale, &priced.breakdown)?;
        // A view reports changes once, so they are answered, whatever the total is. Without shipping it is no total yet.
        if changes.is_empty() && (chosen.is_some() || offered.is_empty()) {
            payments::check_total("items", priced.breakdown.total)?;
        }
        let items = items(lines, &priced.breakdown)?.into_iter().zip(lines.iter().map(|line| line.available)).collect();
        Ok(Quote {
            market: sale.market.key.clone(),
            items,
            breakdown: priced.breakdown.clone(),
            price: Some(priced.to_order_price(&sale)?).filter(|price| !price.is_plain()),
            hints: hints(&priced.breakdown),
            methods: cheapest_first(priced_methods.iter().map(QuotedMethod::new).collect::<Result<_>>()?),
            changes,
        })
    }

    /// What is quoted, and what differs from what the customer saw last or wants.
    async fn read_quoted(&self, request: &QuoteRequest, caller: &Caller) -> Result<(Basis, Vec<Change>)> {
        match &request.source {
            OrderSource::Cart(owner) => self.view_cart(request, *owner, caller).await,
            OrderSource::Items(items) => {
                let (mut offers, prices, buyer) = self.read_items(request, items, caller).await?;
                self.service.catalog.count(offers.iter_mut().map(|item| &mut item.offer).collect()).await?;
                let (sold, gone): (Vec<_>, Vec<_>) = offers.into_iter().partition(|item| item.offer.is_active());
                let changes = gone.into_iter().map(|item| Change {
                    sku: item.offer.sku,
                    kind: ChangeKind::Gone { was: item.quantity.get(), now: 0 },
                });
                let lines = sold.iter().map(|item| item.line(&prices)).collect::<Result<Vec<Line>>>()?;
                Ok((items_basis(request, lines, prices, buyer), changes.collect()))
            }
        }
    }

    async fn view_cart(&self, request: &QuoteRequest, owner: Owner, caller: &Caller) -> Result<(Basis, Vec<Change>)> {
        let view = async {
            match self.carts.view(owner).await {
                Err(error) if error.kind == Kind::NotFound => Err(cart_empty()),
                view => view,
            }
        };
        // Beside it, because only an order needs the taxes and the address of the buyer.
        let buyer = self.read_buyer_with::<CartRow>(request, caller, (self.carts.table(), &[]));
        let (CartView { cart, changes }, (buyer, _)) = try_join(Box::pin(view), Box::pin(buyer)).await?;
        if cart.lines.is_empty() && changes.is_empty() {
            return Err(cart_empty());
        }
        let prices = self.prices_of_cart(request, &cart, &owner, &buyer).await?;
        self.check_sale(request, &prices.market, buyer.address.as_ref())?;
        let basis = Basis {
            lines: cart.lines,
            is_current: true,
            codes: request.coupons.clone().unwrap_or(cart.coupons),
            cart: None,
            prices,
            tax: buyer.tax,
            address: buyer.address,
        };
        Ok((basis, changes))
    }
}

impl QuotedMethod {
    fn new(priced: &PricedSale) -> Result<Self> {
        let (method, shipping) = priced
            .method
            .clone()
            .zip(priced.breakdown.shipping_method.clone())
            .ok_or_else(|| Error::internal("a price with a shipping method has no shipping"))?;
        let (tax, included_tax) = added_and_included(shipping.total, shipping.net, &shipping.taxes)?;
        Ok(Self { method, shipping, tax, included_tax })
    }
}

/// The methods by what they cost. They come by their prices before promotions and before a value from which on they are free.
fn cheapest_first(mut methods: Vec<QuotedMethod>) -> Vec<QuotedMethod> {
    methods.sort_by_key(|method| method.shipping.total.amount);
    methods
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    fn quoted(id: &str, price: i64, total: i64) -> QuotedMethod {
        let eur = |amount: i64| Money::new(amount, "EUR".parse().unwrap());
        let method = json!({
            "id": id, "name": "Parcel", "price": eur(price), "delivery": { "earliest": "2026-11-23", "latest": "2026-11-25" },
        });
        let shipping = PricedShipping {
            id: id.to_owned(),
            price: eur(total),
            discount: eur(0),
            promotion: None,
            total: eur(total),
            net: eur(total),
            taxes: Vec::new(),
        };
        QuotedMethod { method: from_value(method).unwrap(), shipping, tax: eur(0), included_tax: None }
    }

    #[test]
    fn method_that_is_free_for_these_goods_comes_first() {
        let methods = cheapest_first(vec![quoted("weight", 290, 290), quoted("standard", 490, 0)]);
        let ids: Vec<&str> = methods.iter().map(|method| method.shipping.id.as_str()).collect();
        assert_eq!(ids, ["standard", "weight"]);
    }
}
