//! What a cart accepts, and what its owner is shown.

use super::*;
use crate::prices::tests::{market, prices, prices_in};
use catalog::Status;
use proptest::prelude::*;
use serde_json::json;
use values::{Clock, Money};

fn clock() -> Clock {
    Clock::fixed(Timestamp::from_millis(1_764_000_000_500))
}

fn cart() -> Cart {
    Cart::empty(Owner::User(clock().mint()), clock().now())
}

pub(crate) fn offer(sku: &str, available: u32) -> Offer {
    Offer {
        sku: sku.parse().unwrap(),
        product_id: clock().mint(),
        name: sku.to_owned(),
        available,
        price: Money::new(250, "EUR".parse().unwrap()),
        prices: Vec::new(),
        price_version: 1,
        status: Status::Active,
        tax_class: Default::default(),
        stock_version: 1,
        scope_keys: None,
        compare_at_price: None,
        weight: None,
        max_per_order: None,
        product_version: Some(1),
        counted_by: None,
        flash: None,
        rebalances: 0,
    }
}

fn pieces(n: u32) -> Quantity {
    Quantity::new(n).unwrap()
}

fn cart_with(sku: &str, n: u32) -> Cart {
    cart().add(&offer(sku, 999), pieces(n), &prices()).unwrap().cart
}

/// The view of a cart by one present offer.
fn refreshed(seen: &Cart, offer: &Offer, prices: &Prices) -> CartView {
    seen.clone().refresh(std::slice::from_ref(&offer.sku), std::slice::from_ref(offer), prices)
}

fn code(text: &str) -> CouponCode {
    text.parse().unwrap()
}

/// An empty cart with these coupons.
fn with_coupons(codes: &[&str]) -> Cart {
    codes.iter().fold(cart(), |cart, text| cart.add_coupon(code(text)).unwrap().cart)
}

proptest! {
    #[test]
    fn no_add_is_lost_and_no_sku_has_two_lines(adds in prop::collection::vec((0usize..6, 1u32..20), 0..40)) {
        let mut cart = cart();
        for (n, more) in &adds {
            cart = cart.add(&offer(&format!("SKU-{n}"), 10_000), pieces(*more), &prices()).unwrap().cart;
        }
        for n in 0..6 {
            let due: u32 = adds.iter().filter(|(of, _)| *of == n).map(|(_, more)| more).sum();
            let lines: Vec<_> = cart.lines.iter().filter(|line| line.sku.as_str() == format!("SKU-{n}")).collect();
            prop_assert!(lines.len() <= 1);
            prop_assert_eq!(lines.iter().map(|line| line.quantity.get()).sum::<u32>(), due);
        }
    }

    #[test]
    fn second_view_reports_no_changes(now in 0u32..20, price in 1i64..3, wanted in 1u32..20, active: bool) {
        let seen = cart_with("MUG", wanted);
        let status = if active { Status::Active } else { Status::Archived };
        let price_version = price as u64;
        let price = Money::new(250 * price, "EUR".parse().unwrap());
        let offers = [Offer { price, price_version, status, ..offer("MUG", now) }];
        let requested = [offers[0].sku.clone()];
        let first = seen.refresh(&requested, &offers, &prices());
        let second = first.cart.clone().refresh(&requested, &offers, &prices());
        prop_assert!(!second.differs_from(&first.cart));
        prop_assert_eq!(second.cart, first.cart);
    }
}

#[test]
fn a_cart_holds_50_skus() {
    let full =
        (0..50).fold(cart(), |cart, n| cart.add(&offer(&format!("S{n}"), 9), pieces(1), &prices()).unwrap().cart);
    assert_eq!(full.clone().add(&offer("S50", 9), pieces(1), &prices()).unwrap_err().code, "cart_full");
    assert!(
        full.add(&offer("S7", 9), pieces(1), &prices()).is_ok(),
        "more pieces of a SKU in the cart need no new line"
    );
}

#[test]
fn a_line_holds_999_pieces() {
    let error = cart_with("MUG", 999).add(&offer("MUG", 5000), pieces(1), &prices()).unwrap_err();
    assert_eq!((error.code, error.fields[0].code), ("quantity_out_of_range", "quantity_out_of_range"));
}

#[test]
fn cart_takes_no_more_than_one_order_may_have() {
    let limited = Offer { max_per_order: Some(2), ..offer("MUG", 999) };
    assert!(cart().add(&limited, pieces(2), &prices()).is_ok());
    assert_eq!(cart_with("MUG", 2).add(&limited, pieces(1), &prices()).unwrap_err().code, "max_per_order");
    let guest = || Cart::empty(Owner::Guest(clock().mint()), clock().now());
    assert!(guest().add(&offer("MUG", 999), pieces(20), &prices()).is_ok());
    assert_eq!(guest().add(&offer("MUG", 999), pieces(21), &prices()).unwrap_err().code, "max_per_order");
}

#[test]
fn cart_takes_no_more_than_the_stock() {
    let error = cart_with("MUG", 2).add(&offer("MUG", 3), pieces(2), &prices()).unwrap_err();
    assert_eq!((error.code, error.fields[0].field.as_str()), ("insufficient_stock", "MUG"));
    assert_eq!(error.fields[0].facts["available"], 3);
    let first = cart().add(&offer("MUG", 3), pieces(5), &prices()).unwrap_err();
    assert_eq!(first.detail, "Only 3 of MUG (MUG) are available.");
    assert!(!first.fields[0].facts.contains_key("inCart"));
    let gone = Offer { status: Status::Archived, ..offer("MUG", 3) };
    assert_eq!(cart().add(&gone, pieces(1), &prices()).unwrap_err().code, "product_unknown");
}

#[test]
fn refusal_of_more_pieces_says_what_the_cart_has() {
    let limited = |max| Offer { max_per_order: Some(max), ..offer("MUG", 999) };
    for (in_cart, offer, more, code) in [
        (1, offer("MUG", 5), 5, "insufficient_stock"),
        (5, offer("MUG", 5), 1, "insufficient_stock"),
        (2, limited(2), 1, "max_per_order"),
        (999, offer("MUG", 5_000), 1, "quantity_out_of_range"),
    ] {
        let error = cart_with("MUG", in_cart).add(&offer, pieces(more), &prices()).unwrap_err();
        let field = &error.fields[0];
        assert_eq!((error.code, &field.facts["inCart"]), (code, &in_cart.into()));
        let sentence = format!("{in_cart} {} in the cart already.", if in_cart == 1 { "is" } else { "are" });
        assert!(error.detail.ends_with(&sentence) && field.message.ends_with(&sentence), "{error:?}");
    }
    let stock = cart_with("MUG", 1).add(&offer("MUG", 5), pieces(5), &prices()).unwrap_err();
    assert_eq!(stock.detail, "Only 5 of MUG (MUG) are available. 1 is in the cart already.");
    let sum = cart_with("MUG", 600).add(&offer("MUG", 5_000), pieces(600), &prices()).unwrap_err();
    assert!(sum.detail.ends_with("to 999. 600 are in the cart already."), "{}", sum.detail);
    let set = cart_with("MUG", 1).set(&offer("MUG", 5), pieces(6), &prices()).unwrap_err();
    assert_eq!(set.detail, "Only 5 of MUG (MUG) are available.", "the request alone decides");
}

#[test]
fn owner_sees_changes_of_price_stock_and_range() {
    let seen =
        ["A", "B", "C"].iter().fold(cart(), |cart, sku| cart.add(&offer(sku, 9), pieces(5), &prices()).unwrap().cart);
    let dearer = Offer { price: Money::new(300, "EUR".parse().unwrap()), price_version: 2, ..offer("A", 9) };
    let requested: Vec<Sku> = seen.lines.iter().map(|line| line.sku.clone()).collect();
    let view = seen.refresh(&requested, &[dearer, offer("B", 2)], &prices());
    let changes = serde_json::to_value(&view.changes).unwrap();
    assert_eq!(
        changes,
        json!([
            { "sku": "A", "kind": "price", "was": { "amount": 250, "currency": "EUR" }, "now": { "amount": 300, "currency": "EUR" } },
            { "sku": "B", "kind": "stock", "was": 9, "now": 2 },
            { "sku": "C", "kind": "gone", "was": 5, "now": 0 },
        ])
    );
    assert_eq!((view.cart.lines.len(), view.cart.lines[0].price_version), (2, 2));
}

#[test]
fn price_that_came_back_is_stored_without_a_change() {
    let seen = cart_with("MUG", 1);
    let back = Offer { price_version: 3, ..offer("MUG", 9) };
    let view = refreshed(&seen, &back, &prices());
    assert!(view.changes.is_empty() && view.differs_from(&seen));
}

#[test]
fn line_of_another_sku_stays() {
    let seen = cart_with("MUG", 1);
    assert_eq!(seen.clone().refresh(&[], &[], &prices()).cart, seen);
}

#[test]
fn removed_line_is_gone() {
    let item = ItemRef::Sku("MUG".parse().unwrap());
    let left = cart_with("MUG", 1).remove(&item).unwrap().cart;
    assert!(left.lines.is_empty());
    assert_eq!(left.remove(&item).unwrap_err().kind, values::Kind::NotFound);
}

#[test]
fn product_names_its_line_unless_two_variants_are_in_the_cart() {
    let red = offer("TEE-RED", 9);
    let (blue, item) = (Offer { sku: "TEE-BLUE".parse().unwrap(), ..red.clone() }, ItemRef::Product(red.product_id));
    let one = cart().add(&red, pieces(1), &prices()).unwrap().cart;
    assert!(one.clone().remove(&item).unwrap().cart.lines.is_empty());
    let two = one.add(&blue, pieces(1), &prices()).unwrap().cart;
    assert_eq!(two.remove(&item).unwrap_err().code, "variant_required");
}

#[test]
fn a_cart_is_kept_for_a_week_to_the_second() {
    assert_eq!(cart().expires_at.millis(), 1_764_000_000_000 + 7 * 24 * 3600 * 1000);
}

#[test]
fn cart_has_five_different_coupons() {
    let full = with_coupons(&["AAA", "BBB", "CCC", "DDD", "EEE"]);
    let error = full.add_coupon(code("FFF")).unwrap_err();
    assert_eq!((error.code, error.fields[0].code), ("too_many_coupons", "too_many_coupons"));
    let error = with_coupons(&["AAA"]).add_coupon(code("aaa")).unwrap_err();
    assert_eq!((error.code, error.kind), ("coupon_doubled", values::Kind::Invalid));
}

#[test]
fn removed_coupon_is_gone() {
    let left = with_coupons(&["AAA", "BBB"]).remove_coupon(&code("aaa")).unwrap().cart;
    assert_eq!(left.coupons, [code("BBB")]);
    assert_eq!(left.remove_coupon(&code("AAA")).unwrap_err().kind, values::Kind::NotFound);
}

#[test]
fn coupons_of_two_carts_are_five_at_most() {
    let (own, guest) = (with_coupons(&["AAA", "BBB", "CCC"]), with_coupons(&["BBB", "DDD", "EEE", "FFF"]));
    let united = ["AAA", "BBB", "CCC", "DDD", "EEE"].map(code);
    assert_eq!(own.coupons_with(&guest), united);
    assert_eq!(own.coupons_with(&own), own.coupons);
}

#[test]
fn emptied_cart_stays_in_its_market() {
    let key = || MarketKey::try_from("eu".to_owned()).unwrap();
    let cart = Cart { market: Some(key()), coupons: vec![code("AAA")], ..cart_with("MUG", 1) };
    assert!(!cart.is_empty() && !with_coupons(&["AAA"]).is_empty());
    let emptied = cart.emptied();
    assert!(emptied.is_empty());
    assert_eq!(emptied.market, Some(key()));
}

#[test]
fn cart_with_items_of_another_market_stays_there() {
    let key = MarketKey::try_from("us".to_owned()).unwrap();
    assert_eq!(cart().choose_market(&key, false).unwrap().cart.market, Some(key.clone()));
    assert_eq!(cart_with("MUG", 1).choose_market(&key, false).unwrap_err().code, "cart_not_empty");
    assert_eq!(cart_with("MUG", 1).choose_market(&key, true).unwrap().cart.market, Some(key));
}

#[test]
fn owner_sees_the_prices_of_another_market_and_of_another_group() {
    let eur = |amount: i64| json!({ "amount": amount, "currency": "EUR" });
    let usd = json!({ "amount": 300, "currency": "USD" });
    let list = json!([{ "list": "us", "price": usd }, { "list": "trade", "price": eur(200) }]);
    let mug = Offer { prices: serde_json::from_value(list).unwrap(), ..offer("MUG", 9) };
    let seen = cart().add(&mug, pieces(1), &prices()).unwrap().cart;
    let us = prices_in(market("us", json!({ "currency": "USD" })), None);
    let trade = Prices { group: "trade".parse().ok(), ..prices() };
    for (prices, now) in [(us, usd), (trade, eur(200))] {
        assert!(!seen.has_prices(&prices));
        let view = refreshed(&seen, &mug, &prices);
        let change = json!({ "sku": "MUG", "kind": "price", "was": eur(250), "now": now });
        assert_eq!(json!(view.changes), json!([change]));
        assert!(view.cart.has_prices(&prices) && view.differs_from(&seen));
        assert!(!refreshed(&view.cart, &mug, &prices).differs_from(&view.cart));
    }
}

#[test]
fn owner_sees_the_prices_of_another_price_list_of_the_market() {
    let list = json!([{ "list": "sale", "price": { "amount": 200, "currency": "EUR" } }]);
    let mug = Offer { prices: serde_json::from_value(list).unwrap(), ..offer("MUG", 9) };
    let before = prices_in(market("eu", json!({})), None);
    let after = prices_in(market("eu", json!({ "priceList": "sale", "version": 2 })), None);
    let seen = cart().with_prices(&before).add(&mug, pieces(1), &before).unwrap().cart;
    assert!(seen.has_prices(&before) && !seen.has_prices(&after));
    let view = refreshed(&seen, &mug, &after);
    assert_eq!((view.changes.len(), view.cart.lines[0].unit_price.amount), (1, 200));
    assert!(view.cart.has_prices(&after) && view.differs_from(&seen));
}

#[test]
fn cart_has_one_currency_also_by_an_older_offer() {
    let list = json!([{ "list": "us", "price": { "amount": 300, "currency": "USD" } }]);
    let older = Offer { prices: serde_json::from_value(list).unwrap(), ..offer("MUG", 9) };
    let newer = Offer { price_version: 2, ..older.clone() };
    let seen = cart().add(&newer, pieces(1), &prices()).unwrap().cart;
    let us = prices_in(market("us", json!({ "currency": "USD" })), None);
    let line = refreshed(&seen, &older, &us).cart.lines.remove(0);
    assert_eq!((line.unit_price, line.price_version), (Money::new(300, "USD".parse().unwrap()), 1));
    assert_eq!(refreshed(&seen, &older, &prices()).cart.lines, seen.lines);
}

#[test]
fn cart_of_the_default_market_gets_the_prices_of_another_default_market() {
    let default =
        |key: &str, version: u64| Prices { key: None, ..prices_in(market(key, json!({ "version": version })), None) };
    let seen = cart().with_prices(&default("eu", 1));
    assert!(seen.has_prices(&default("eu", 1)) && !seen.has_prices(&default("fr", 2)));
}

#[test]
fn line_has_the_price_of_its_quantity() {
    let list = json!([{ "list": "default", "minQuantity": 10, "price": { "amount": 240, "currency": "EUR" } }]);
    let mug = Offer { prices: serde_json::from_value(list).unwrap(), ..offer("MUG", 99) };
    let nine = cart().add(&mug, pieces(9), &prices()).unwrap();
    let ten = nine.cart.clone().add(&mug, pieces(1), &prices()).unwrap();
    let unit_price = |view: &CartView| view.cart.lines[0].unit_price.amount;
    assert_eq!((unit_price(&nine), unit_price(&ten)), (250, 240));
    assert!(ten.changes.is_empty(), "the price follows the quantity");
    assert!(refreshed(&ten.cart, &mug, &prices()).changes.is_empty());
}

#[test]
fn empty_cart_is_not_stored_for_a_group_alone() {
    let trade = Prices { group: "trade".parse().ok(), ..prices() };
    assert!(!cart().refresh(&[], &[], &trade).differs_from(&cart()));
}

#[test]
fn cart_of_an_earlier_release_has_the_default_market_and_no_coupons() {
    let cart = cart_with("MUG", 1);
    let stored = serde_json::to_value(&cart).unwrap();
    assert!(
        ["market", "marketVersion", "group", "coupons"].iter().all(|member| stored.get(member).is_none()),
        "{stored}"
    );
    assert_eq!(serde_json::from_value::<Cart>(stored).unwrap(), cart);
}
