//! Rows of the stock room: sales, releases and adjustments of offers, and the movement log. The log has a partition per
//! SKU. In the partition of the offer it would use a share of the 1,000 write units per second that DynamoDB gives a
//! partition, and a popular SKU needs all of them for its sales.

use std::collections::HashSet;

use aws_kit::fault::mutant;
use aws_kit::{Key, Query, Write};
use serde::Deserialize;
use values::{Clock, EventId, Page, PageRequest, Result, Sku};

use crate::flash::store::bucket_key;
use crate::{Catalog, Offer, OrderMovement, Part, Status, StockMovement, StockRow, Wanted};

/// Names the movement of an order in the row of the offer, for the reader of the stream (`offer_change.rs`). The version tells this change
/// from later ones by writers that name no movement.
const NAME_MOVEMENT: &str = "#move = :move, moveVersion = stockVersion + :one";

/// The key of a movement.
#[derive(Debug, PartialEq, Eq, Hash, Deserialize)]
struct MovementKey {
    pk: String,
    sk: String,
}

impl Catalog {
    /// The write that reserves one part of what an order wants, at the price that its customer saw, and names its movement. `quantity` is at
    /// most what an order of this buyer may have. [`crate::read_reservation_failure`] reads why its condition failed.
    pub fn reserve_stock(&self, wanted: &Wanted<'_>, part: Part, sale: &OrderMovement) -> Result<Write> {
        let Wanted { sku, quantity, price_version, buyer } = *wanted;
        let (key, sale, is_unlimited) = match part.row {
            StockRow::Bucket(bucket) => {
                (bucket_key(sku, bucket), sale.in_bucket(bucket), mutant("bucket_condition_left_out"))
            }
            StockRow::Offer | StockRow::Tail => (self.offer_key(sku), *sale, mutant("no_stock_condition")),
        };
        let is_one_row = part.row == StockRow::Offer;
        let in_stock = match is_unlimited {
            true => "attribute_exists(pk)",
            false if is_one_row && mutant("last_piece_refused") => "available > :q",
            false => "available >= :q",
        };
        // Versions only increase, so the mutant sells at any price.
        let price = if mutant("price_version_ignored") { "priceVersion >= :v" } else { "priceVersion = :v" };
        let is_free = quantity <= buyer.default_max_per_order();
        let any_quantity = if is_free { "attribute_not_exists(maxPerOrder) OR " } else { "" };
        let in_one_row = if is_one_row { " AND attribute_not_exists(flash)" } else { "" };
        let set = format!("SET {NAME_MOVEMENT}, available = available - :q, stockVersion = stockVersion + :one");
        let may_have = format!("({any_quantity}maxPerOrder >= :quantity)");
        Write::update(&self.table, key, set)
            .when(format!("{in_stock} AND #status = :active AND {price} AND {may_have}{in_one_row}"))
            .name("#status", "status")
            .name("#move", "move")
            .value(":q", part.pieces)?
            .value(":quantity", quantity)?
            .value(":one", 1)?
            .value(":active", Status::Active)?
            .value(":v", price_version)?
            .value(":move", sale.to_string())
    }

    /// The write that releases reserved pieces, whatever the status of the offer is now. It names their movement, unless the event of the
    /// cancellation has it logged.
    pub fn release_stock(&self, sku: &Sku, quantity: u32, named: Option<&OrderMovement>) -> Result<Write> {
        let quantity = if mutant("stock_returned_twice") { 2 * quantity } else { quantity };
        let quantity = if mutant("stock_not_returned") { 0 } else { quantity };
        let name = named.map(|_| format!("{NAME_MOVEMENT}, ")).unwrap_or_default();
        let set = format!("SET {name}available = available + :q, stockVersion = stockVersion + :one");
        let write = Write::update(&self.table, self.offer_key(sku), set)
            .when("attribute_exists(pk)")
            .value(":q", quantity)?
            .value(":one", 1)?;
        match named {
            Some(movement) => write.name("#move", "move").value(":move", movement.to_string()),
            None => Ok(write),
        }
    }

    /// The write that adjusts stock that was `was`. Its condition fails if the stock changed meanwhile, or the offer is not active.
    pub(crate) fn adjust_offer(&self, was: u32, after: &Offer) -> Result<Write> {
        let added = i64::from(after.available) - i64::from(was);
        let line = if after.counted_by.is_some() { ", countedBy = :line" } else { "" };
        let set = format!("SET available = available + :added, stockVersion = :next{line}");
        let write = Write::update(&self.table, self.offer_key(&after.sku), set)
            .when("stockVersion = :sv AND #status = :active AND available >= :removed")
            .name("#status", "status")
            .value(":active", Status::Active)?
            .value(":added", added)?
            .value(":removed", (-added).max(0))?
            .value(":next", after.stock_version)?
            .value(":sv", after.stock_version - 1)?;
        match &after.counted_by {
            Some(line) => write.value(":line", line),
            None => Ok(write),
        }
    }

    /// The write of a movement. It has no condition: the same movement is the same row.
    pub(crate) fn put_movement(&self, movement: &StockMovement) -> Result<Write> {
        let mut key = movement_key(movement);
        if mutant("movement_doubled") {
            let unique: EventId = Clock::System.mint();
            key.sk = format!("{}#{unique}", key.sk);
        }
        Write::put(&self.table, key, movement)
    }

    /// Those of at most 100 movements that are not logged, as far as can be seen at the moment. 1 round trip.
    pub(crate) async fn find_missing<'a>(&self, movements: &'a [StockMovement]) -> Result<Vec<&'a StockMovement>> {
        let keys: Vec<Key> = movements.iter().map(movement_key).collect();
        let logged: HashSet<MovementKey> = self.table.peek_all(&keys).await?.into_iter().collect();
        let is_missing = |Key { pk, sk }: Key| !logged.contains(&MovementKey { pk, sk });
        let missing = movements.iter().zip(keys).filter_map(|(movement, key)| is_missing(key).then_some(movement));
        Ok(missing.collect())
    }

    /// The movements of a SKU, newest first.
    pub(crate) async fn list_movements(&self, sku: &Sku, request: &PageRequest) -> Result<Page<StockMovement>> {
        Query::of(&self.table, partition(sku)).descending().page(request).await
    }
}

fn movement_key(movement: &StockMovement) -> Key {
    Key::new(partition(&movement.sku), movement.sort_key())
}

fn partition(sku: &Sku) -> String {
    format!("MOVES#{sku}")
}
