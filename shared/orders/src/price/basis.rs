//! What the price of an order depends on, as it is read before it is computed: the cart or the offers, and the buyer.

use aws_kit::{Key, Table};
use cart::{Cart, CartRow, Line, Owner, Prices};
use identity::{Address, Buyer, CustomerGroup};
use promotions::CouponCode;
use serde::de::DeserializeOwned;
use terms::markets::Market;
use terms::tax::BuyerTax;
use terms::{Destination as Place, MarketKey};
use values::{AddressId, Caller, Currency, Error, Money, Result};

use crate::checkout::Checkout;
use crate::lines::{OrderSource, buyer_kind, cart_empty};
use crate::new_order::{Destination, QuoteRequest};
use crate::price::buyer_tax::buyer_tax;

/// What the price of an order depends on.
pub(crate) struct Basis {
    /// The cart that the order empties.
    pub(crate) cart: Option<Cart>,
    /// What is bought, at the prices that the customer saw.
    pub(crate) lines: Vec<Line>,
    /// The prices of the customer.
    pub(crate) prices: Prices,
    /// False if the customer saw the prices of another market, of an earlier version of it, or of another customer group.
    pub(crate) is_current: bool,
    pub(crate) codes: Vec<CouponCode>,
    pub(crate) tax: BuyerTax,
    /// None if the customer has not chosen one.
    pub(crate) address: Option<Address>,
}

/// The buyer, and the postal address that a request names.
pub(crate) struct BuyerWithAddress {
    pub(crate) group: Option<CustomerGroup>,
    pub(crate) tax: BuyerTax,
    pub(crate) address: Option<Address>,
}

impl Basis {
    /// Where the goods go.
    pub(crate) fn destination(&self) -> Option<Place> {
        self.address.as_ref().map(place_of)
    }
}

impl Checkout {
    /// What the price of an order depends on. 1 round trip; 1 more if the markets were not read in the last 30 seconds, and for each item
    /// that names a product which this execution environment has not read before.
    ///
    /// 422 `cart_empty`, `market_unknown`, `market_mismatch`, `address_unknown`, `destination_unserved` and `currency_mismatch`, and those of
    /// items.
    pub(crate) async fn read_basis(&self, request: &QuoteRequest, caller: &Caller) -> Result<Basis> {
        match &request.source {
            OrderSource::Cart(owner) => self.read_cart_basis(request, *owner, caller).await,
            OrderSource::Items(items) => {
                let (offers, prices, buyer) = self.read_items(request, items, caller).await?;
                let lines = offers.iter().map(|offer| offer.line(&prices)).collect::<Result<_>>()?;
                Ok(items_basis(request, lines, prices, buyer))
            }
        }
    }

    async fn read_cart_basis(&self, request: &QuoteRequest, owner: Owner, caller: &Caller) -> Result<Basis> {
        let keys = [self.carts.key(&owner)];
        let rows = (self.carts.table(), &keys[..]);
        let (buyer, rows) = self.read_buyer_with::<CartRow>(request, caller, rows).await?;
        let cart = self.carts.live_cart(&owner, rows.into_iter().next());
        let cart = cart.filter(|cart| !cart.lines.is_empty()).ok_or_else(cart_empty)?;
        let prices = self.prices_of_cart(request, &cart, &owner, &buyer).await?;
        self.check_sale(request, &prices.market, buyer.address.as_ref())?;
        Ok(Basis {
            lines: cart.lines.clone(),
            is_current: cart.has_prices(&prices),
            codes: request.coupons.clone().unwrap_or_else(|| cart.coupons.clone()),
            cart: Some(cart),
            prices,
            tax: buyer.tax,
            address: buyer.address,
        })
    }

    /// The prices of a cart: those of its market, and of the customer group of its owner. 422 `market_unknown`, `market_mismatch` if the
    /// request names another market.
    pub(crate) async fn prices_of_cart(
        &self,
        request: &QuoteRequest,
        cart: &Cart,
        owner: &Owner,
        buyer: &BuyerWithAddress,
    ) -> Result<Prices> {
        // A guest's cart has the prices of guests, also if an account orders it: they are what was seen.
        let group = match owner {
            Owner::User(_) => buyer.group.as_ref(),
            Owner::Guest(_) => None,
        };
        let prices = self.carts.prices(cart, group).await?;
        let named = request.market.as_ref();
        if let Some(named) = named
            && self.carts.terms().market(Some(named)).await?.key != prices.market.key
        {
            let message = format!("must be {}, the market of the cart", prices.market.key);
            return Err(Error::invalid("market", "market_mismatch", message));
        }
        Ok(prices)
    }

    /// The prices of items: those of the market that the request names, or of the default one. 0 or 1 round trips. 422 `market_unknown`.
    pub(crate) async fn prices_of_items(
        &self,
        market: Option<&MarketKey>,
        group: Option<CustomerGroup>,
    ) -> Result<Prices> {
        let key = market.cloned();
        Ok(Prices { market: self.carts.terms().market(key.as_ref()).await?, key, group })
    }

    /// The buyer with the postal address that the request names, and rows of another table. 1 round trip. 422 `address_unknown`.
    pub(crate) async fn read_buyer_with<T: DeserializeOwned>(
        &self,
        request: &QuoteRequest,
        caller: &Caller,
        (table, keys): (&Table, &[Key]),
    ) -> Result<(BuyerWithAddress, Vec<T>)> {
        let saved = saved_address(request.destination.as_ref(), caller)?;
        let (Buyer { group, tax_status }, saved, rows) = match caller.account() {
            Some(user) => self.accounts.read_buyer(user, saved, (table, keys)).await?,
            None => (Buyer::default(), None, table.batch_get(keys).await?),
        };
        let address = match &request.destination {
            None => None,
            Some(Destination::Address(address)) => Some(address.clone()),
            Some(Destination::Saved(_)) => Some(saved.ok_or_else(address_unknown)?),
        };
        Ok((BuyerWithAddress { group, tax: buyer_tax(&tax_status)?, address }, rows))
    }

    /// Refuses what the market does not sell: 422 `destination_unserved`, and `currency_mismatch` for an expected total in another currency.
    pub(crate) fn check_sale(&self, request: &QuoteRequest, market: &Market, address: Option<&Address>) -> Result<()> {
        let currency = market.content.currency;
        check_currency(request.expected_total, currency)?;
        if address.is_some_and(|address| !market.sells_to(address.country.code())) {
            let message = format!("is not served: the market {} does not sell there", market.key);
            return Err(Error::invalid("shippingAddress", "destination_unserved", message));
        }
        Ok(())
    }
}

/// The basis of items, at the prices of today.
pub(crate) fn items_basis(request: &QuoteRequest, lines: Vec<Line>, prices: Prices, buyer: BuyerWithAddress) -> Basis {
    Basis {
        cart: None,
        lines,
        prices,
        is_current: true,
        codes: request.coupons.clone().unwrap_or_default(),
        tax: buyer.tax,
        address: buyer.address,
    }
}

fn check_currency(expected: Option<Money>, currency: Currency) -> Result<()> {
    match expected.is_none_or(|expected| expected.currency == currency) {
        true => Ok(()),
        false => {
            let message = format!("must be in {currency}, the currency of the market");
            Err(Error::invalid("expectedTotal.currency", "currency_mismatch", message))
        }
    }
}

/// The entry of the caller's address book that a request names.
fn saved_address(destination: Option<&Destination>, caller: &Caller) -> Result<Option<AddressId>> {
    match destination {
        Some(Destination::Saved(id)) => caller.require_user().map(|_| Some(*id)),
        Some(Destination::Address(_)) | None => Ok(None),
    }
}

fn address_unknown() -> Error {
    Error::invalid("addressId", "address_unknown", "is not in your address book")
}

/// What of a postal address decides about taxes and shipping.
fn place_of(address: &Address) -> Place {
    Place {
        country: address.country.code().to_owned(),
        region: address.region.as_ref().map(|region| region.as_str().to_owned()),
        postal_code: address.postal_code.as_ref().map(|code| code.as_str().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    #[test]
    fn expected_total_is_in_the_currency_of_the_market() {
        let usd = "USD".parse().unwrap();
        let code = |expected: Option<Money>| check_currency(expected, usd).err().map(|error| error.fields[0].code);
        assert_eq!((code(None), code(Some(Money::new(1, usd)))), (None, None));
        assert_eq!(code(Some(eur(1))), Some("currency_mismatch"));
    }

    #[test]
    fn guest_has_no_address_book() {
        let id: AddressId = values::Clock::System.mint();
        let saved = Destination::Saved(id);
        assert!(saved_address(Some(&saved), &Caller::Guest).is_err());
        assert_eq!(saved_address(None, &Caller::Guest).unwrap(), None);
    }

    #[test]
    fn place_has_what_decides_about_taxes_and_shipping() {
        let address: Address = serde_json::from_value(json!({
            "name": "Ada", "line1": "1 Main St", "city": "Reno", "region": "NV", "postalCode": "89501", "country": "US",
        }))
        .unwrap();
        let place = Place { country: "US".into(), region: Some("NV".into()), postal_code: Some("89501".into()) };
        assert_eq!(place_of(&address), place);
    }
}
