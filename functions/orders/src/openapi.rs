//! The operations of this function in the OpenAPI document.

use std::borrow::Cow;

use http_kit::openapi::{Access, Api};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use values::schema::{OrderId, UserId, either};

use crate::bodies::{CancelIn, ListIn, MoveIn, PayIn, PlaceIn};
use crate::shape::{HistoryOut, OrderOut, QuoteOut};

const ORDER: &str = "The id of the order.";
const PAYMENT_BLOCKED: &str =
    "`payment_blocked`: too many payments of the account, the email address or the network were declined.";
const WITHOUT_PERSONAL_DATA: &str = "Newest first, without email addresses and postal addresses.";

/// The body of an order. It has the fields of a quote, and requires an address.
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
        let text = "Either `cart` or `items`; either `shippingAddress` or `addressId`.";
        schema.insert("description".into(), text.into());
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
             it is `confirmed` and `paid`. An order whose total is zero needs no `paymentMethod`, and is `confirmed` and `paid` at once. \
             If the shop has shipping methods for the address, the order names one: 422 `required` or `shipping_method_unknown` for \
             `shippingMethod`, and `destination_unserved` for an address that no method and no market serves. A market that does not exist \
             gets 422 `market_unknown`, and another one than that of the cart `market_mismatch`. A coupon that does not apply gets 422: \
             `coupon_unknown`, `coupon_not_started`, `coupon_expired`, `coupon_not_applicable`, `coupon_used`, `coupon_excluded`, \
             `coupon_first_order_only`; `coupon_email_required` if it is counted for each customer, and the email address is not known. \
             More than 5 coupons get `too_many_coupons`, and a code that is there twice `coupon_doubled`. More pieces of a SKU than one \
             order may have get 422 `max_per_order`. A total that Stripe cannot charge gets 422: `amount_too_small`, with the smallest \
             charge in `minimum`, or `amount_not_multiple`, with the `step`: in BHD, JOD, KWD, OMR and TND the last digit is 0, in MGA the \
             last two.",
        )
        .idempotency_key(true)
        .body::<NewOrder>()
        .answer::<OrderOut>(
            201,
            "The order is placed and `pending`. Its stock is held until it is paid. If its total is zero, it is `confirmed` and `paid`.",
        )
        .error(
            409,
            "Nothing was written: `insufficient_stock` with the SKU and the available quantity, `product_unavailable`, `cart_changed`. \
             `price_changed`: the order costs something else now, for any reason; `tax_changed`, `shipping_changed`, `promotion_changed`: \
             tax, shipping or a discount alone explains the difference; `promotion_changed`, `promotion_exhausted`: a discount has ended or \
             is used up. The entry of `expectedTotal` has the current price then, and an order with that `total` is placed. \
             `too_many_open_orders`: the account, the guest's email address or the network has too many unpaid orders or pieces.",
        )
        .error(429, PAYMENT_BLOCKED)
        .done();
    api.operation("post", "/api/v1/orders/quote", Access::Optional, "quoteOrder", "Quote an order")
        .describe(
            "The body is that of an order; only `cart` or `items` is required. No stock is held. Items that are not available are \
             listed in `changes` and `available`, and do not cause an error. With an address, the quote has taxes, and lists the shipping \
             methods with their prices; with a `shippingMethod`, its total is that of the order. Send `total` as `expectedTotal` with the \
             order: the order is refused if its total is different. Coupons are refused as in an order, apart from those that the address \
             or the shipping method decides about while there is none. A total that Stripe cannot charge gets 422 `amount_too_small` or \
             `amount_not_multiple`, as an order does, unless there are `changes` to show or a shipping method is to be chosen.",
        )
        .body::<PlaceIn>()
        .answer::<QuoteOut>(200, "The current prices and total.")
        // A quote of a cart stores what its owner has seen.
        .error(409, "`too_many_concurrent_updates`: the cart is being changed. Try again. `promotion_exhausted`: a coupon is used up.")
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
