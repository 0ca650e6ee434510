//! The operations of this function in the OpenAPI document.

use http_kit::openapi::{Access, Api, RECENT_LOGIN};
use payments::StripeEvent;
use values::schema::PaymentId;

use crate::OrderQuery;
use crate::shape::{PaymentOut, Receipt, RefundIn, RefundOut};

const PAYMENT: &str = "The id of the payment.";

/// Adds the operations.
pub fn openapi(api: &mut Api) {
    payments(api);
    refunds(api);
    webhooks(api);
}

fn payments(api: &mut Api) {
    api.operation("get", "/api/v1/payments", Access::Optional, "listPayments", "List the payments of an order")
        .queries::<OrderQuery>()
        .shared("OrderToken")
        .answer_page::<PaymentOut>("The payment of the order.")
        .done();
    let path = "/api/v1/payments/{id}";
    api.operation("get", path, Access::Optional, "readPayment", "Read a payment")
        .path_param::<PaymentId>("id", PAYMENT)
        .shared("OrderToken")
        .if_none_match()
        .answer::<PaymentOut>(200, "The payment.")
        .done();
    let path = "/api/v1/payments/{id}/confirm";
    api.operation("post", path, Access::Optional, "confirmPayment", "Confirm that the customer has acted")
        .describe(
            "Asks souk to check the payment at the provider now, instead of waiting for a webhook. Read the payment again to see the \
             result. The request itself changes nothing: only the provider's answer counts.",
        )
        .path_param::<PaymentId>("id", PAYMENT)
        .shared("OrderToken")
        .answer::<PaymentOut>(202, "If the payment is open, its state is being checked at the provider.")
        .done();
    let path = "/api/v1/payments/{id}/capture";
    api.operation("post", path, Access::Account, "capturePayment", "Capture an authorised payment")
        .describe(
            "Admins only. souk captures the payment by itself when the order is confirmed or shipped, depending on its configuration. \
             This request captures it earlier.",
        )
        .path_param::<PaymentId>("id", PAYMENT)
        .answer::<PaymentOut>(202, "The capture is requested.")
        .error(409, "`illegal_transition`: the payment is not `authorized`.")
        .done();
}

fn refunds(api: &mut Api) {
    let path = "/api/v1/payments/{id}/refunds";
    api.operation("get", path, Access::Optional, "listRefunds", "List the refunds of a payment")
        .path_param::<PaymentId>("id", PAYMENT)
        .shared("OrderToken")
        .paged()
        .answer_page::<RefundOut>("The refunds, oldest first.")
        .done();
    api.operation("post", path, Access::Account, "refundPayment", "Refund a payment")
        .describe(
            "Admins only. Refunds an amount, the price of some lines, or, without both, everything that is left. Completed and pending \
             refunds together never exceed the captured amount, even if many are requested at once. If the refunds of the payment come \
             to more than the parameter `RefundStepUpAmount`, this needs a recent login.",
        )
        .error(403, RECENT_LOGIN)
        .path_param::<PaymentId>("id", PAYMENT)
        .idempotency_key(true)
        .body::<RefundIn>()
        .answer::<RefundOut>(201, "The refund is `pending` until the provider has made it.")
        .error(
            409,
            "`refund_exceeds_captured`, with the amount that can still be refunded in `errors[0].refundable`; `nothing_to_refund`: \
             nothing was captured, or everything is refunded or pending.",
        )
        .error(
            422,
            "`validation_failed`, with a field and `amount_out_of_range` (0 or less), `currency_mismatch`, `line_unknown`, \
             `lines_out_of_range`, `one_of` or `required`; `idempotency_mismatch`.",
        )
        .done();
}

fn webhooks(api: &mut Api) {
    let path = "/api/v1/payments/webhooks/stripe";
    api.operation("post", path, Access::Open, "stripeWebhook", "Receive a Stripe webhook")
        .describe(
            "Only for Stripe: its signed events. An event only makes souk check the payment or refund that `metadata` names. Other \
             events are accepted and ignored. A repeated event changes nothing for 30 days.",
        )
        .shared("StripeSignature")
        .body::<StripeEvent>()
        // The body is read as bytes, because the signature covers them. So its media type is not checked.
        .without(415)
        .without(422)
        .answer::<Receipt>(200, "The event is accepted.")
        .error(400, "`webhook_signature_missing`, `webhook_signature_invalid`, `webhook_too_old`, `webhook_unreadable`.")
        .error(413, "`body_too_large`: the body is larger than 256 KB.")
        .done();
}
