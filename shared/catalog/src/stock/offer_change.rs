//! The movement of a change of an offer's or a bucket's row, as the table's stream shows it. An order names its movement in the row, so that
//! no order waits for the log. Other changes of stock write their movement themselves, or move pieces between rows.

use aws_kit::fault::mutant;
use serde::Deserialize;
use values::{Result, Sku};

use crate::{Bucket, Offer, OrderMovement, StockMovement};

/// What the row of an offer or of a bucket says about the movement of its last change by an order. Empty in a row that no order has changed
/// since this release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct NamedMovement {
    /// The [`OrderMovement`] as text.
    #[serde(default, rename = "move")]
    name: Option<String>,
    /// The `stockVersion` after that change.
    #[serde(default, rename = "moveVersion")]
    version: Option<u64>,
}

impl NamedMovement {
    /// The movement of an offer that changed from `before` to `after`, the row with this name; none if no order has made this change. A
    /// change by hand, by an import, by a rebalance or by a function of the release before names no movement: it leaves the name of an
    /// earlier one, whose version is lower. A change of the price leaves the stock and its version. An error for a name that cannot be read.
    pub fn of_change(&self, before: &Offer, after: &Offer) -> Result<Option<StockMovement>> {
        let versions = (before.stock_version, after.stock_version);
        self.of_versions(versions, &after.sku, (before.available, after.available))
    }

    /// The same of a bucket of this SKU. A rebalance or a change of the price leaves the name and the version of the last sale.
    pub fn of_bucket(&self, sku: &Sku, before: &Bucket, after: &Bucket) -> Result<Option<StockMovement>> {
        self.of_versions((before.stock_version, after.stock_version), sku, (before.available, after.available))
    }

    fn of_versions(
        &self,
        (before, after): (u64, u64),
        sku: &Sku,
        (was, available): (u32, u32),
    ) -> Result<Option<StockMovement>> {
        let is_of_this_version = self.version == Some(after) || mutant("movement_misnamed");
        let has_grown = after == before + 1;
        let Some(name) = self.name.as_deref().filter(|_| is_of_this_version && has_grown) else { return Ok(None) };
        Ok(Some(name.parse::<OrderMovement>()?.of_delta(sku, i64::from(available) - i64::from(was))))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use values::{OrderId, Timestamp};

    use super::*;
    use crate::MovementKind;
    use crate::product::listing::tests::listing;

    const SALE: &str = "2026-11-21T08:00:00.000Z#ord_01kajc80000000000000000001#sale";

    fn offer(available: u32, stock_version: u64) -> Offer {
        Offer { available, stock_version, ..listing().main_offer }
    }

    fn named(name: &str, version: u64) -> NamedMovement {
        serde_json::from_value(json!({ "sku": "MUG", "move": name, "moveVersion": version })).unwrap()
    }

    fn movement(name: &NamedMovement, before: &Offer, after: &Offer) -> Option<StockMovement> {
        name.of_change(before, after).unwrap()
    }

    #[test]
    fn change_by_an_order_is_its_movement() {
        let (before, after) = (offer(9, 4), offer(7, 5));
        let order: OrderId = "ord_01kajc80000000000000000001".parse().unwrap();
        let at: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let sale = movement(&named(SALE, 5), &before, &after).unwrap();
        assert_eq!(sale, OrderMovement::of_sale(order, at).of_pieces(&after.sku, 2), "as the daily walk would log it");
        assert_eq!((sale.delta, sale.kind, sale.sort_key().as_str()), (-2, MovementKind::Sale, SALE));
        let returned = named(&SALE.replace("sale", "returned"), 6);
        let returned = movement(&returned, &after, &offer(9, 6)).unwrap();
        assert_eq!((returned.delta, returned.kind, returned.order_id), (2, MovementKind::Returned, Some(order)));
    }

    #[test]
    fn change_by_a_writer_that_names_no_movement_has_none() {
        // The name of the sale before is still in the row.
        assert_eq!(movement(&named(SALE, 5), &offer(7, 5), &offer(12, 6)), None);
        assert_eq!(movement(&NamedMovement::default(), &offer(7, 5), &offer(5, 6)), None);
        let unversioned: NamedMovement = serde_json::from_value(json!({ "move": SALE })).unwrap();
        assert_eq!(movement(&unversioned, &offer(7, 5), &offer(5, 6)), None);
    }

    #[test]
    fn change_of_the_price_after_a_sale_is_no_movement() {
        let dearer = Offer { price_version: 9, ..offer(7, 5) };
        assert_eq!(movement(&named(SALE, 5), &offer(7, 5), &dearer), None);
    }

    #[test]
    fn sale_of_a_bucket_is_its_movement_and_a_rebalance_is_none() {
        let bucket = |available: u32, stock_version: u64| Bucket {
            available,
            price: listing().main_offer.price,
            price_version: 1,
            status: crate::Status::Active,
            max_per_order: None,
            terms: 1,
            stock_version,
        };
        let (sku, name) = (listing().main_offer.sku, named(&format!("{SALE}#017"), 5));
        let sale = name.of_bucket(&sku, &bucket(9, 4), &bucket(7, 5)).unwrap().unwrap();
        let order: OrderMovement = SALE.parse().unwrap();
        assert_eq!(sale, order.in_bucket(17).of_pieces(&sku, 2), "as the daily walk would log it");
        assert_eq!((sale.delta, sale.sort_key()), (-2, format!("{SALE}#017")));
        assert_eq!(name.of_bucket(&sku, &bucket(7, 5), &bucket(12, 5)).unwrap(), None);
        assert_eq!(movement(&named(SALE, 5), &offer(7, 5), &offer(0, 6)), None, "the tail gave its pieces to buckets");
    }

    #[test]
    fn name_that_cannot_be_read_is_an_error() {
        assert!(named("2026#0000000005", 5).of_change(&offer(9, 4), &offer(7, 5)).is_err());
    }
}
