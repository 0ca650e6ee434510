//! How an order moves. And an order and its payment, for the tests of other files.

use super::*;
use crate::price::order_price::tests::full;
use payments::Balance;
use values::Clock;

/// A pending order of two mugs.
pub(crate) fn order() -> Order {
    let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
    let (now, eur) = (clock.now(), "EUR".parse().unwrap());
    let (zero, total) = (Money::zero(eur), Money::new(900, eur));
    let mugs = Item {
        sku: "MUG".parse().unwrap(),
        product_id: clock.mint(),
        name: "Mug".into(),
        quantity: Quantity::new(2).unwrap(),
        unit_price: Money::new(450, eur),
        discount: zero,
        tax: zero,
        included_tax: None,
        line_total: total,
    };
    Order {
        id: clock.mint(),
        number: "7KQ4M-2XD9A".into(),
        buyer: Recipient::User(clock.mint()),
        items: vec![mugs],
        subtotal: total,
        discount: zero,
        tax: zero,
        shipping: zero,
        total,
        price: None,
        status: Status::Pending,
        payment_status: PaymentStatus::Unpaid,
        payment_sequence: 0,
        fulfilment_status: Fulfilment::Unfulfilled,
        payment_id: clock.mint(),
        hold_expires_at: now.plus_seconds(600),
        counters: None,
        is_capture_due: false,
        names_moves: false,
        reserved: BTreeMap::new(),
        own_history: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// The payment of the order.
pub(crate) fn payment(version: u64, status: payments::Status) -> Payment {
    let Order { id, number, buyer, payment_id, total, created_at, .. } = order();
    Payment {
        id: payment_id,
        order_id: id,
        order_number: number,
        payer: buyer,
        amount: total,
        balance: Balance::zero(total.currency),
        status,
        attempts: vec![],
        lines: vec![],
        shipping: None,
        step: 1,
        token_digest: None,
        tells: None,
        captured_at: None,
        version,
        created_at,
        updated_at: created_at,
    }
}

pub(crate) fn confirmed_order() -> Order {
    let mut order = order().transition(Status::Confirmed, order().created_at).unwrap();
    order.payment_status = PaymentStatus::Authorized;
    order
}

#[test]
fn shop_packs_ships_and_delivers_in_this_order() {
    let now = order().created_at;
    let packed = confirmed_order().advance(Status::Processing, now).unwrap();
    assert_eq!(confirmed_order().advance(Status::Shipped, now).unwrap_err().code, "illegal_transition");
    let sent = packed.advance(Status::Shipped, now).unwrap();
    assert_eq!((packed.fulfilment_status, sent.fulfilment_status), (Fulfilment::Unfulfilled, Fulfilment::Fulfilled));
    assert_eq!(sent.advance(Status::Delivered, now).unwrap().version, 5);
}

#[test]
fn token_ends_180_days_after_the_order() {
    let now = order().updated_at;
    let later = |days: i64| now.plus_seconds(days * 24 * 3600);
    for (status, expected) in [
        (Status::Pending, false),
        (Status::Shipped, false),
        (Status::Delivered, true),
        (Status::Cancelled, true),
        (Status::Returned, true),
    ] {
        let order = Order { status, ..order() };
        assert_eq!(
            (order.has_token_ended(later(179)), order.has_token_ended(later(180))),
            (false, expected),
            "{status:?}"
        );
    }
}

#[test]
fn order_that_waits_for_its_capture_stays_in_the_index_of_holds() {
    let now = order().created_at;
    let counters = UnpaidCounters::try_from("0".repeat(32)).ok();
    let authorised = Order { is_capture_due: true, counters, ..confirmed_order() };
    let packed = authorised.advance(Status::Processing, now).unwrap();
    assert!(order().is_in_holds() && authorised.is_in_holds() && packed.is_in_holds());
    assert_eq!(packed.without_released_counters(), packed);
    for ended in [
        packed.follow(PaymentStatus::Paid, 4, now).unwrap(),
        authorised.follow(PaymentStatus::Voided, 4, now).unwrap(),
        authorised.transition(Status::Cancelled, now).unwrap(),
        Order { is_capture_due: false, ..authorised },
    ] {
        assert!(!ended.is_in_holds(), "{ended:?}");
        assert_eq!(ended.without_released_counters(), Order { counters: None, ..ended.clone() });
        assert!(serde_json::to_value(&ended).unwrap().get("captureDue").is_none());
    }
}

#[test]
fn shipped_order_waits_for_its_capture_in_the_index_of_holds() {
    let now = order().created_at;
    let packed = confirmed_order().advance(Status::Processing, now).unwrap();
    let sent = packed.advance(Status::Shipped, now).unwrap();
    assert!(!packed.is_in_holds() && sent.is_in_holds());
    assert!(sent.advance(Status::Delivered, now).unwrap().is_in_holds());
    assert!(!sent.follow(PaymentStatus::Paid, 4, now).unwrap().is_in_holds());
    let paid = packed.follow(PaymentStatus::Paid, 4, now).unwrap();
    assert!(!paid.advance(Status::Shipped, now).unwrap().is_in_holds());
}

#[test]
fn other_statuses_are_not_set_by_hand() {
    for (order, next) in
        [(order(), Status::Confirmed), (order(), Status::Pending), (confirmed_order(), Status::Returned)]
    {
        assert_eq!(order.advance(next, order.created_at).unwrap_err().code, "illegal_transition");
    }
}

#[test]
fn order_with_a_voided_or_refunded_payment_is_not_shipped() {
    for missing in [PaymentStatus::Voided, PaymentStatus::Refunded] {
        let order = Order { payment_status: missing, ..confirmed_order() };
        assert_eq!(order.advance(Status::Processing, order.created_at).unwrap_err().code, "illegal_transition");
        let packed = Order { status: Status::Processing, ..order };
        assert_eq!(packed.advance(Status::Shipped, packed.created_at).unwrap_err().code, "illegal_transition");
    }
    let partly = Order { payment_status: PaymentStatus::PartiallyRefunded, ..confirmed_order() };
    assert!(partly.advance(Status::Processing, partly.created_at).is_ok());
}

#[test]
fn order_of_a_shop_without_markets_is_in_the_default_market() {
    assert_eq!((order().market(), order().included_tax(), order().uses()), ("default", None, None));
    let priced = Order { price: Some(full()), ..order() };
    assert_eq!((priced.market(), priced.included_tax().map(|tax| tax.amount)), ("eu", Some(274)));
    assert!(priced.uses().is_some());
    let price = OrderPrice { uses: OrderUses::default(), ..full() };
    assert_eq!(Order { price: Some(price), ..order() }.uses(), None, "there is nothing to return");
}
