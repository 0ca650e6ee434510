//! The bodies and filters of requests of the orders API. They are separate from the domain types, so that both can
//! change.

use cart::{ItemRef, Owner};
use http_kit::PageQuery;
use identity::Address;
use orders::{Destination, Filter, NewOrder, OrderSource, QuoteRequest, Status};
use payments::PaymentMethod;
use serde::{Deserialize, Serialize};
use values::{AddressId, Caller, Email, Error, Kind, Money, NewEmail, ProductId, Quantity, Result, Sku, Text};

/// Either `cart` or `items`. All other fields are optional.
// This is the schema of a quote. An order has the same fields, and requires more of them.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(rename = "NewQuote", extend("oneOf" = values::schema::either("cart", "items"), "example" = { "cart": "me" }))
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PlaceIn {
    /// `me` or the id of a guest's cart.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "me")))]
    cart: Option<String>,
    /// The items, instead of a cart.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = cart::Cart::MAX_LINES)))]
    items: Option<Vec<ItemIn>>,
    /// The email address of a guest.
    email: Option<NewEmail>,
    shipping_address: Option<Address>,
    /// The id of an address in the caller's address book, instead of `shippingAddress`.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::AddressId>"))]
    address_id: Option<AddressId>,
    payment_method: Option<PaymentMethod>,
    /// The order is refused if its total is different.
    expected_total: Option<Money>,
}

/// An item to buy. Send either `sku` or `productId`.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(rename = "OrderedItem", extend("oneOf" = values::schema::either("sku", "productId")))
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ItemIn {
    sku: Option<Sku>,
    /// Only for a product that has one SKU, instead of `sku`.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::ProductId>"))]
    product_id: Option<ProductId>,
    quantity: Quantity,
}

/// Another payment method.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PayAgain"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PayIn {
    pub(crate) payment_method: PaymentMethod,
}

/// Why an order is cancelled.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Cancellation"))]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelIn {
    /// A note for the record.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "Ordered twice by mistake")))]
    pub(crate) reason: Text<200>,
}

/// The next status of an order.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(
    feature = "openapi",
    schemars(rename = "OrderStatusChange", extend("example" = { "status": "processing" }))
)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoveIn {
    /// `processing`, `shipped`, `delivered` or `cancelled`. Any other status gets 409.
    pub(crate) status: Status,
    /// A note in the history.
    pub(crate) note: Option<Text<200>>,
}

/// The query of `GET /orders`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ListIn {
    limit: Option<u32>,
    cursor: Option<String>,
    /// Only orders with this status. For admins.
    status: Option<Status>,
    /// Placed at this time or later: a time with an offset, or a date, which is the beginning of that day in the shop's time zone. The
    /// default is the beginning of the day 29 days before the day of `to`. For admins.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::schema::Day>"))]
    from: Option<String>,
    /// Placed before this time: a time with an offset, or a date, which is the end of that day in the shop's time zone. So
    /// `from=2026-11-01&to=2026-11-30` is all of November. At most 92 days after `from`. The default is the end of today. For admins.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::schema::Day>"))]
    to: Option<String>,
    /// The order with this number, in upper or lower case, with or without its dash. Cannot be combined with other filters. For admins.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::schema::TypedNumber>"))]
    number: Option<String>,
    /// Orders of the account or guests with this email address. Cannot be combined with other filters. For admins.
    email: Option<Email>,
}

impl ListIn {
    /// The filter, and the page.
    pub(crate) fn parts(self) -> (Filter, PageQuery) {
        let Self { limit, cursor, status, from, to, number, email } = self;
        (Filter { status, from, to, number, email }, PageQuery { limit, cursor })
    }
}

impl PlaceIn {
    pub(crate) fn into_new(self, caller: &Caller) -> Result<NewOrder> {
        let missing = |field: &str, message: &str| Error::invalid(field, "required", message);
        let destination = self.destination()?;
        let method = self.payment_method.ok_or_else(|| missing("paymentMethod", "name a payment method"))?.check()?;
        Ok(NewOrder {
            source: order_source(self.cart, self.items, caller)?,
            email: self.email.map(Email::from),
            destination: destination.ok_or_else(|| {
                Error::invalid("shippingAddress", "one_of", "send either `shippingAddress` or `addressId`")
            })?,
            method,
            expected_total: self.expected_total,
        })
    }

    /// Checks the fields that are sent as for an order.
    pub(crate) fn into_quote_request(self, caller: &Caller) -> Result<QuoteRequest> {
        let destination = self.destination()?;
        self.payment_method.map(PaymentMethod::check).transpose()?;
        let source = order_source(self.cart, self.items, caller)?;
        Ok(QuoteRequest { source, destination, expected_total: self.expected_total })
    }

    fn destination(&self) -> Result<Option<Destination>> {
        match (&self.shipping_address, self.address_id) {
            (Some(address), None) => Ok(Some(Destination::Address(address.clone().checked("shippingAddress")?))),
            (None, Some(id)) => Ok(Some(Destination::Saved(id))),
            (None, None) => Ok(None),
            (Some(_), Some(_)) => {
                Err(Error::invalid("shippingAddress", "one_of", "send either `shippingAddress` or `addressId`"))
            }
        }
    }
}

fn order_source(cart: Option<String>, items: Option<Vec<ItemIn>>, caller: &Caller) -> Result<OrderSource> {
    match (cart, items) {
        (Some(cart), None) => Ok(OrderSource::Cart(owner(&cart, caller)?)),
        (None, Some(items)) => {
            Ok(OrderSource::Items(items.into_iter().enumerate().map(item_ref).collect::<Result<_>>()?))
        }
        _ => Err(Error::invalid("cart", "one_of", "send either `cart` or `items`")),
    }
}

/// The owner of a cart that a body names. A cart of another caller is as invalid as one that does not exist.
fn owner(name: &str, caller: &Caller) -> Result<Owner> {
    match (Owner::parse_for(name, caller), caller.user()) {
        (Ok(Owner::User(owner)), Some(user)) if owner == user => Ok(Owner::User(owner)),
        (Ok(Owner::Guest(cart)), _) => Ok(Owner::Guest(cart)),
        (Err(error), _) if matches!(error.kind, Kind::Unauthenticated | Kind::Forbidden) => Err(error),
        _ => Err(Error::invalid("cart", "cart_unknown", "must be a cart of yours")),
    }
}

fn item_ref((index, item): (usize, ItemIn)) -> Result<(ItemRef, Quantity)> {
    match (item.sku, item.product_id) {
        (Some(sku), None) => Ok((ItemRef::Sku(sku), item.quantity)),
        (None, Some(product)) => Ok((ItemRef::Product(product), item.quantity)),
        _ => Err(Error::invalid(&format!("items[{index}]"), "one_of", "send either `sku` or `productId`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json};

    fn order() -> Value {
        json!({
            "items": [{ "sku": "MUG", "quantity": 1 }],
            "shippingAddress": { "name": "Ada", "line1": "Rue 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE" },
            "paymentMethod": { "token": "pm_card_visa" },
        })
    }

    fn without(field: &str) -> PlaceIn {
        let mut order = order();
        order.as_object_mut().unwrap().remove(field);
        from_value(order).unwrap()
    }

    fn with(field: &str, value: Value) -> PlaceIn {
        let mut order = order();
        order[field] = value;
        from_value(order).unwrap()
    }

    fn field_error<T: std::fmt::Debug>(read: Result<T>) -> (String, &'static str) {
        let field = read.unwrap_err().fields.remove(0);
        (field.field, field.code)
    }

    #[test]
    fn guest_order_needs_a_well_formed_email_and_a_search_finds_an_old_one() {
        let mut body = order();
        body["email"] = json!("a..b@example.com");
        assert!(from_value::<PlaceIn>(body).is_err());
        assert!(from_value::<ListIn>(json!({ "email": "a..b@example.com" })).is_ok());
    }

    #[test]
    fn quote_may_omit_address_and_payment_method() {
        assert!(with("email", json!("ada@example.com")).into_new(&Caller::Guest).is_ok());
        for (field, code) in [("shippingAddress", "one_of"), ("paymentMethod", "required")] {
            assert_eq!(field_error(without(field).into_new(&Caller::Guest)), (field.to_owned(), code));
            assert!(without(field).into_quote_request(&Caller::Guest).is_ok());
        }
        assert_eq!(field_error(without("items").into_quote_request(&Caller::Guest)), ("cart".to_owned(), "one_of"));
    }

    #[test]
    fn quote_checks_the_fields_that_are_sent() {
        let card = with("paymentMethod", json!({ "token": "4242424242424242" }));
        assert_eq!(field_error(card.into_quote_request(&Caller::Guest)).1, "card_number_refused");
        let twice = with("addressId", json!("adr_01h455vb4pex5vsknk084sn02q"));
        assert_eq!(field_error(twice.into_quote_request(&Caller::Guest)), ("shippingAddress".to_owned(), "one_of"));
        let both = with("cart", json!("me"));
        assert_eq!(field_error(both.into_quote_request(&Caller::Guest)), ("cart".to_owned(), "one_of"));
    }

    #[test]
    fn an_unknown_country_is_refused() {
        let mut order = order();
        order["shippingAddress"]["country"] = json!("XX");
        assert!(from_value::<PlaceIn>(order).is_err());
    }

    #[test]
    fn shipping_address_is_checked() {
        for (field, value, code) in
            [("postalCode", "SW1Y 4JH", "postal_code_invalid"), ("phone", "02 555 12 12", "phone_invalid")]
        {
            let mut order = order();
            order["shippingAddress"][field] = json!(value);
            let read: PlaceIn = from_value(order).unwrap();
            assert_eq!(
                field_error(read.into_quote_request(&Caller::Guest)),
                (format!("shippingAddress.{field}"), code)
            );
        }
    }

    #[test]
    fn reasons_have_bounds() {
        let cancel = |reason: &str| from_value::<CancelIn>(json!({ "reason": reason }));
        assert!(cancel("x").is_ok() && cancel(&"x".repeat(200)).is_ok());
        assert!(cancel(" ").is_err() && cancel(&"x".repeat(201)).is_err());
        assert!(from_value::<MoveIn>(json!({ "status": "shipped" })).is_ok());
        assert!(from_value::<MoveIn>(json!({ "status": "gone" })).is_err());
    }
}
