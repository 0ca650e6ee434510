//! Export the orders of an account for its owner.

use futures::future::try_join_all;
use serde_json::{Value, json};
use values::{Error, OrderId, PageRequest, Result, UserId};

use crate::history::HistoryEntry;
use crate::store::Orders;

/// Orders that are read together.
const PAGE: u32 = 25;
/// Entries of a history that are read together.
const ENTRIES: u32 = 100;

impl Orders {
    /// A page of an account's orders, newest first, before `before`: each with its personal data and its history.
    /// Empty at the end. 1 read, 2 more for each order, in parallel.
    pub async fn export(&self, user: UserId, before: Option<OrderId>) -> Result<Vec<(OrderId, Value)>> {
        let orders = self.list_newest_of_user(user, before, PAGE).await?;
        try_join_all(orders.iter().map(|order| self.export_order(order.id))).await
    }

    /// The ids of a page of orders. 1 read.
    pub async fn list_ids_of_user(&self, user: UserId, before: Option<OrderId>) -> Result<Vec<OrderId>> {
        let orders = self.list_newest_of_user(user, before, PAGE).await?;
        Ok(orders.into_iter().map(|order| order.id).collect())
    }

    async fn export_order(&self, id: OrderId) -> Result<(OrderId, Value)> {
        let details = self.read_details(id).await?;
        let details = details.ok_or_else(|| Error::internal(format!("order {id} is in an index, but has no row")))?;
        let history: Vec<Value> = self.read_full_history(id).await?.iter().map(entry_document).collect();
        let personal = details.personal.as_ref();
        let mut order = serde_json::to_value(&details.order).map_err(Error::internal)?;
        order["shippingAddress"] = json!(personal.map(|personal| &personal.shipping_address));
        order["email"] = json!(personal.and_then(|personal| personal.email.as_ref()));
        order["history"] = Value::Array(history);
        Ok((id, order))
    }

    /// All entries of the history of an order, oldest first.
    pub(crate) async fn read_full_history(&self, id: OrderId) -> Result<Vec<HistoryEntry>> {
        let mut entries = Vec::new();
        let mut request = PageRequest { limit: ENTRIES, after: None };
        loop {
            let page = self.history(id, &request).await?;
            entries.extend(page.rows);
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(entries),
            }
        }
    }
}

fn entry_document(entry: &HistoryEntry) -> Value {
    json!({
        "version": entry.version, "at": entry.at, "actor": entry.actor.clone().for_customers(), "reason": entry.reason, "note": entry.note,
        "status": entry.status, "paymentStatus": entry.payment_status, "fulfilmentStatus": entry.fulfilment_status,
    })
}
