//! The events of a change of stock. They are computed from an offer's row before and after the change, as the table's
//! stream has them, so a sale needs no extra write.

use events::{Event, StockChanged, StockLow};

use crate::Offer;

/// The events of an offer that changed from `before` to `after`; none if the stock is the same. `stock.low` is sent
/// when the stock falls to `low` or below, and not again until the stock was above `low`.
pub fn stock_events(before: &Offer, after: &Offer, low: u32) -> Vec<Event> {
    let (was, available) = (before.at_most(), after.at_most());
    if was == available {
        return vec![];
    }
    let (product_id, sku) = (after.product_id, after.sku.clone());
    let mut events = vec![Event::StockChanged(StockChanged { product_id, sku: sku.clone(), was, available })];
    // An archived offer is not reordered.
    if was > low && available <= low && after.is_active() {
        let name = after.name.clone();
        events.push(Event::StockLow(StockLow { product_id, sku, name, available, threshold: low }));
    }
    events
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Status;
    use crate::product::listing::tests::listing;

    fn with(available: u32) -> Offer {
        Offer { available, ..listing().main_offer }
    }

    fn event_names(was: u32, available: u32) -> Vec<&'static str> {
        stock_events(&with(was), &with(available), 5).iter().map(Event::name).collect()
    }

    #[test]
    fn low_stock_event_is_sent_only_when_stock_falls_to_the_bound() {
        assert_eq!(event_names(6, 5), ["stock.changed", "stock.low"]);
        assert_eq!(event_names(900, 0), ["stock.changed", "stock.low"]);
        for (was, available) in [(5, 4), (4, 0), (0, 5), (5, 6), (0, 900), (900, 6)] {
            assert_eq!(event_names(was, available), ["stock.changed"], "{was} -> {available}");
        }
    }

    #[test]
    fn change_without_stock_sends_no_event() {
        let dearer = Offer { price_version: 2, ..with(3) };
        assert_eq!(stock_events(&with(3), &dearer, 5), []);
    }

    #[test]
    fn archived_offer_sends_no_low_stock_event() {
        let archived = Offer { status: Status::Archived, ..with(2) };
        let names: Vec<_> = stock_events(&with(9), &archived, 5).iter().map(Event::name).collect();
        assert_eq!(names, ["stock.changed"]);
    }

    #[test]
    fn event_has_stock_before_and_after() {
        let events = stock_events(&with(6), &with(2), 5);
        let Offer { product_id, sku, name, .. } = with(2);
        let changed = StockChanged { product_id, sku: sku.clone(), was: 6, available: 2 };
        let low = StockLow { product_id, sku, name, available: 2, threshold: 5 };
        assert_eq!(events, [Event::StockChanged(changed), Event::StockLow(low)]);
    }

    proptest! {
        #[test]
        fn low_stock_event_is_sent_once_per_fall(
            steps in prop::collection::vec(0u32..12, 1..60), low in 0u32..8,
        ) {
            let mut lows = 0;
            for pair in steps.windows(2) {
                let events = stock_events(&with(pair[0]), &with(pair[1]), low);
                lows += events.iter().filter(|event| matches!(event, Event::StockLow(_))).count();
            }
            // The same number, counted differently: runs of values at or below the bound, without a run at the start.
            let runs = steps.split(|pieces| *pieces > low).filter(|run| !run.is_empty()).count();
            let from_the_beginning = usize::from(steps[0] <= low);
            prop_assert_eq!(lows, runs - from_the_beginning);
        }
    }
}
