//! Bodies of the orders API, in and out: apart from the domain, so that neither binds the other.

use cart::Owner;
use events::Recipient;
use identity::Address;
use orders::{Destination, Fulfilment, Full, Item, NewOrder, Order, PaymentStatus, Source, Status, Wanted};
use payments::Method;
use serde::{Deserialize, Serialize};
use values::{
    AddressId, Caller, Email, Error, Kind, Money, OrderId, PaymentId, ProductId, Quantity, Result, Sku, Timestamp,
    UserId,
};

/// Body of `POST /orders`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PlaceIn {
    cart: Option<String>,
    items: Option<Vec<ItemIn>>,
    email: Option<Email>,
    shipping_address: Option<Address>,
    address_id: Option<AddressId>,
    payment_method: Method,
    expected_total: Option<Money>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ItemIn {
    sku: Option<Sku>,
    product_id: Option<ProductId>,
    quantity: Quantity,
}

/// Body of `POST /orders/{id}/pay`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PayIn {
    pub(crate) payment_method: Method,
}

impl PlaceIn {
    pub(crate) fn into_new(self, caller: &Caller) -> Result<NewOrder> {
        let source = match (self.cart, self.items) {
            (Some(cart), None) => Source::Cart(owner(&cart, caller)?),
            (None, Some(items)) => Source::Items(items.into_iter().enumerate().map(wanted).collect::<Result<_>>()?),
            _ => return Err(Error::invalid("cart", "one_of", "name either `cart` or `items`")),
        };
        let destination = match (self.shipping_address, self.address_id) {
            (Some(address), None) => Destination::Address(address),
            (None, Some(id)) => Destination::Saved(id),
            _ => {
                return Err(Error::invalid(
                    "shippingAddress",
                    "one_of",
                    "name either `shippingAddress` or `addressId`",
                ));
            }
        };
        let method = self.payment_method.checked()?;
        Ok(NewOrder { source, email: self.email, destination, method, expected_total: self.expected_total })
    }
}

/// A cart named in a body: one that is not the caller's is as invalid as one that does not exist.
fn owner(name: &str, caller: &Caller) -> Result<Owner> {
    match (Owner::named(name, caller), caller.user()) {
        (Ok(Owner::User(owner)), Some(user)) if owner == user => Ok(Owner::User(owner)),
        (Ok(Owner::Guest(cart)), _) => Ok(Owner::Guest(cart)),
        (Err(error), _) if error.kind == Kind::Unauthenticated => Err(error),
        _ => Err(Error::invalid("cart", "cart_unknown", "is not your cart")),
    }
}

fn wanted((index, item): (usize, ItemIn)) -> Result<(Wanted, Quantity)> {
    match (item.sku, item.product_id) {
        (Some(sku), None) => Ok((Wanted::Sku(sku), item.quantity)),
        (None, Some(product)) => Ok((Wanted::Product(product), item.quantity)),
        _ => Err(Error::invalid(&format!("items[{index}]"), "one_of", "name either `sku` or `productId`")),
    }
}

/// An order as the contract writes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderOut {
    id: OrderId,
    number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    items: Vec<Item>,
    subtotal: Money,
    discount: Money,
    tax: Money,
    shipping: Money,
    total: Money,
    status: Status,
    payment_status: PaymentStatus,
    fulfilment_status: Fulfilment,
    payment_id: PaymentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_token: Option<String>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl OrderOut {
    /// An order in a list: without the personal data, which a list need not read.
    pub(crate) fn summary(order: Order) -> Self {
        Self {
            id: order.id,
            number: order.number,
            user_id: match order.buyer {
                Recipient::User(id) => Some(id),
                Recipient::Contact(_) => None,
            },
            email: None,
            items: order.items,
            subtotal: order.subtotal,
            discount: order.discount,
            tax: order.tax,
            shipping: order.shipping,
            total: order.total,
            status: order.status,
            payment_status: order.payment_status,
            fulfilment_status: order.fulfilment_status,
            payment_id: order.payment_id,
            shipping_address: None,
            hold_expires_at: (order.status == Status::Pending).then_some(order.hold_expires_at),
            order_token: None,
            version: order.version,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }

    /// A placed order, with the token that a guest is shown once.
    pub(crate) fn placed(full: Full, order_token: Option<String>) -> Self {
        Self { order_token, ..Self::from(full) }
    }
}

impl From<Full> for OrderOut {
    fn from(full: Full) -> Self {
        let (email, shipping_address) = match full.private {
            Some(private) => (private.email, Some(private.shipping_address)),
            None => (None, None),
        };
        Self { email, shipping_address, ..Self::summary(full.order) }
    }
}
