//! The movement and the events of a change of stock, made from the row of an offer or of a bucket before and after it. They have no
//! outbox row, because a sale should not pay for one. What the stream loses of them: housekeeping logs the movement when
//! the day of its order is over, and the event is lost.

use aws_kit::sha256_hex;
use aws_lambda_events::event::dynamodb::EventRecord;
use catalog::{Bucket, NamedMovement, Offer, StockMovement, is_bucket_key, is_offer_key, parse_bucket_key};
use events::{Envelope, Event};
use serde::de::DeserializeOwned;
use serde_dynamo::{AttributeValue, Item};
use serde_json::Value;
use tracing::{error, warn};
use uuid::Builder;
use values::{Error, Id, Result, Timestamp};

/// What follows from a change of stock.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct StockChange {
    /// To be logged, if an order made the change.
    pub(crate) movement: Option<StockMovement>,
    /// Those that have a listener.
    pub(crate) events: Vec<Envelope>,
}

/// Returns what follows from a record of the catalog's stream. The same record always gives the same movement and the same
/// events with the same ids, so repeated deliveries are harmless.
pub(crate) fn stock_change(record: &EventRecord, low: u32) -> Result<StockChange> {
    let change = &record.change;
    let (partition, sort_key) = (key(record, "pk"), key(record, "sk"));
    let is_bucket = is_bucket_key(sort_key);
    if record.event_name != "MODIFY" || !(is_bucket || is_offer_key(sort_key)) {
        return Ok(StockChange::default());
    }
    if change.old_image.is_empty() {
        warn!(record = change.sequence_number, "stream record without an old image; its change of stock was skipped");
        return Ok(StockChange::default());
    }
    let name: NamedMovement = read_row(&change.new_image)?;
    let (movement, events) = match is_bucket {
        // Its pieces are not all of the SKU, so events come from the row of the offer.
        true => {
            let (before, after): (Bucket, Bucket) = (read_row(&change.old_image)?, read_row(&change.new_image)?);
            (name.of_bucket(&parse_bucket_key(partition)?.0, &before, &after), Vec::new())
        }
        false => {
            let (before, after): (Offer, Offer) = (read_row(&change.old_image)?, read_row(&change.new_image)?);
            let events = catalog::stock_events(&before, &after, low).into_iter();
            let events = events.filter(|event| !event.deliveries().is_empty());
            (name.of_change(&before, &after), events.map(|event| envelope(record, &after, event)).collect())
        }
    };
    let movement = movement.unwrap_or_else(|cause| {
        // A retry reads the same name, and would hold back the records behind it for a day. Housekeeping finds the movement.
        error!(record = change.sequence_number, error.cause = cause.causes(), "movement in an offer cannot be read");
        None
    });
    Ok(StockChange { movement, events })
}

/// A part of the key of the record's row.
fn key<'r>(record: &'r EventRecord, name: &str) -> &'r str {
    match record.change.keys.get(name) {
        Some(AttributeValue::S(key)) => key,
        _ => "",
    }
}

fn read_row<T: DeserializeOwned>(item: &Item) -> Result<T> {
    let row: Value = serde_dynamo::from_item(item.clone()).map_err(Error::internal)?;
    serde_json::from_value(row).map_err(Error::internal)
}

fn envelope(record: &EventRecord, after: &Offer, event: Event) -> Envelope {
    let millis = record.change.approximate_creation_date_time.timestamp_millis();
    // A UUIDv7. Its random part is a digest of the record and the event name.
    let digest = sha256_hex(format!("{}#{}", record.event_id, event.name()).as_bytes());
    let digest = u128::from_str_radix(digest.get(..32).unwrap_or_default(), 16).unwrap_or_default().to_be_bytes();
    let mut random = [0; 10];
    random.copy_from_slice(&digest[..10]);
    let event_id = Id::from_uuid(Builder::from_unix_timestamp_millis(millis.unsigned_abs(), &random).into_uuid());
    Envelope {
        event_id,
        version: 1,
        timestamp: Timestamp::from_millis(millis),
        subject: after.sku.to_string(),
        sequence: after.stock_version,
        // A row does not name the cause of its change, so the correlation begins with the record.
        correlation_id: record.event_id.clone(),
        causation_id: None,
        event,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use aws_lambda_events::event::dynamodb::Event as StreamEvent;
    use serde_json::json;

    use super::*;

    /// The sample of a sale that changes the stock from `before` to `available`.
    fn sale(before: u32, available: u32) -> EventRecord {
        sample("stock-low.json", before, available)
    }

    fn sample(file: &str, before: u32, available: u32) -> EventRecord {
        let path = format!("{}/../../events/relay/{file}", env!("CARGO_MANIFEST_DIR"));
        let mut batch: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let change = &mut batch["Records"][0]["dynamodb"];
        change["OldImage"]["available"] = json!({ "N": before.to_string() });
        change["NewImage"]["available"] = json!({ "N": available.to_string() });
        serde_json::from_value::<StreamEvent>(batch).unwrap().records.remove(0)
    }

    fn item(name: &str, text: &str) -> Item {
        HashMap::from([(name.to_owned(), AttributeValue::S(text.to_owned()))]).into()
    }

    fn stock_events(record: &EventRecord) -> Vec<Envelope> {
        stock_change(record, 5).unwrap().events
    }

    fn names(before: u32, available: u32) -> Vec<&'static str> {
        stock_events(&sale(before, available)).iter().map(|envelope| envelope.event.name()).collect()
    }

    #[test]
    fn crossing_a_bound_makes_the_events_that_have_listeners() {
        assert_eq!(names(6, 5), ["stock.low"], "the index has no need of a single piece out of many");
        assert_eq!(names(6, 0), ["stock.changed", "stock.low"]);
        assert_eq!(names(1, 0), ["stock.changed"], "it was low before");
        assert_eq!(names(0, 4), ["stock.changed"], "back in stock; it stays low");
        assert_eq!(names(5, 6), [""; 0]);
        assert_eq!(names(7, 7), [""; 0], "a change of price");
    }

    #[test]
    fn repeated_record_makes_the_same_events() {
        let (first, again) = (stock_events(&sale(6, 0)), stock_events(&sale(6, 0)));
        assert_eq!(first, again);
        let mut other = sale(6, 0);
        other.event_id = "another".into();
        let ids: BTreeSet<_> = first.iter().chain(&stock_events(&other)).map(|e| e.event_id).collect();
        assert_eq!(ids.len(), 4, "and no two events share an id");
        assert!(ids.iter().all(|id| id.uuid().get_version_num() == 7));
    }

    #[test]
    fn event_has_the_sku_and_the_stock_version() {
        let envelope = stock_events(&sale(6, 5)).remove(0);
        assert_eq!((envelope.subject.as_str(), envelope.sequence), ("MUG-INDIGO", 8));
        assert_eq!(envelope.timestamp.to_string(), "2026-11-21T08:00:00.000Z");
        assert_eq!(serde_json::to_value(&envelope.event).unwrap()["data"]["threshold"], 5);
    }

    #[test]
    fn sale_is_logged_under_the_name_in_the_row() {
        let movement = stock_change(&sale(9, 7), 5).unwrap().movement.unwrap();
        let row = serde_json::to_value(&movement).unwrap();
        let expected = json!({
            "sku": "MUG-INDIGO", "at": "2026-11-21T08:00:00.000Z", "delta": -2, "kind": "sale",
            "orderId": "ord_01kajc80000000000000000001",
        });
        assert_eq!(row, expected);
    }

    #[test]
    fn sale_of_a_bucket_is_logged_under_its_number_and_makes_no_event() {
        let change = stock_change(&sample("bucket-sale.json", 6, 4), 5).unwrap();
        let movement = change.movement.unwrap();
        let row = serde_json::to_value(&movement).unwrap();
        assert_eq!((&row["sku"], &row["delta"], &row["bucket"]), (&json!("MUG-INDIGO"), &json!(-2), &json!(17)));
        assert!(change.events.is_empty(), "the row of the offer knows when stock is low");
        let mut rebalance = sample("bucket-sale.json", 6, 9);
        rebalance.change.new_image.insert("stockVersion".to_owned(), AttributeValue::N("3".to_owned()));
        assert_eq!(stock_change(&rebalance, 5).unwrap(), StockChange::default());
    }

    #[test]
    fn change_that_names_no_movement_or_an_unreadable_one_is_not_logged() {
        let changed = |name: &str, value: AttributeValue| {
            let mut record = sale(6, 5);
            record.change.new_image.insert(name.to_owned(), value);
            stock_change(&record, 5).unwrap()
        };
        let number = |number: &str| AttributeValue::N(number.to_owned());
        for change in [
            // By hand, after the sale.
            changed("stockVersion", number("9")),
            changed("moveVersion", number("7")),
            changed("move", AttributeValue::S("a sale".to_owned())),
        ] {
            assert_eq!((change.movement, change.events.len()), (None, 1), "but it is low on stock");
        }
    }

    #[test]
    fn other_records_change_no_stock() {
        let mut insert = sale(6, 0);
        insert.event_name = "INSERT".into();
        let mut other = sale(6, 0);
        other.change.keys = item("sk", "PRODUCT");
        let mut without_old_image = sale(6, 0);
        without_old_image.change.old_image = Item::default();
        for record in [insert, other, without_old_image] {
            assert_eq!(stock_change(&record, 5).unwrap(), StockChange::default());
        }
    }

    #[test]
    fn unreadable_offer_is_an_error() {
        let mut malformed = sale(6, 0);
        malformed.change.new_image = item("available", "many");
        assert!(stock_change(&malformed, 5).is_err());
    }
}
