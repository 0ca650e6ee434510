//! Which movements of its stock an order names in the rows of the offers. The relay logs them from the catalog's stream,
//! and [`crate::OrderService::walk_orders`] those that the stream has lost. All others are logged from an event that has
//! the pieces, which the outbox keeps until it is published. Pure.
//!
//! The walk reads each day once, after its end. So a cancellation names its movement only on the day of the order, and
//! later ones send an event with the pieces. An order of the release before has no names, and neither has its
//! cancellation.

use catalog::{OrderMovement, StockMovement};
use values::Timestamp;

use crate::order::{Item, Order};

impl Order {
    /// The sale of its pieces.
    pub(crate) fn sale(&self) -> OrderMovement {
        OrderMovement::of_sale(self.id, self.created_at)
    }

    /// The return of its pieces, if a cancellation at that time names it.
    pub(crate) fn named_return(&self, cancelled_at: Timestamp) -> Option<OrderMovement> {
        let is_named = self.names_moves && cancelled_at.day() == self.created_at.day();
        is_named.then(|| OrderMovement::of_return(self.id, cancelled_at))
    }

    /// All movements that it names; `cancelled_at` if it was cancelled.
    pub(crate) fn named_movements(&self, cancelled_at: Option<Timestamp>) -> Vec<StockMovement> {
        let mut named = Vec::new();
        if self.names_moves {
            named.extend(self.items.iter().flat_map(|item| self.sales_of(item)));
        }
        if let Some(returned) = cancelled_at.and_then(|at| self.named_return(at)) {
            named.extend(self.items.iter().map(|item| returned.of_pieces(&item.sku, item.quantity.get())));
        }
        named
    }

    /// The sales of a line, one in each row where it was reserved. All pieces return to the row of the offer.
    fn sales_of(&self, item: &Item) -> Vec<StockMovement> {
        let sale = self.sale();
        let in_offer = vec![(None, item.quantity.get())];
        let rows = self.reserved.get(&item.sku).unwrap_or(&in_offer).iter();
        let in_row = |bucket: Option<u16>| bucket.map_or(sale, |bucket| sale.in_bucket(bucket));
        rows.map(|(bucket, pieces)| in_row(*bucket).of_pieces(&item.sku, *pieces)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use crate::status::Status;
    use events::CancelReason;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    /// An order of the release before.
    fn old() -> Order {
        order()
    }

    fn new() -> Order {
        Order { names_moves: true, ..old() }
    }

    /// The order, cancelled so many seconds after it was placed.
    fn cancelled(order: &Order, seconds: i64) -> Order {
        order.transition(Status::Cancelled, order.created_at.plus_seconds(seconds)).unwrap()
    }

    fn pieces_of_event(order: &Order) -> Value {
        let event = order.cancelled_event(CancelReason::ByCustomer, payments::Status::Open, false, order.updated_at);
        serde_json::to_value(event).unwrap()["items"].clone()
    }

    fn deltas(order: &Order, cancelled_at: Option<Timestamp>) -> Vec<i64> {
        order.named_movements(cancelled_at).iter().map(|movement| movement.delta).collect()
    }

    #[test]
    fn cancellation_names_its_movement_or_sends_the_pieces() {
        let product = new().items[0].product_id;
        let pieces = json!([{ "sku": "MUG", "productId": product, "quantity": 2 }]);
        // The order was placed at 16:00 in UTC.
        let (hour, day) = (3600, 24 * 3600);
        for (order, seconds, is_named) in
            [(new(), 0, true), (new(), 7 * hour, true), (new(), 8 * hour, false), (new(), day, false)]
        {
            let cancelled = cancelled(&order, seconds);
            let named = cancelled.named_return(cancelled.updated_at);
            assert_eq!(named.is_some(), is_named, "{seconds} s later");
            assert_eq!(pieces_of_event(&cancelled), if is_named { Value::Null } else { pieces.clone() });
        }
        assert_eq!(cancelled(&old(), 0).named_return(old().created_at), None);
        assert_eq!(pieces_of_event(&cancelled(&old(), 0)), pieces, "as the release before has sold it");
    }

    #[test]
    fn walk_looks_for_the_movements_that_are_named() {
        let at = |seconds: i64| Some(new().created_at.plus_seconds(seconds));
        assert_eq!(deltas(&new(), None), [-2]);
        assert_eq!(deltas(&new(), at(60)), [-2, 2]);
        assert_eq!(deltas(&new(), at(24 * 3600)), [-2], "its event has the return logged");
        assert!(deltas(&old(), at(60)).is_empty());
        let bowls = Item { sku: "BOWL".parse().unwrap(), ..new().items[0].clone() };
        let two = Order { items: vec![new().items[0].clone(), bowls], ..new() };
        assert_eq!(deltas(&two, at(60)), [-2, -2, 2, 2]);
    }

    #[test]
    fn walk_makes_the_movements_that_the_rows_name() {
        let bowls = Item { sku: "BOWL".parse().unwrap(), ..new().items[0].clone() };
        let mug = new().items[0].clone();
        let reserved = BTreeMap::from([(mug.sku.clone(), vec![(None, 1), (Some(17), 1)])]);
        let split = Order { items: vec![mug.clone(), bowls.clone()], reserved, ..new() };
        let (sale, at) = (split.sale(), split.created_at.plus_seconds(60));
        let returned = split.named_return(at).unwrap();
        let expected = [
            sale.of_pieces(&mug.sku, 1),
            sale.in_bucket(17).of_pieces(&mug.sku, 1),
            sale.of_pieces(&bowls.sku, 2),
            returned.of_pieces(&mug.sku, 2),
            returned.of_pieces(&bowls.sku, 2),
        ];
        assert_eq!(split.named_movements(Some(at)), expected);
        assert_eq!(split.named_movements(None), expected[..3]);
    }

    #[test]
    fn named_movement_has_the_time_of_its_change() {
        let cancelled = cancelled(&new(), 60);
        let times: Vec<Timestamp> =
            cancelled.named_movements(Some(cancelled.updated_at)).iter().map(|movement| movement.at).collect();
        assert_eq!(times, [new().created_at, cancelled.updated_at]);
        assert!(times[0] < times[1]);
    }

    #[test]
    fn events_name_the_pieces_where_a_listener_needs_them() {
        let created = serde_json::to_value(new().created_event()).unwrap();
        assert_eq!(created["items"], Value::Null, "its sale is named in the row of the offer");
        let delivered = serde_json::to_value(new().delivered_event()).unwrap();
        assert_eq!(delivered["items"][0]["sku"], "MUG", "its buyer may review what was delivered");
    }

    #[test]
    fn row_of_the_release_before_names_nothing() {
        let row = serde_json::to_value(old()).unwrap();
        assert_eq!(row["namesMoves"], Value::Null);
        assert!(!serde_json::from_value::<Order>(row).unwrap().names_moves);
        assert_eq!(serde_json::to_value(new()).unwrap()["namesMoves"], true);
    }
}
