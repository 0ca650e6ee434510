//! The answers that idempotency keys store. An answer names the order and its version. A repetition reads the order and folds its history
//! up to that version, so it gets the order as it was answered, and not as it is. An answer has no personal data and no token, only what
//! is needed to derive the token again.

use aws_kit::Idempotent;
use serde::{Deserialize, Serialize};
use values::{Error, OrderId, Result};

use crate::new_order::PlacedOrder;
use crate::order::{Order, OrderDetails};
use crate::store::Orders;
use crate::token;

/// The answer to a request that has placed or changed an order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "StoredAnswer")]
pub(crate) struct Answer {
    order_id: OrderId,
    /// None for an order that was placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// The salt of a guest's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    /// The order as it was answered. It is not stored.
    #[serde(skip)]
    details: Option<Box<OrderDetails>>,
}

/// What a key has stored.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredAnswer {
    #[serde(rename_all = "camelCase")]
    Named { order_id: OrderId, version: Option<u64>, salt: Option<String> },
    /// The answer of the release before, for an order that it has placed.
    Placed { order: Box<Order>, salt: Option<String> },
    /// The same for an order that it has changed.
    Changed(Box<Order>),
}

impl From<StoredAnswer> for Answer {
    fn from(stored: StoredAnswer) -> Self {
        match stored {
            StoredAnswer::Named { order_id, version, salt } => Self { order_id, version, salt, details: None },
            StoredAnswer::Placed { order, salt } => Self::placed(OrderDetails { order: *order, personal: None }, salt),
            StoredAnswer::Changed(order) => Self::changed(*order),
        }
    }
}

impl Answer {
    /// An order was placed. A guest's token is derived with that salt.
    pub(crate) fn placed(details: OrderDetails, salt: Option<String>) -> Self {
        Self { order_id: details.order.id, version: None, salt, details: Some(Box::new(details)) }
    }

    /// An order was changed.
    pub(crate) fn changed(order: Order) -> Self {
        let (order_id, version) = (order.id, Some(order.version));
        Self { order_id, version, salt: None, details: Some(Box::new(OrderDetails { order, personal: None })) }
    }
}

impl Orders {
    /// The order of the answer to a request that has changed it. 1 read for a repetition, 1 more if the rows of the order do not have its
    /// history as far as that.
    pub(crate) async fn changed_order(&self, answer: Idempotent<Answer>) -> Result<Idempotent<Order>> {
        Ok(match answer {
            Idempotent::Fresh(answer) => Idempotent::Fresh(self.order_of(answer).await?),
            Idempotent::Replayed(answer) => Idempotent::Replayed(self.order_of(answer).await?),
        })
    }

    async fn order_of(&self, answer: Answer) -> Result<Order> {
        match answer.details {
            Some(details) => Ok(details.order),
            None => {
                let order = self.read(answer.order_id).await?.ok_or_else(|| Error::not_found("order"))?;
                self.read_version(&order, answer.version.unwrap_or(1)).await
            }
        }
    }

    /// The order of the answer to a request that has placed it with that key. A repetition gets its personal data as they are: 1 read. 503
    /// if the order is not visible.
    pub(crate) async fn placed_order(&self, answer: Idempotent<Answer>, key: &str) -> Result<Idempotent<PlacedOrder>> {
        let with_token = |details: OrderDetails, salt: Option<String>| PlacedOrder {
            order_token: salt.map(|salt| token::derive(details.order.id, key, &salt)),
            details,
        };
        let Answer { order_id, salt, details: then, .. } = match answer {
            Idempotent::Fresh(Answer { details: Some(details), salt, .. }) => {
                return Ok(Idempotent::Fresh(with_token(*details, salt)));
            }
            other => other.into_inner(),
        };
        let (order, personal) = match (then, self.read_details(order_id).await?) {
            (Some(then), now) => (then.order, now.and_then(|now| now.personal)),
            (None, Some(now)) => (self.read_version(&now.order, 1).await?, now.personal),
            // Not 404: the caller would place the order again. It becomes visible a moment after its stored response.
            (None, None) => return Err(Error::unavailable("database", format!("order {order_id} is not visible yet"))),
        };
        Ok(Idempotent::Replayed(with_token(OrderDetails { order, personal }, salt)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use serde_json::{Value, from_value, json, to_value};

    fn details() -> OrderDetails {
        OrderDetails { order: order(), personal: None }
    }

    fn stored(answer: &Answer) -> Value {
        to_value(answer).unwrap()
    }

    #[test]
    fn answer_names_the_order_and_not_what_is_in_it() {
        let id = order().id;
        assert_eq!(stored(&Answer::placed(details(), None)), json!({ "orderId": id }));
        assert_eq!(stored(&Answer::placed(details(), Some("abc".into()))), json!({ "orderId": id, "salt": "abc" }));
        assert_eq!(stored(&Answer::changed(order())), json!({ "orderId": id, "version": 1 }));
    }

    #[test]
    fn stored_answer_is_read_without_its_order() {
        let later = Order { version: 4, ..order() };
        let read: Answer = from_value(stored(&Answer::changed(later))).unwrap();
        assert_eq!((read.order_id, read.version), (order().id, Some(4)));
        assert!(read.details.is_none() && read.salt.is_none());
        let read: Answer = from_value(stored(&Answer::placed(details(), Some("abc".into())))).unwrap();
        assert_eq!((read.version, read.salt.as_deref()), (None, Some("abc")));
        assert!(read.details.is_none());
    }

    #[test]
    fn stored_answer_of_the_release_before_is_its_order() {
        let placed: Answer = from_value(json!({ "order": order(), "salt": "abc" })).unwrap();
        assert_eq!((placed.details.unwrap().order, placed.salt.as_deref()), (order(), Some("abc")));
        let by_account: Answer = from_value(json!({ "order": order(), "salt": null })).unwrap();
        assert_eq!((by_account.order_id, by_account.salt), (order().id, None));
        let changed: Answer = from_value(to_value(order()).unwrap()).unwrap();
        assert_eq!(changed.details.unwrap().order, order());
    }
}
