//! The event `order.created`. An order's row is the event when it is new: the stream of the table brings it to the worker of payments.

use aws_kit::event_id_of;
use events::{Envelope, Event};
use serde_json::Value;
use values::{Error, Result};

use crate::order_rows::OrderHead;

/// The attribute with the id of the request that placed the order. Only a new row has it: no later version writes it. The release before
/// did not know it, and wrote an event of its own.
pub(crate) const CORRELATION_ID: &str = "correlationId";

/// The event of an order's new row, as the stream shows the row. The same row always gives the same event. None for a row that the release
/// before wrote.
pub fn placed_event(image: Value) -> Result<Option<Envelope>> {
    let Some(correlation_id) = image.get(CORRELATION_ID).and_then(Value::as_str).map(str::to_owned) else {
        return Ok(None);
    };
    let order: OrderHead = serde_json::from_value(image).map_err(Error::internal)?;
    Ok(Some(Envelope {
        event_id: event_id_of(&format!("order.created#{}", order.id)),
        version: 1,
        timestamp: order.created_at,
        subject: order.id.to_string(),
        sequence: order.version,
        correlation_id,
        causation_id: None,
        event: Event::OrderCreated(order.created_event()),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;
    use crate::order::tests::order;

    #[test]
    fn new_row_is_the_event() {
        let mut image = to_value(OrderHead::of(&order())).unwrap();
        image["correlationId"] = json!("req-1");
        image["gsi3pk"] = json!("HOLD#3");
        let envelope = placed_event(image.clone()).unwrap().unwrap();
        assert_eq!((envelope.event.name(), envelope.sequence), ("order.created", 1));
        assert_eq!((envelope.correlation_id.as_str(), envelope.timestamp), ("req-1", order().created_at));
        assert_eq!(envelope.subject, order().id.to_string());
        assert_eq!(placed_event(image).unwrap(), Some(envelope));
    }

    #[test]
    fn row_of_the_release_before_is_no_event() {
        assert_eq!(placed_event(to_value(OrderHead::of(&order())).unwrap()).unwrap(), None);
        assert!(placed_event(json!({ "correlationId": "req-1" })).is_err(), "a row that cannot be read");
    }
}
