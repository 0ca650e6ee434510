//! All that orders hold of an account, for its owner.

use futures::future::try_join_all;
use serde_json::{Value, json};
use values::{Error, OrderId, PageRequest, Result, UserId};

use crate::history::HistoryEntry;
use crate::store::Orders;

/// Orders that are read together.
const PAGE: u32 = 25;
/// Lines of a history that are read together.
const LINES: u32 = 100;

impl Orders {
    /// A page of an account's orders, newest first, of those before `before`: each with where it went and its history. Empty at the
    /// end. 1 read, 2 more for each order, side by side.
    pub async fn held_of(&self, user: UserId, before: Option<OrderId>) -> Result<Vec<(OrderId, Value)>> {
        let orders = self.newest_of_user(user, before, PAGE).await?;
        try_join_all(orders.iter().map(|order| self.held(order.id))).await
    }

    /// The ids alone. 1 read.
    pub async fn ids_of(&self, user: UserId, before: Option<OrderId>) -> Result<Vec<OrderId>> {
        let orders = self.newest_of_user(user, before, PAGE).await?;
        Ok(orders.into_iter().map(|order| order.id).collect())
    }

    async fn held(&self, id: OrderId) -> Result<(OrderId, Value)> {
        let full =
            self.read_full(id).await?.ok_or_else(|| Error::internal(format!("order {id} is in an index only")))?;
        let history: Vec<Value> = self.whole_history(id).await?.iter().map(line).collect();
        let private = full.private.as_ref();
        let mut order = serde_json::to_value(&full.order).map_err(Error::internal)?;
        order["shippingAddress"] = json!(private.map(|private| &private.shipping_address));
        order["email"] = json!(private.and_then(|private| private.email.as_ref()));
        order["history"] = Value::Array(history);
        Ok((id, order))
    }

    /// Every line of an order's history, oldest first.
    pub(crate) async fn whole_history(&self, id: OrderId) -> Result<Vec<HistoryEntry>> {
        let mut lines = Vec::new();
        let mut request = PageRequest { limit: LINES, after: None };
        loop {
            let page = self.history(id, &request).await?;
            lines.extend(page.rows);
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(lines),
            }
        }
    }
}

fn line(entry: &HistoryEntry) -> Value {
    json!({
        "version": entry.version, "at": entry.at, "actor": entry.actor.clone().for_customers(), "reason": entry.reason, "note": entry.note,
        "status": entry.status, "paymentStatus": entry.payment_status, "fulfilmentStatus": entry.fulfilment_status,
    })
}
