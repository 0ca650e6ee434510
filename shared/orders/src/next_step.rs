//! What a worker does next about an order and its payment, by their rows alone. Pure.

use aws_kit::fault;
use payments::{CaptureAt, Due, Payment};
use values::Timestamp;

use crate::extend_hold::is_short;
use crate::order::Order;
use crate::status::{PaymentStatus, Status};

/// What a run has written since it has read the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing.
    Read,
    /// The hold was extended.
    HoldExtended,
    /// The payment alone was changed: its intent is stored, or its customer has to act.
    PaymentStored,
    /// The order has followed its payment, and more may be due.
    Followed,
}

/// The next step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextStep {
    /// There is nothing to do.
    Nothing,
    /// Extend the hold, so that it outlasts the call of the provider.
    ExtendHold,
    /// Write the order alone, as its payment is already.
    Follow,
    /// Cancel the order: its hold has ended.
    Expire,
    /// Ask the provider.
    Decide(Due),
}

/// Is nothing due, whatever the row of the payment says? Then it need not be read. Refunds have messages of their own.
pub(crate) fn is_settled(order: &Order) -> bool {
    use PaymentStatus::{Paid, PartiallyRefunded, Refunded, Voided};
    let has_ended = matches!(order.payment_status, Paid | PartiallyRefunded | Refunded | Voided);
    order.status != Status::Pending && has_ended && !fault::mutant("no_hold_condition")
}

/// The next step. `payment` was read after `order`; if one of them has changed since, the conditions of the write fail.
pub(crate) fn next_step(
    order: &Order,
    payment: &Payment,
    progress: Progress,
    capture_at: CaptureAt,
    now: Timestamp,
) -> NextStep {
    use payments::Status::{Authorized, Cancelling, Open, RequiresAction};
    if is_behind(order, payment) {
        return NextStep::Follow;
    }
    // Where this run has sent the customer to the page, there is no answer yet.
    let is_page_to_check = payment.status == RequiresAction && progress != Progress::PaymentStored;
    // The customer may have finished the page before the end of the hold, and the webhook is late. So the provider is asked first.
    let ends_unasked = !is_page_to_check || fault::mutant("expiry_voids_first");
    if is_over(order, now) && ends_unasked {
        return NextStep::Expire;
    }
    match (order.status, payment.status) {
        (Status::Pending, Open) if progress == Progress::PaymentStored => {
            NextStep::Decide(Due::Confirmation(capture_at))
        }
        (Status::Pending, Open) if progress == Progress::Read && is_short(order, now) => NextStep::ExtendHold,
        (Status::Pending, Open) => NextStep::Decide(Due::Authorisation(capture_at)),
        // A check of a page that the customer left open charges nothing, so it extends no hold. Otherwise repeated checks would hold the
        // stock for ever.
        (Status::Pending, RequiresAction) if is_page_to_check => NextStep::Decide(Due::Authorisation(capture_at)),
        (Status::Cancelled, Cancelling) => NextStep::Decide(Due::Void),
        (Status::Pending | Status::Cancelled, _) => NextStep::Nothing,
        (status, Authorized) if is_due(capture_at, status) => NextStep::Decide(Due::Capture),
        (_, Authorized) if progress == Progress::Read => NextStep::Decide(Due::Check),
        _ => NextStep::Nothing,
    }
}

/// Does the payment have a status that the order does not show? Only the release before writes the order later, after an event, which
/// then changes nothing. A decline is left to its event, which also counts it.
fn is_behind(order: &Order, payment: &Payment) -> bool {
    let is_other = |status: PaymentStatus| status != order.payment_status && status != PaymentStatus::Failed;
    order.payment_sequence < payment.version && PaymentStatus::of(payment.status).is_some_and(is_other)
}

/// Has the hold of a pending order ended?
pub(crate) fn is_over(order: &Order, now: Timestamp) -> bool {
    let is_over = order.status == Status::Pending && order.hold_expires_at <= now;
    is_over || order.status == Status::Confirmed && fault::mutant("no_hold_condition")
}

/// May the payment of a confirmed order with this status be captured?
fn is_due(capture_at: CaptureAt, status: Status) -> bool {
    match capture_at {
        CaptureAt::Confirmation => true,
        CaptureAt::Shipment => matches!(status, Status::Shipped | Status::Delivered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order;
    use crate::order::tests::{confirmed_order, order};
    use payments::Status as Paid;
    use payments::Status::{
        Authorized, Cancelled, Cancelling, Captured, Failed, Open, PartiallyRefunded, Refunded, RequiresAction,
    };

    /// The payment of the order, at version 3.
    fn payment(status: Paid) -> Payment {
        order::tests::payment(3, status)
    }

    fn step(order: &Order, status: Paid, progress: Progress) -> NextStep {
        next_step(order, &payment(status), progress, CaptureAt::Confirmation, order.created_at)
    }

    fn first(order: &Order, status: Paid) -> NextStep {
        step(order, status, Progress::Read)
    }

    /// The order shows the payment as it was at version 3.
    fn showing(order: Order, payment_status: PaymentStatus) -> Order {
        Order { payment_status, payment_sequence: 3, ..order }
    }

    #[test]
    fn pending_order_is_authorised_and_its_intent_is_confirmed_once_it_is_stored() {
        let authorise = NextStep::Decide(Due::Authorisation(CaptureAt::Confirmation));
        assert_eq!(first(&order(), Open), authorise);
        assert_eq!(first(&order(), RequiresAction), authorise);
        let confirm = NextStep::Decide(Due::Confirmation(CaptureAt::Confirmation));
        assert_eq!(step(&order(), Open, Progress::PaymentStored), confirm);
        assert_eq!(step(&order(), RequiresAction, Progress::PaymentStored), NextStep::Nothing);
        let declined = showing(order(), PaymentStatus::Failed);
        assert_eq!(first(&declined, Failed), NextStep::Nothing, "another method may follow");
    }

    #[test]
    fn short_hold_is_extended_once_and_only_for_a_charge() {
        let short = Order { hold_expires_at: order().created_at.plus_seconds(29), ..order() };
        let authorise = NextStep::Decide(Due::Authorisation(CaptureAt::Confirmation));
        assert_eq!(first(&short, Open), NextStep::ExtendHold);
        assert_eq!(step(&short, Open, Progress::HoldExtended), authorise);
        assert_eq!(first(&short, RequiresAction), authorise);
        let extended = short.extend_hold(short.created_at);
        assert_eq!(extended.hold_expires_at, short.created_at.plus_seconds(30));
        assert_eq!(first(&extended, Open), authorise);
    }

    #[test]
    fn authorised_payment_is_captured_when_the_shop_captures() {
        let confirmed = Order { payment_sequence: 3, ..confirmed_order() };
        assert_eq!(first(&confirmed, Authorized), NextStep::Decide(Due::Capture));
        let at_shipment = |order: &Order, progress| {
            next_step(order, &payment(Authorized), progress, CaptureAt::Shipment, order.created_at)
        };
        assert_eq!(at_shipment(&confirmed, Progress::Read), NextStep::Decide(Due::Check));
        assert_eq!(at_shipment(&confirmed, Progress::Followed), NextStep::Nothing, "it was authorised just now");
        for status in [Status::Shipped, Status::Delivered] {
            let sent = Order { status, ..confirmed.clone() };
            assert_eq!(at_shipment(&sent, Progress::Read), NextStep::Decide(Due::Capture));
        }
    }

    #[test]
    fn payment_of_a_cancelled_order_is_voided_and_nothing_else() {
        let ended = order().transition(Status::Cancelled, order().created_at).unwrap();
        assert_eq!(first(&ended, Cancelling), NextStep::Decide(Due::Void));
        for status in [Open, RequiresAction, Failed] {
            assert_eq!(first(&ended, status), NextStep::Nothing, "{status:?}");
        }
    }

    #[test]
    fn end_of_the_hold_cancels_an_order_that_is_not_paid() {
        let now = order().created_at;
        let over = Order { hold_expires_at: now, ..order() };
        for status in [Open, Failed] {
            assert_eq!(first(&over, status), NextStep::Expire, "{status:?}");
        }
        assert_eq!(step(&over, Failed, Progress::Followed), NextStep::Expire, "the page has failed in this run");
        assert_eq!(first(&over, Authorized), NextStep::Follow, "it was paid in time");
        assert_eq!(first(&Order { hold_expires_at: now.plus_seconds(1), ..order() }, Open), NextStep::ExtendHold);
        let confirmed = Order { hold_expires_at: now, payment_sequence: 3, ..confirmed_order() };
        assert_eq!(first(&confirmed, Authorized), NextStep::Decide(Due::Capture));
    }

    #[test]
    fn state_of_a_page_is_read_from_the_provider_before_the_hold_ends() {
        let over = Order { hold_expires_at: order().created_at, ..order() };
        assert_eq!(first(&over, RequiresAction), NextStep::Decide(Due::Authorisation(CaptureAt::Confirmation)));
        assert_eq!(step(&over, RequiresAction, Progress::PaymentStored), NextStep::Expire, "it has answered just now");
    }

    #[test]
    fn order_of_the_release_before_follows_its_payment() {
        assert_eq!(first(&order(), Authorized), NextStep::Follow);
        for status in [Captured, PartiallyRefunded, Refunded, Cancelled] {
            assert_eq!(first(&confirmed_order(), status), NextStep::Follow, "{status:?}");
        }
        // The event counts the decline.
        assert_eq!(first(&order(), Failed), NextStep::Nothing);
        let paid = showing(confirmed_order(), PaymentStatus::Paid);
        assert_eq!(first(&paid, Captured), NextStep::Nothing);
    }

    #[test]
    fn settled_order_needs_no_look_at_its_payment() {
        for status in [PaymentStatus::Paid, PaymentStatus::Refunded, PaymentStatus::Voided] {
            assert!(is_settled(&showing(confirmed_order(), status)) && !is_settled(&showing(order(), status)));
        }
        assert!(!is_settled(&confirmed_order()));
    }
}
