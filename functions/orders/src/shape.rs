//! The responses of the orders API. They are separate from the domain types, so that both can change.

use cart::Change;
use catalog::ShownStock;
use events::Recipient;
use identity::Address;
use orders::{Fulfilment, HistoryEntry, Item, Order, OrderDetails, PaymentStatus, Quote, Status};
use serde::Serialize;
use values::{Actor, Email, EventId, Money, OrderId, PaymentId, Timestamp, UserId};

/// An order.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Order"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderOut {
    /// The id of the order.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::OrderId"))]
    id: OrderId,
    /// The number that people use.
    #[cfg_attr(feature = "openapi", schemars(with = "crate::schema::OrderNumber"))]
    number: String,
    /// The id of the buyer's account. Missing for a guest.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::UserId>"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<UserId>,
    /// The email address of a guest.
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
    /// The id of the payment.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PaymentId"))]
    payment_id: PaymentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_address: Option<AddressOut>,
    /// The time until which the stock is held while the order is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_expires_at: Option<Timestamp>,
    /// For a guest, shown once. Send it as `X-Order-Token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_token: Option<String>,
    /// Increases with every change. In quotes it is the ETag.
    version: u64,
    /// The time when the order was placed.
    created_at: Timestamp,
    /// The time of the last change.
    updated_at: Timestamp,
}

/// A postal address, and the label of its parcel.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ShippingAddress"))]
pub(crate) struct AddressOut {
    #[serde(flatten)]
    address: Address,
    /// The lines of a label, in the order of the country and with its English name at the end.
    lines: Vec<String>,
}

impl From<Address> for AddressOut {
    fn from(address: Address) -> Self {
        Self { lines: address.lines(), address }
    }
}

impl OrderOut {
    /// An order in a list. It has no personal data, which a list does not read.
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

    /// The version, of which the entity tag is made.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// A placed order, with the token that a guest gets only once.
    pub(crate) fn with_token(details: OrderDetails, order_token: Option<String>) -> Self {
        Self { order_token, ..Self::from(details) }
    }
}

impl From<OrderDetails> for OrderOut {
    fn from(details: OrderDetails) -> Self {
        let (email, shipping_address) = match details.personal {
            Some(personal) => (personal.email, Some(AddressOut::from(personal.shipping_address))),
            None => (None, None),
        };
        Self { email, shipping_address, ..Self::summary(details.order) }
    }
}

/// The current prices of an order that is not placed yet.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Quote"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuoteOut {
    /// The items that can be bought.
    items: Vec<QuotedOut>,
    subtotal: Money,
    discount: Money,
    tax: Money,
    shipping: Money,
    /// The total. Send it as `expectedTotal` with the order.
    total: Money,
    /// The differences from what the owner last saw or what was requested.
    changes: Vec<Change>,
    /// The shipping methods to choose from. Empty if there is no choice.
    // There are none yet. Their schema says only that they will be objects.
    #[cfg_attr(feature = "openapi", schemars(extend("items" = { "type": "object" })))]
    shipping_methods: [(); 0],
}

/// A line of a quote.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "QuotedItem"))]
struct QuotedOut {
    #[serde(flatten)]
    item: Item,
    /// The number of pieces that can be sold now.
    available: u32,
}

impl QuoteOut {
    /// The quote, with as much of the stock as the caller may see.
    pub(crate) fn new(quote: Quote, shown: ShownStock) -> Self {
        let Quote { items, sums, changes } = quote;
        let quoted = |(item, available)| QuotedOut { item, available: shown.pieces(available) };
        Self {
            items: items.into_iter().map(quoted).collect(),
            subtotal: sums.subtotal,
            discount: sums.discount,
            tax: sums.tax,
            shipping: sums.shipping,
            total: sums.total,
            changes: changes.into_iter().map(|change| change.shown(shown)).collect(),
            shipping_methods: [],
        }
    }
}

/// A change of an order. Applying all entries in order to `placed` of the first entry gives the current order.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "HistoryEntry"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryOut {
    /// The order's version after the change.
    version: u64,
    /// The time of the change.
    at: Timestamp,
    /// The actor: `customer:usr_…`, `admin`, `guest` or `system:<function>`. Admins also see which admin: `admin:usr_…`.
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    actor: Actor,
    /// A code, such as `placed`, `payment.authorized`, `cancelled_by_customer` or `shipped`.
    reason: String,
    /// The reason in the words of the person who made the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// The id of the request that started the change.
    correlation_id: String,
    /// The id of the event that caused the change.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::EventId>"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<EventId>,
    /// In the first entry: the order as it was placed, without email address and postal address.
    #[serde(skip_serializing_if = "Option::is_none")]
    placed: Option<OrderOut>,
    status: Status,
    payment_status: PaymentStatus,
    /// The version of the payment that `paymentStatus` comes from.
    payment_sequence: u64,
    fulfilment_status: Fulfilment,
    /// The time until which the stock was held at that point.
    hold_expires_at: Timestamp,
}

impl HistoryOut {
    /// Customers see that an admin made a change, but not which admin.
    pub(crate) fn of(entry: HistoryEntry, for_admin: bool) -> Self {
        let actor = if for_admin { entry.actor } else { entry.actor.for_customers() };
        Self {
            version: entry.version,
            at: entry.at,
            actor,
            reason: entry.reason,
            note: entry.note,
            correlation_id: entry.correlation_id,
            causation_id: entry.causation_id,
            placed: entry.placed.map(|order| OrderOut::summary(*order)),
            status: entry.status,
            payment_status: entry.payment_status,
            payment_sequence: entry.payment_sequence,
            fulfilment_status: entry.fulfilment_status,
            hold_expires_at: entry.hold_expires_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json, to_value};

    fn euros(amount: i64) -> Value {
        json!({ "amount": amount, "currency": "EUR" })
    }

    /// An order as its row stores it.
    fn row() -> Value {
        json!({
            "id": "ord_01h455vb4pex5vsknk084sn02q",
            "number": "7KQ4M-2XD9A",
            "buyer": "gst_01h455vb4pex5vsknk084sn02q",
            "items": [{
                "sku": "MUG", "productId": "prd_01h455vb4pex5vsknk084sn02q", "name": "Mug", "quantity": 2,
                "unitPrice": euros(450), "discount": euros(0), "tax": euros(0), "lineTotal": euros(900),
            }],
            "subtotal": euros(900), "discount": euros(0), "tax": euros(0), "shipping": euros(0), "total": euros(900),
            "status": "pending", "paymentStatus": "unpaid", "paymentSequence": 0, "fulfilmentStatus": "unfulfilled",
            "paymentId": "pay_01h455vb4pex5vsknk084sn02q", "holdExpiresAt": "2026-11-21T08:10:00.000Z",
            "version": 1,
            "createdAt": "2026-11-21T08:00:00.000Z", "updatedAt": "2026-11-21T08:00:00.000Z",
        })
    }

    fn entry(actor: &str) -> HistoryEntry {
        let entry = json!({
            "version": 1, "at": "2026-11-21T08:00:00.000Z", "actor": actor, "reason": "placed", "correlationId": "req-1",
            "placed": row(), "status": "pending", "paymentStatus": "unpaid", "paymentSequence": 0,
            "fulfilmentStatus": "unfulfilled", "holdExpiresAt": "2026-11-21T08:10:00.000Z",
        });
        from_value(entry).unwrap()
    }

    #[test]
    fn customer_does_not_see_which_admin_made_a_change() {
        let (admin, ada) = ("admin:usr_01h455vb4pex5vsknk084sn02q", "customer:usr_01h455vb4pex5vsknk084sn02q");
        let actor_out = |actor: &str, for_admin: bool| HistoryOut::of(entry(actor), for_admin).actor.0;
        assert_eq!((actor_out(admin, false).as_str(), actor_out(admin, true).as_str()), ("admin", admin));
        assert_eq!((actor_out(ada, false).as_str(), actor_out("system:relay", false).as_str()), (ada, "system:relay"));
    }

    #[test]
    fn history_shows_the_placed_order_like_a_list() {
        let entry = entry("guest");
        let shown = to_value(HistoryOut::of(entry, false)).unwrap();
        let placed: Order = from_value(row()).unwrap();
        assert_eq!(shown["placed"], to_value(OrderOut::summary(placed)).unwrap());
        assert!(shown.get("note").is_none() && shown.get("causationId").is_none());
    }

    #[test]
    fn order_shows_the_label_of_its_address() {
        let stored = json!({
            "name": "Ada", "line1": "1 Main St", "city": "Reno", "region": "NV", "postalCode": "89501", "country": "US",
        });
        let shown = to_value(AddressOut::from(from_value::<Address>(stored.clone()).unwrap())).unwrap();
        assert_eq!(shown["lines"], json!(["Ada", "1 Main St", "RENO, NV 89501", "UNITED STATES"]));
        assert_eq!((&shown["region"], &shown["country"]), (&stored["region"], &stored["country"]));
    }

    #[test]
    fn quote_shows_the_available_pieces() {
        let order: Order = from_value(row()).unwrap();
        let (total, zero) = (order.total, order.discount);
        let sums = pricing::Breakdown {
            line_totals: vec![total],
            subtotal: total,
            discount: zero,
            tax: zero,
            shipping: zero,
            total,
        };
        let quote = Quote { items: vec![(order.items[0].clone(), 1)], sums, changes: vec![] };
        let shown = to_value(QuoteOut::new(quote, ShownStock::ALL)).unwrap();
        assert_eq!((&shown["items"][0]["sku"], &shown["items"][0]["available"]), (&json!("MUG"), &json!(1)));
        assert_eq!((&shown["total"], &shown["shippingMethods"]), (&euros(900), &json!([])));
    }
}
