//! How two carts become one: the account's own, and the one that its owner filled before logging in. Pure.

use std::str::FromStr;

use catalog::{BuyerKind, Offer};
use values::{Error, Quantity, Result, Sku};

use crate::cart::{Cart, CartView};
use crate::change::{Change, ChangeKind};
use crate::line::Line;

/// Which pieces stay. In every strategy an empty cart gives way to the other one. So a guest's cart that was emptied
/// by a merge changes nothing when it is merged again, and no full cart is lost to an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeStrategy {
    /// The pieces of both carts: as many as are available, at most 999 of a SKU, and at most 50 SKUs.
    Sum,
    /// The pieces of the guest's cart.
    KeepGuest,
    /// The pieces of the account's cart.
    KeepOwn,
}

impl FromStr for MergeStrategy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "sum" => Ok(Self::Sum),
            "keep-guest" => Ok(Self::KeepGuest),
            "keep-own" => Ok(Self::KeepOwn),
            _ => Err(Error::invalid("strategy", "strategy_unknown", "use sum, keep-guest or keep-own")),
        }
    }
}

impl MergeStrategy {
    /// The own cart after the merge, by the offers of all SKUs of both carts, with the changes that its owner must
    /// see.
    pub fn merge(self, own: Cart, guest: &Cart, offers: &[Offer]) -> CartView {
        let lines = match self {
            _ if guest.lines.is_empty() => own.lines,
            Self::Sum => return sum(own, guest, offers),
            Self::KeepOwn if !own.lines.is_empty() => own.lines,
            Self::KeepOwn | Self::KeepGuest => guest.lines.clone(),
        };
        let skus: Vec<Sku> = lines.iter().map(|line| line.sku.clone()).collect();
        Cart { lines, ..own }.refresh(&skus, offers)
    }
}

/// The own lines first, with the guest's pieces added, then the guest's other lines while there is room.
fn sum(own: Cart, guest: &Cart, offers: &[Offer]) -> CartView {
    let (mut lines, mut changes) = (Vec::new(), Vec::new());
    let mut put = |(line, more): (Option<Line>, Vec<Change>)| {
        lines.extend(line);
        changes.extend(more);
        lines.len()
    };
    let offer = |line: &Line| offers.iter().find(|offer| offer.sku == line.sku);
    let mut count = 0;
    for line in &own.lines {
        count = put(match guest.line(&line.sku) {
            Some(other) => {
                let pieces = line.quantity.get() + other.quantity.get();
                cap(later_viewed(line, other), pieces, Quantity::MAX, offer(line))
            }
            None => line.clone().refresh(offer(line)),
        });
    }
    for line in guest.lines.iter().filter(|line| own.line(&line.sku).is_none()) {
        let room = if count < Cart::MAX_LINES { Quantity::MAX } else { 0 };
        count = put(cap(line, line.quantity.get(), room, offer(line)));
    }
    CartView { cart: Cart { lines, ..own }, changes }
}

/// As many of the pieces as there is room for, as are available, and as one order may have. The rest is reported as a change.
fn cap(line: &Line, pieces: u32, room: u32, offer: Option<&Offer>) -> (Option<Line>, Vec<Change>) {
    let change = |kind| vec![Change { sku: line.sku.clone(), kind }];
    let Some(offer) = offer.filter(|offer| offer.is_active()) else {
        return (None, change(ChangeKind::Gone { was: pieces, now: 0 }));
    };
    let now = pieces.min(room).min(offer.at_most()).min(offer.max_per_order(BuyerKind::Account));
    let reduction = if now < pieces { change(ChangeKind::Capped { was: pieces, now }) } else { Vec::new() };
    let Ok(quantity) = Quantity::new(now) else { return (None, reduction) };
    let (line, mut changes) = Line { quantity, ..line.clone() }.refresh(Some(offer));
    changes.extend(reduction);
    (line, changes)
}

/// The line that was viewed later. Versions of a price only grow, so changes since then are reported.
fn later_viewed<'a>(one: &'a Line, other: &'a Line) -> &'a Line {
    if other.price_version > one.price_version { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cart::tests::offer;
    use crate::merge_strategy::MergeStrategy::{KeepGuest, KeepOwn, Sum};
    use crate::owner::Owner;
    use catalog::Status;
    use proptest::prelude::*;
    use proptest::strategy::Strategy;
    use std::collections::BTreeSet;
    use values::{Clock, Money, Timestamp};

    /// As many SKUs as two carts hold.
    const SKUS: u32 = 100;

    fn cart(lines: &[(u32, u32)]) -> Cart {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let line = |&(sku, pieces): &(u32, u32)| {
            Line::new(&offer(&format!("S{sku}"), 9999), Quantity::new(pieces).unwrap()).unwrap()
        };
        Cart { lines: lines.iter().map(line).collect(), ..Cart::empty(Owner::User(clock.mint()), clock.now()) }
    }

    fn empty(cart: &Cart) -> Cart {
        Cart { lines: Vec::new(), ..cart.clone() }
    }

    fn quantities(cart: &Cart) -> Vec<(&str, u32)> {
        cart.lines.iter().map(|line| (line.sku.as_str(), line.quantity.get())).collect()
    }

    fn changes(view: &CartView) -> serde_json::Value {
        serde_json::to_value(&view.changes).unwrap()
    }

    fn any_cart() -> impl Strategy<Value = Cart> {
        prop::collection::btree_map(0..SKUS, 1..=Quantity::MAX, 0..=Cart::MAX_LINES)
            .prop_map(|lines| cart(&lines.into_iter().collect::<Vec<_>>()))
    }

    fn any_offers() -> impl Strategy<Value = Vec<Offer>> {
        let one = (prop_oneof![1 => Just(0u32), 2 => 0..20u32, 7 => 0..3000u32], 1i64..3, prop::bool::weighted(0.9));
        prop::collection::vec(one, SKUS as usize).prop_map(|offers| {
            let offer = |(sku, (available, price, active)): (usize, (u32, i64, bool))| Offer {
                price: Money::new(250 * price, "EUR".parse().unwrap()),
                price_version: price.unsigned_abs(),
                status: if active { Status::Active } else { Status::Archived },
                ..offer(&format!("S{sku}"), available)
            };
            offers.into_iter().enumerate().map(offer).collect()
        })
    }

    fn any_strategy() -> impl Strategy<Value = MergeStrategy> {
        prop::sample::select(vec![Sum, KeepGuest, KeepOwn])
    }

    proptest! {
        #[test]
        fn sum_stays_within_stock_and_limits_and_reports_reductions(
            own in any_cart(), guest in any_cart(), offers in any_offers(),
        ) {
            let view = Sum.merge(own.clone(), &guest, &offers);
            let skus: BTreeSet<_> = view.cart.lines.iter().map(|line| &line.sku).collect();
            prop_assert_eq!(skus.len(), view.cart.lines.len(), "one line per SKU");
            prop_assert!(view.cart.lines.len() <= Cart::MAX_LINES);
            for offer in offers.iter().filter(|offer| own.line(&offer.sku).or(guest.line(&offer.sku)).is_some()) {
                let pieces = |cart: &Cart| cart.line(&offer.sku).map_or(0, |line| line.quantity.get());
                let (before, after) = (pieces(&own) + pieces(&guest), pieces(&view.cart));
                if guest.line(&offer.sku).is_some() {
                    prop_assert!(after <= offer.available.min(Quantity::MAX), "{after} of {}", offer.available);
                }
                let cut = view.changes.iter().filter(|change| change.sku == offer.sku).find_map(|change| match change.kind {
                    ChangeKind::Capped { was, now } | ChangeKind::Gone { was, now } => Some((was, now)),
                    _ => None,
                });
                prop_assert_eq!(cut, (after < before).then_some((before, after)), "of {}", offer.sku);
            }
        }

        #[test]
        fn a_second_merge_changes_nothing(
            own in any_cart(), guest in any_cart(), offers in any_offers(), strategy in any_strategy(),
        ) {
            let idempotency = strategy.merge(own, &guest, &offers);
            let twice = strategy.merge(idempotency.cart.clone(), &empty(&guest), &offers);
            prop_assert_eq!(&twice.cart, &idempotency.cart);
            prop_assert!(twice.changes.is_empty(), "{:?}", twice.changes);
        }

        #[test]
        fn merge_of_an_empty_guest_cart_is_a_view(own in any_cart(), offers in any_offers(), strategy in any_strategy()) {
            let requested: Vec<Sku> = own.lines.iter().map(|line| line.sku.clone()).collect();
            prop_assert_eq!(strategy.merge(own.clone(), &empty(&own), &offers), own.refresh(&requested, &offers));
        }

        #[test]
        fn keep_strategies_never_mix_two_carts(own in any_cart(), guest in any_cart()) {
            let offers: Vec<Offer> = (0..SKUS).map(|sku| offer(&format!("S{sku}"), 9999)).collect();
            for (strategy, chosen, other) in [(KeepOwn, &own, &guest), (KeepGuest, &guest, &own)] {
                let view = strategy.merge(own.clone(), &guest, &offers);
                prop_assert_eq!(&view.cart.lines, if chosen.lines.is_empty() { &other.lines } else { &chosen.lines });
                prop_assert_eq!((view.cart.owner, view.cart.version), (own.owner, own.version));
                prop_assert!(view.changes.is_empty());
            }
        }
    }

    #[test]
    fn pieces_add_up_to_the_available_stock() {
        let (own, guest) = (cart(&[(1, 2), (2, 3)]), cart(&[(2, 4), (3, 5), (4, 1)]));
        let offers = [offer("S1", 1), offer("S2", 5), offer("S3", 9), offer("S4", 0)];
        let view = Sum.merge(own, &guest, &offers);
        assert_eq!(
            quantities(&view.cart),
            [("S1", 2), ("S2", 5), ("S3", 5)],
            "lines that the guest's cart does not have are only refreshed"
        );
        assert_eq!(
            changes(&view),
            serde_json::json!([
                { "sku": "S1", "kind": "stock", "was": 9999, "now": 1 },
                { "sku": "S2", "kind": "capped", "was": 7, "now": 5 },
                { "sku": "S4", "kind": "capped", "was": 1, "now": 0 },
            ])
        );
    }

    #[test]
    fn a_line_is_summed_to_999_and_a_cart_to_50_skus() {
        let fifty: Vec<_> = (0..50).map(|sku| (sku, 500)).collect();
        let offers: Vec<Offer> = (0..SKUS).map(|sku| offer(&format!("S{sku}"), 9999)).collect();
        let view = Sum.merge(cart(&fifty), &cart(&[(7, 500), (60, 2)]), &offers);
        assert_eq!((view.cart.lines.len(), quantities(&view.cart)[7]), (50, ("S7", 999)));
        assert_eq!(
            changes(&view),
            serde_json::json!([
                { "sku": "S7", "kind": "capped", "was": 1000, "now": 999 },
                { "sku": "S60", "kind": "capped", "was": 2, "now": 0 },
            ])
        );
    }

    #[test]
    fn a_price_is_compared_with_the_one_seen_last() {
        let dearer = Offer { price: Money::new(300, "EUR".parse().unwrap()), price_version: 2, ..offer("S1", 9) };
        let stale = cart(&[(1, 1)]);
        let fresh = Cart { lines: vec![Line::new(&dearer, Quantity::new(1).unwrap()).unwrap()], ..stale.clone() };
        let offers = [dearer];
        assert!(Sum.merge(stale.clone(), &fresh, &offers).changes.is_empty(), "the guest saw this price a moment ago");
        assert_eq!(changes(&Sum.merge(stale.clone(), &stale, &offers))[0]["kind"], "price");
    }

    #[test]
    fn a_strategy_has_a_name() {
        for (name, strategy) in [("sum", Sum), ("keep-guest", KeepGuest), ("keep-own", KeepOwn)] {
            assert_eq!(name.parse::<MergeStrategy>().unwrap(), strategy);
        }
        assert!("max".parse::<MergeStrategy>().is_err());
    }
}
