//! The movement log: why there are as many of a SKU as there are. A log, not the truth: the number in the offer is what sales
//! are decided by, and this adds up to it as soon as the events of all orders are through.
//!
//! What happens by hand is written in the transaction that does it. What orders take and give back is written when their
//! events come, after the sale and outside of it; each line is named by its order and by what it did, so an event that comes
//! twice writes the same line twice, and of an order that was placed and cancelled both lines cancel out, whichever is first.

use events::Pieces;
use serde::{Deserialize, Serialize};
use values::{Actor, OrderId, Sku, Text, Timestamp, Trace};

use crate::Movement;

/// Why stock moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// So many there were when the SKU was made.
    Initial,
    /// An order took them.
    Sale,
    /// An order that was cancelled gave them back.
    Returned,
    /// Counted by hand.
    Set,
    /// Moved by hand.
    Delta,
    /// Counted by an import.
    Import,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// Of what.
    pub sku: Sku,
    /// When it happened; of an order, when that was placed or cancelled.
    pub at: Timestamp,
    /// Pieces that came; fewer than 0 went.
    pub delta: i64,
    /// Why.
    pub kind: Cause,
    /// Why, as the person said who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<200>>,
    /// The order that took or gave back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// Who did it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The offer's `stockVersion` after it; of an order nobody knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_version: Option<u64>,
}

impl Moved {
    /// The first pieces of a SKU.
    pub(crate) fn initially(sku: &Sku, available: u32, at: Timestamp, trace: &Trace) -> Self {
        Self::by_hand(sku, (0, available), 1, Cause::Initial, at, trace)
    }

    /// A count or a movement by hand or by an import.
    pub(crate) fn by_hand(
        sku: &Sku,
        (was, available): (u32, u32),
        stock_version: u64,
        kind: Cause,
        at: Timestamp,
        trace: &Trace,
    ) -> Self {
        Self {
            sku: sku.clone(),
            at,
            delta: i64::from(available) - i64::from(was),
            kind,
            reason: None,
            order_id: None,
            actor: Some(trace.actor.clone()),
            stock_version: Some(stock_version),
        }
    }

    /// What an order took.
    pub(crate) fn sold(order: OrderId, pieces: &Pieces, at: Timestamp) -> Self {
        Self::of_order(order, pieces, -i64::from(pieces.quantity.get()), Cause::Sale, at)
    }

    /// What a cancelled order gave back.
    pub(crate) fn returned(order: OrderId, pieces: &Pieces, at: Timestamp) -> Self {
        Self::of_order(order, pieces, i64::from(pieces.quantity.get()), Cause::Returned, at)
    }

    fn of_order(order: OrderId, pieces: &Pieces, delta: i64, kind: Cause, at: Timestamp) -> Self {
        let (reason, actor, stock_version) = (None, None, None);
        Self { sku: pieces.sku.clone(), at, delta, kind, reason, order_id: Some(order), actor, stock_version }
    }

    /// What names the line among those of its SKU, the same whenever the same thing is told again; sorts by time. An order takes
    /// once and gives back once; by hand, no two changes leave the same `stockVersion`.
    pub(crate) fn name(&self) -> String {
        match (self.order_id, self.stock_version) {
            (Some(order), _) if self.kind == Cause::Sale => format!("{}#{order}#sale", self.at),
            (Some(order), _) => format!("{}#{order}#returned", self.at),
            (None, version) => format!("{}#{:010}", self.at, version.unwrap_or_default()),
        }
    }
}

impl From<Movement> for Cause {
    fn from(movement: Movement) -> Self {
        match movement {
            Movement::Set(_) => Self::Set,
            Movement::Delta(_) => Self::Delta,
            Movement::Import(_) => Self::Import,
        }
    }
}

/// How many there are by the log: of all of its lines, in whatever order.
pub fn tally<'a>(lines: impl IntoIterator<Item = &'a Moved>) -> i64 {
    lines.into_iter().map(|line| line.delta).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use proptest::sample::Index;
    use values::{Clock, Quantity};

    use super::*;

    #[derive(Debug, Clone)]
    enum Deed {
        Order(u32),
        Cancel(Index),
        Set(u32),
        Delta(i32),
        /// One of the events that are out comes to the catalog, and stays out: it may come again.
        Deliver(Index),
    }

    fn deed() -> impl Strategy<Value = Deed> {
        prop_oneof![
            3 => (1u32..=9).prop_map(Deed::Order),
            2 => any::<Index>().prop_map(Deed::Cancel),
            1 => (0u32..40).prop_map(Deed::Set),
            1 => (-20i32..20).prop_map(Deed::Delta),
            4 => any::<Index>().prop_map(Deed::Deliver),
        ]
    }

    /// A shop with one SKU, as the table has it: the number, the log by its keys, and the events that are on their way.
    struct Shop {
        clock: Clock,
        available: u32,
        stock_version: u64,
        log: BTreeMap<String, Moved>,
        orders: Vec<(OrderId, Pieces)>,
        events: Vec<Moved>,
    }

    impl Shop {
        fn opened(available: u32) -> Self {
            let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
            let mut shop =
                Self { clock, available, stock_version: 1, log: BTreeMap::new(), orders: vec![], events: vec![] };
            let first = Moved::initially(&sku(), available, shop.clock.now(), &trace());
            shop.write(&first);
            shop
        }

        fn write(&mut self, line: &Moved) {
            self.log.insert(line.name(), line.clone());
        }

        fn does(&mut self, deed: &Deed) {
            match deed {
                Deed::Order(quantity) if *quantity <= self.available => {
                    let (product_id, quantity) = (self.clock.mint(), Quantity::new(*quantity).unwrap());
                    let (order, pieces) = (self.clock.mint(), Pieces { sku: sku(), product_id, quantity });
                    self.available -= quantity.get();
                    self.stock_version += 1;
                    self.events.push(Moved::sold(order, &pieces, self.clock.now()));
                    self.orders.push((order, pieces));
                }
                Deed::Cancel(which) if !self.orders.is_empty() => {
                    let (order, pieces) = self.orders.swap_remove(which.index(self.orders.len()));
                    self.available += pieces.quantity.get();
                    self.stock_version += 1;
                    self.events.push(Moved::returned(order, &pieces, self.clock.now()));
                }
                Deed::Set(pieces) => self.counts(Movement::Set(*pieces)),
                Deed::Delta(delta) => self.counts(Movement::Delta(*delta)),
                Deed::Deliver(which) if !self.events.is_empty() => {
                    let line = self.events[which.index(self.events.len())].clone();
                    self.write(&line);
                }
                _ => {}
            }
        }

        fn counts(&mut self, movement: Movement) {
            let Ok(available) = movement.from(self.available) else { return };
            self.stock_version += 1;
            let pieces = (self.available, available);
            let line = Moved::by_hand(&sku(), pieces, self.stock_version, movement.into(), self.clock.now(), &trace());
            self.available = available;
            self.write(&line);
        }
    }

    fn sku() -> Sku {
        "MUG".parse().unwrap()
    }

    fn trace() -> Trace {
        Trace { correlation_id: "req-1".into(), causation_id: None, actor: Actor::system("test") }
    }

    proptest! {
        #[test]
        fn the_log_adds_up_to_the_stock_as_soon_as_every_event_is_through(
            available in 0u32..30, deeds in prop::collection::vec(deed(), 0..80), last in any::<prop::sample::Selector>(),
        ) {
            let mut shop = Shop::opened(available);
            for deed in &deeds {
                shop.does(deed);
            }
            // What is still out comes in whatever order, and what came comes once more.
            let mut left = shop.events.clone();
            while !left.is_empty() {
                let line = left.swap_remove(last.select(0..left.len()));
                shop.write(&line);
            }
            prop_assert_eq!(tally(shop.log.values()), i64::from(shop.available));
            // And a line for each thing that happened: none has hidden another.
            prop_assert_eq!(shop.log.len() as u64, shop.stock_version);
        }
    }

    #[test]
    fn an_order_that_was_placed_and_cancelled_leaves_two_lines_that_cancel_out_whichever_is_first() {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let (order, product_id) = (clock.mint(), clock.mint());
        let pieces = Pieces { sku: sku(), product_id, quantity: Quantity::new(2).unwrap() };
        // At the same moment, even.
        let at = clock.now();
        let lines = [Moved::returned(order, &pieces, at), Moved::sold(order, &pieces, at)];
        let log: BTreeMap<_, _> = lines.iter().chain(&lines).map(|line| (line.name(), line.clone())).collect();
        assert_eq!((log.len(), tally(log.values())), (2, 0));
    }

    #[test]
    fn lines_are_named_in_the_order_of_time() {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let pieces = Pieces { sku: sku(), product_id: clock.mint(), quantity: Quantity::new(2).unwrap() };
        let lines = [
            Moved::initially(&sku(), 3, clock.now(), &trace()),
            Moved::sold(clock.mint(), &pieces, clock.now()),
            Moved::by_hand(&sku(), (1, 9), 3, Cause::Set, clock.now(), &trace()),
            Moved::returned(clock.mint(), &pieces, clock.now()),
        ];
        assert!(lines.windows(2).all(|pair| pair[0].name() < pair[1].name()));
    }
}
