//! What a stream tells of stock: events that nobody wrote down, made from an offer's row before and after a change.
//! They have no outbox row, for a sale is not to pay for one; so what the stream loses of them is lost.

use aws_kit::sha256_hex;
use aws_lambda_events::event::dynamodb::EventRecord;
use catalog::{Offer, is_offer_key, stock_events};
use events::{Envelope, Event};
use serde::de::DeserializeOwned;
use serde_dynamo::{AttributeValue, Item};
use serde_json::Value;
use tracing::warn;
use uuid::Builder;
use values::{Error, Id, Result, Timestamp};

/// The events of a record of the catalog's stream that somebody listens to. The same record makes the same events, to the last
/// digit of their ids, however often the stream comes with it.
pub(crate) fn told(record: &EventRecord, low: u32) -> Result<Vec<Envelope>> {
    let change = &record.change;
    let is_change_of_offer = record.event_name == "MODIFY"
        && matches!(change.keys.get("sk"), Some(AttributeValue::S(sk)) if is_offer_key(sk));
    if !is_change_of_offer {
        return Ok(vec![]);
    }
    if change.old_image.is_empty() {
        warn!(record = change.sequence_number, "this stream has no old images: what its stock was, nobody knows");
        return Ok(vec![]);
    }
    let (before, after): (Offer, Offer) = (image(&change.old_image)?, image(&change.new_image)?);
    let events = stock_events(&before, &after, low).into_iter().filter(|event| !event.deliveries().is_empty());
    Ok(events.map(|event| envelope(record, &after, event)).collect())
}

fn image<T: DeserializeOwned>(item: &Item) -> Result<T> {
    let row: Value = serde_dynamo::from_item(item.clone()).map_err(Error::internal)?;
    serde_json::from_value(row).map_err(Error::internal)
}

fn envelope(record: &EventRecord, after: &Offer, event: Event) -> Envelope {
    let millis = record.change.approximate_creation_date_time.timestamp_millis();
    // A UUIDv7 like any other, but for its random part, which is a digest of what makes this event this event.
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
        // A row does not say who changed it: the chain begins with the record.
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

    /// The sample of a sale that leaves so many.
    fn sale(was: u32, available: u32) -> EventRecord {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/relay/stock-low.json");
        let mut batch: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let change = &mut batch["Records"][0]["dynamodb"];
        change["OldImage"]["available"] = json!({ "N": was.to_string() });
        change["NewImage"]["available"] = json!({ "N": available.to_string() });
        serde_json::from_value::<StreamEvent>(batch).unwrap().records.remove(0)
    }

    fn item(name: &str, text: &str) -> Item {
        HashMap::from([(name.to_owned(), AttributeValue::S(text.to_owned()))]).into()
    }

    fn names(was: u32, available: u32) -> Vec<&'static str> {
        told(&sale(was, available), 5).unwrap().iter().map(|told| told.event.name()).collect()
    }

    #[test]
    fn a_crossing_is_told_in_both_directions_and_only_to_who_listens() {
        assert_eq!(names(6, 5), ["stock.low"], "the index does not hear of a piece out of many");
        assert_eq!(names(6, 0), ["stock.changed", "stock.low"]);
        assert_eq!(names(1, 0), ["stock.changed"], "it was low before");
        assert_eq!(names(0, 4), ["stock.changed"], "the first piece is told, and that it is still low is not");
        assert_eq!(names(5, 6), [""; 0]);
        assert_eq!(names(7, 7), [""; 0], "a change of price");
    }

    #[test]
    fn a_batch_that_comes_again_tells_the_same_events() {
        let (first, again) = (told(&sale(6, 0), 5).unwrap(), told(&sale(6, 0), 5).unwrap());
        assert_eq!(first, again);
        let mut other = sale(6, 0);
        other.event_id = "another".into();
        let ids: BTreeSet<_> = first.iter().chain(&told(&other, 5).unwrap()).map(|e| e.event_id).collect();
        assert_eq!(ids.len(), 4, "and no two events share an id");
        assert!(ids.iter().all(|id| id.uuid().get_version_num() == 7));
    }

    #[test]
    fn an_event_is_of_its_sku_and_counts_with_its_stock() {
        let told = told(&sale(6, 5), 5).unwrap().remove(0);
        assert_eq!((told.subject.as_str(), told.sequence), ("MUG-INDIGO", 8));
        assert_eq!(told.timestamp.to_string(), "2026-11-21T08:00:00.000Z");
        assert_eq!(serde_json::to_value(&told.event).unwrap()["data"]["threshold"], 5);
    }

    #[test]
    fn what_is_no_change_of_an_offer_tells_nothing() {
        let mut made = sale(6, 0);
        made.event_name = "INSERT".into();
        assert_eq!(told(&made, 5).unwrap(), []);
        let mut other = sale(6, 0);
        other.change.keys = item("sk", "PRODUCT");
        assert_eq!(told(&other, 5).unwrap(), []);
        let mut without = sale(6, 0);
        without.change.old_image = Item::default();
        assert_eq!(told(&without, 5).unwrap(), []);
    }

    #[test]
    fn an_offer_that_cannot_be_read_is_an_error() {
        let mut strange = sale(6, 0);
        strange.change.new_image = item("available", "many");
        assert!(told(&strange, 5).is_err());
    }
}
