//! The operations of this function in the OpenAPI document.

use std::borrow::Cow;

use http_kit::openapi::{Access, Api};
use payments::PaymentMethod;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use values::schema::{OrderId, UserId, either};

use crate::bodies::{CancelIn, ListIn, MoveIn, PayIn, PlaceIn};
use crate::shape::{HistoryOut, OrderOut, QuoteOut};

const ORDER: &str = "The id of the order.";
const PAYMENT_BLOCKED: &str =
    "`payment_blocked`: too many payments of the account, the email address or the network were declined.";
const WITHOUT_PERSONAL_DATA: &str = "Newest first, without email addresses and postal addresses.";

/// The body of an order. It has the fields of a quote, and requires an address and a payment method.
struct NewOrder;

impl JsonSchema for NewOrder {
    fn schema_name() -> Cow<'static, str> {
        "NewOrder".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = PlaceIn::json_schema(generator);
        let rules = [either("cart", "items"), either("shippingAddress", "addressId")];
        let rules = rules.map(|rule| json_schema!({ "oneOf": rule }).to_value()).to_vec();
        schema.remove("oneOf");
        schema.remove("example");
        schema.insert("allOf".into(), rules.into());
        schema.insert("required".into(), vec!["paymentMethod"].into());
        let text = "Either `cart` or `items`; either `shippingAddress` or `addressId`.";
        schema.insert("description".into(), text.into());
        if let Some(method) = schema.pointer_mut("/properties/paymentMethod") {
            *method = generator.subschema_for::<PaymentMethod>().to_value();
        }
        schema
    }
}

/// Adds the operations.
pub fn openapi(api: &mut Api) {
    placing(api);
    lists(api);
    one_order(api);
}

fn placing(api: &mut Api) {
    api.operation("post", "/api/v1/orders", Access::Optional, "placeOrder", "Place an order")
        .describe(
            "The order is placed completely or not at all, in one transaction. The payment follows later: read the order again until \
             it is `confirmed` and `paid`. More pieces of a SKU than one order may have get 422 `max_per_order`.",
        )
        .idempotency_key(true)
        .body::<NewOrder>()
        .answer::<OrderOut>(201, "The order is placed and `pending`. Its stock is held until it is paid.")
        .error(
            409,
            "Nothing was written: `insufficient_stock` with the SKU and the available quantity, `price_changed` with the current \
             prices in the entry of `expectedTotal`, `product_unavailable`, `cart_changed`; `too_many_open_orders`: the account, the \
             guest's email address or the network has too many unpaid orders or pieces.",
        )
        .error(429, PAYMENT_BLOCKED)
        .done();
    api.operation("post", "/api/v1/orders/quote", Access::Optional, "quoteOrder", "Quote an order")
        .describe(
            "The body is that of an order; only `cart` or `items` is required. No stock is held. Items that are not available are \
             listed in `changes` and `available`, and do not cause an error. Send `total` as `expectedTotal` with the order: the order \
             is refused if its total is different.",
        )
        .body::<PlaceIn>()
        .answer::<QuoteOut>(200, "The current prices and total.")
        // A quote of a cart stores what its owner has seen.
        .error(409, "`too_many_concurrent_updates`: the cart is being changed. Try again.")
        .done();
}

fn lists(api: &mut Api) {
    api.operation("get", "/api/v1/orders", Access::Account, "listOrders", "List orders")
        .describe(
            "Your own orders. An admin gets all orders and can filter them; a filter of another caller gets 422. A page of a long \
             search may be short or even empty while `hasMore` is true: continue with its cursor.",
        )
        .queries::<ListIn>()
        .answer_page::<OrderOut>(WITHOUT_PERSONAL_DATA)
        .done();
    let path = "/api/v1/orders/user/{userId}";
    api.operation("get", path, Access::Account, "listOrdersOfUser", "List the orders of an account")
        .path_param::<UserId>("userId", "Your own id. Admins can send any account's id.")
        .paged()
        .answer_page::<OrderOut>(WITHOUT_PERSONAL_DATA)
        .done();
    let path = "/api/v1/orders/{id}/history";
    api.operation("get", path, Access::Optional, "orderHistory", "List the history of an order")
        .path_param::<OrderId>("id", ORDER)
        .shared("OrderToken")
        .paged()
        .answer_page::<HistoryOut>("The changes of the order, oldest first.")
        .done();
}

fn one_order(api: &mut Api) {
    api.operation("get", "/api/v1/orders/{id}", Access::Optional, "readOrder", "Read an order")
        .path_param::<OrderId>("id", ORDER)
        .shared("OrderToken")
        .if_none_match()
        .answer::<OrderOut>(200, "The order.")
        .done();
    let path = "/api/v1/orders/{id}/pay";
    api.operation("post", path, Access::Optional, "payOrder", "Pay with another method")
        .describe(
            "Pays with another method after a decline, or instead of an unfinished authentication at the bank, while the stock is \
             held. The earlier attempt is cancelled before the new method is charged.",
        )
        .path_param::<OrderId>("id", ORDER)
        .shared("OrderToken")
        .idempotency_key(true)
        .body::<PayIn>()
        .answer::<OrderOut>(200, "The payment is being attempted.")
        .error(409, "`illegal_transition`, `hold_expired`, `payment_in_progress`, `too_many_attempts`.")
        .error(429, PAYMENT_BLOCKED)
        .done();
    let path = "/api/v1/orders/{id}/cancel";
    api.operation("post", path, Access::Optional, "cancelOrder", "Cancel an order")
        .describe(
            "The buyer can cancel until the order is `processing`, an admin until it is `shipped`. Its stock is for sale again at \
             once. The payment is voided or refunded: read the payment to see it.",
        )
        .path_param::<OrderId>("id", ORDER)
        .shared("OrderToken")
        .if_match(false)
        .idempotency_key(false)
        .body::<CancelIn>()
        .answer::<OrderOut>(200, "The order is cancelled.")
        .error(
            409,
            "`illegal_transition`: the order is too far advanced or is cancelled already. `detail` says what can be done instead.",
        )
        .error(429, "`too_many_cancellations`: the account or the network has cancelled too many paid orders today.")
        .done();
    let path = "/api/v1/orders/{id}/status";
    api.operation("patch", path, Access::Account, "moveOrder", "Change the status of an order")
        .describe(
            "Admins only. The status advances from `confirmed` to `processing`, `shipped` and `delivered`, one step at a time; \
             `cancelled` cancels the order as `POST /orders/{id}/cancel` does. The note is shown in the history.",
        )
        .path_param::<OrderId>("id", ORDER)
        .if_match(false)
        .idempotency_key(false)
        .body::<MoveIn>()
        .answer::<OrderOut>(200, "The order.")
        .error(409, "`illegal_transition`: this status cannot follow the current one, or the payment was voided.")
        .done();
}
