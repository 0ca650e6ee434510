//! The log of stock movements: why a SKU has its stock. The offer decides what can be sold; the log adds up to the same
//! number once every change of stock is logged.
//!
//! An adjustment writes its movement in its own transaction. The movements of orders are written later: the order names
//! its movement in the row of the offer, and the relay writes it from the table's stream, or it sends an event with the
//! pieces. A movement's key is made from its time, order and kind, so a repeated record or event writes the same row
//! again. The sale and the return of a cancelled order cancel out in any order.

use std::fmt;
use std::str::FromStr;

use aws_kit::fault::mutant;
use events::OrderItem;
use serde::{Deserialize, Serialize};
use values::{Actor, Error, OrderId, Sku, Text, Timestamp, Trace};

use crate::StockChange;

/// Why stock changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MovementKind {
    /// The first pieces of a new SKU.
    Initial,
    /// An order was placed.
    Sale,
    /// An order was cancelled.
    Returned,
    /// Counted by hand.
    Set,
    /// Changed by hand.
    Delta,
    /// Counted by an import.
    Import,
}

/// One movement of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockMovement {
    pub sku: Sku,
    /// When it happened. For an order, when it was placed or cancelled.
    pub at: Timestamp,
    /// Pieces added; negative if removed.
    pub delta: i64,
    pub kind: MovementKind,
    /// The reason that a person gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<200>>,
    /// The order that was placed or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// Who adjusted the stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The offer's `stockVersion` after it. Unknown for orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock_version: Option<u64>,
    /// The bucket that the pieces of an order were in; none for the row of the offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<u16>,
}

impl StockMovement {
    /// The first pieces of a SKU.
    pub(crate) fn initial(sku: &Sku, available: u32, at: Timestamp, trace: &Trace) -> Self {
        Self::of_change(sku, (0, available), 1, MovementKind::Initial, at, trace)
    }

    /// An adjustment by hand or by an import.
    pub(crate) fn of_change(
        sku: &Sku,
        (was, available): (u32, u32),
        stock_version: u64,
        kind: MovementKind,
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
            bucket: None,
        }
    }

    /// The sale of an order's pieces.
    pub(crate) fn of_sale(order: OrderId, pieces: &OrderItem, at: Timestamp) -> Self {
        OrderMovement::of_sale(order, at).of_pieces(&pieces.sku, pieces.quantity.get())
    }

    /// The return of a cancelled order's pieces.
    pub(crate) fn of_return(order: OrderId, pieces: &OrderItem, at: Timestamp) -> Self {
        OrderMovement::of_return(order, at).of_pieces(&pieces.sku, pieces.quantity.get())
    }

    /// The sort key. It sorts by time and is the same each time the same movement is written. An order has one sale and
    /// one return in each row; two adjustments never have the same `stockVersion`.
    pub(crate) fn sort_key(&self) -> String {
        let bucket = if mutant("movement_without_bucket") { None } else { self.bucket };
        match (self.order_id, self.stock_version) {
            (Some(order), _) => {
                OrderMovement { at: self.at, order, is_sale: self.kind == MovementKind::Sale, bucket }.to_string()
            }
            (None, version) => format!("{}#{:010}", self.at, version.unwrap_or_default()),
        }
    }
}

/// The sale or the return of an order, for any of its SKUs. As text it is the sort key of the movement, which the order
/// writes into the row of the offer or of a bucket: `2026-11-21T08:00:00.000Z#ord_…#sale`, `…#sale#017`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderMovement {
    at: Timestamp,
    order: OrderId,
    is_sale: bool,
    bucket: Option<u16>,
}

impl OrderMovement {
    /// The sale of an order that was placed at `at`.
    pub fn of_sale(order: OrderId, at: Timestamp) -> Self {
        Self { at, order, is_sale: true, bucket: None }
    }

    /// The return of an order that was cancelled at `at`.
    pub fn of_return(order: OrderId, at: Timestamp) -> Self {
        Self { at, order, is_sale: false, bucket: None }
    }

    /// The same of the pieces in one bucket.
    #[must_use]
    pub fn in_bucket(self, bucket: u16) -> Self {
        Self { bucket: Some(bucket), ..self }
    }

    /// The movement of so many pieces of a SKU.
    pub fn of_pieces(self, sku: &Sku, quantity: u32) -> StockMovement {
        let delta = i64::from(quantity);
        self.of_delta(sku, if self.is_sale { -delta } else { delta })
    }

    /// The movement that adds so many pieces of a SKU, or removes them if `delta` is negative.
    pub(crate) fn of_delta(self, sku: &Sku, delta: i64) -> StockMovement {
        StockMovement {
            sku: sku.clone(),
            at: self.at,
            delta,
            kind: if self.is_sale { MovementKind::Sale } else { MovementKind::Returned },
            reason: None,
            order_id: Some(self.order),
            actor: None,
            stock_version: None,
            bucket: self.bucket,
        }
    }
}

impl fmt::Display for OrderMovement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}#{}", self.at, self.order, if self.is_sale { "sale" } else { "returned" })?;
        self.bucket.map_or(Ok(()), |bucket| write!(f, "#{bucket:03}"))
    }
}

impl FromStr for OrderMovement {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unknown = || Error::internal(format!("{text:?} names no movement of an order"));
        let parts: Vec<&str> = text.split('#').collect();
        let [at, order, kind @ ("sale" | "returned"), bucket @ ..] = parts.as_slice() else { return Err(unknown()) };
        let at: Timestamp = at.parse().map_err(Error::internal)?;
        let order: OrderId = order.parse().map_err(Error::internal)?;
        let bucket = match bucket {
            [] => None,
            [bucket] => Some(bucket.parse::<u16>().map_err(Error::internal)?),
            _ => return Err(unknown()),
        };
        Ok(Self { at, order, is_sale: *kind == "sale", bucket })
    }
}

impl From<StockChange> for MovementKind {
    fn from(change: StockChange) -> Self {
        match change {
            StockChange::Set(_) => Self::Set,
            StockChange::Delta(_) => Self::Delta,
            StockChange::Import(_) => Self::Import,
        }
    }
}

/// The stock by the log: the sum of all movements, in any order.
pub fn sum_movements<'a>(lines: impl IntoIterator<Item = &'a StockMovement>) -> i64 {
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
    enum Action {
        Order(u32),
        Cancel(Index),
        Set(u32),
        Delta(i32),
        /// One of the sent events is delivered. It stays, because it may be delivered again.
        Deliver(Index),
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            3 => (1u32..=9).prop_map(Action::Order),
            2 => any::<Index>().prop_map(Action::Cancel),
            1 => (0u32..40).prop_map(Action::Set),
            1 => (-20i32..20).prop_map(Action::Delta),
            4 => any::<Index>().prop_map(Action::Deliver),
        ]
    }

    /// A shop with one SKU, as in the table: its stock, its log by sort key, and the events that are sent.
    struct Shop {
        clock: Clock,
        available: u32,
        stock_version: u64,
        log: BTreeMap<String, StockMovement>,
        orders: Vec<(OrderId, OrderItem)>,
        events: Vec<StockMovement>,
    }

    impl Shop {
        fn new(available: u32) -> Self {
            let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
            let mut shop =
                Self { clock, available, stock_version: 1, log: BTreeMap::new(), orders: vec![], events: vec![] };
            let first = StockMovement::initial(&sku(), available, shop.clock.now(), &trace());
            shop.write(&first);
            shop
        }

        fn write(&mut self, line: &StockMovement) {
            self.log.insert(line.sort_key(), line.clone());
        }

        fn apply(&mut self, action: &Action) {
            match action {
                Action::Order(quantity) if *quantity <= self.available => {
                    let (product_id, quantity) = (self.clock.mint(), Quantity::new(*quantity).unwrap());
                    let (order, pieces) = (self.clock.mint(), OrderItem { sku: sku(), product_id, quantity });
                    self.available -= quantity.get();
                    self.stock_version += 1;
                    self.events.push(StockMovement::of_sale(order, &pieces, self.clock.now()));
                    self.orders.push((order, pieces));
                }
                Action::Cancel(which) if !self.orders.is_empty() => {
                    let (order, pieces) = self.orders.swap_remove(which.index(self.orders.len()));
                    self.available += pieces.quantity.get();
                    self.stock_version += 1;
                    self.events.push(StockMovement::of_return(order, &pieces, self.clock.now()));
                }
                Action::Set(pieces) => self.adjust(StockChange::Set(*pieces)),
                Action::Delta(delta) => self.adjust(StockChange::Delta(*delta)),
                Action::Deliver(which) if !self.events.is_empty() => {
                    let line = self.events[which.index(self.events.len())].clone();
                    self.write(&line);
                }
                _ => {}
            }
        }

        fn adjust(&mut self, change: StockChange) {
            let Ok(available) = change.apply_to(self.available) else { return };
            self.stock_version += 1;
            let pieces = (self.available, available);
            let line =
                StockMovement::of_change(&sku(), pieces, self.stock_version, change.into(), self.clock.now(), &trace());
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
        fn log_adds_up_to_the_stock_after_all_events(
            available in 0u32..30, actions in prop::collection::vec(action(), 0..80), last in any::<prop::sample::Selector>(),
        ) {
            let mut shop = Shop::new(available);
            for action in &actions {
                shop.apply(action);
            }
            // Undelivered events arrive in any order, and delivered ones arrive again.
            let mut left = shop.events.clone();
            while !left.is_empty() {
                let line = left.swap_remove(last.select(0..left.len()));
                shop.write(&line);
            }
            prop_assert_eq!(sum_movements(shop.log.values()), i64::from(shop.available));
            // There is one row for each change: no row replaced another.
            prop_assert_eq!(shop.log.len() as u64, shop.stock_version);
        }
    }

    #[test]
    fn sale_and_return_of_a_cancelled_order_cancel_out_in_any_order() {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let (order, product_id) = (clock.mint(), clock.mint());
        let pieces = OrderItem { sku: sku(), product_id, quantity: Quantity::new(2).unwrap() };
        // Both have the same time.
        let at = clock.now();
        let lines = [StockMovement::of_return(order, &pieces, at), StockMovement::of_sale(order, &pieces, at)];
        let log: BTreeMap<_, _> = lines.iter().chain(&lines).map(|line| (line.sort_key(), line.clone())).collect();
        assert_eq!((log.len(), sum_movements(log.values())), (2, 0));
    }

    #[test]
    fn name_of_a_movement_is_its_sort_key_and_is_read_again() {
        let order: OrderId = "ord_01kajc80000000000000000001".parse().unwrap();
        let at: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let (sale, returned) = (OrderMovement::of_sale(order, at), OrderMovement::of_return(order, at));
        let in_bucket = sale.in_bucket(17);
        assert_eq!(in_bucket.to_string(), format!("{sale}#017"));
        assert_eq!(in_bucket.to_string().parse::<OrderMovement>().unwrap(), in_bucket);
        assert_eq!(in_bucket.of_pieces(&sku(), 2).sort_key(), in_bucket.to_string());
        // As the releases before have written them.
        let keys = ["sale", "returned"].map(|kind| format!("2026-11-21T08:00:00.000Z#{order}#{kind}"));
        assert_eq!([sale, returned].map(|named| named.to_string()), keys);
        assert_eq!([sale, returned].map(|named| named.of_pieces(&sku(), 2).sort_key()), keys);
        assert_eq!([sale, returned].map(|named| named.of_pieces(&sku(), 2).delta), [-2, 2]);
        assert_eq!(keys.map(|key| key.parse::<OrderMovement>().unwrap()), [sale, returned]);
        for bad in ["", "sale", "2026-11-21T08:00:00.000Z#0000000002", "now#ord_01kajc80000000000000000001#sale"] {
            assert!(bad.parse::<OrderMovement>().is_err(), "{bad:?} names no movement");
        }
        for kind in ["set", "sale#", "sale#rest", "sale#-1", "sale#017#2", "SALE"] {
            assert!(format!("{at}#{order}#{kind}").parse::<OrderMovement>().is_err(), "{kind:?} is no kind");
        }
    }

    #[test]
    fn movements_sort_by_time() {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let pieces = OrderItem { sku: sku(), product_id: clock.mint(), quantity: Quantity::new(2).unwrap() };
        let lines = [
            StockMovement::initial(&sku(), 3, clock.now(), &trace()),
            StockMovement::of_sale(clock.mint(), &pieces, clock.now()),
            StockMovement::of_change(&sku(), (1, 9), 3, MovementKind::Set, clock.now(), &trace()),
            StockMovement::of_return(clock.mint(), &pieces, clock.now()),
        ];
        assert!(lines.windows(2).all(|pair| pair[0].sort_key() < pair[1].sort_key()));
    }
}
