//! Export the orders of an account for its owner.

use futures::future::try_join_all;
use serde_json::{Value, json};
use values::{Error, OrderId, Result, UserId};

use crate::history::HistoryEntry;
use crate::store::Orders;

/// Orders that are read together.
const PAGE: u32 = 25;

impl Orders {
    /// A page of an account's orders, newest first, before `before`: each with its personal data and its history, or nothing if an
    /// operator has deleted it. Empty at the end. 1 read, up to 2 more for each order, in parallel.
    pub async fn export(&self, user: UserId, before: Option<OrderId>) -> Result<Vec<(OrderId, Option<Value>)>> {
        let ids = self.list_ids_of_user(user, before).await?;
        try_join_all(ids.into_iter().map(|id| self.export_order(id))).await
    }

    /// The ids of a page of orders, each once. 1 read.
    pub async fn list_ids_of_user(&self, user: UserId, before: Option<OrderId>) -> Result<Vec<OrderId>> {
        let mut ids = self.list_newest_of_user(user, before, PAGE).await?;
        ids.dedup();
        Ok(ids)
    }

    async fn export_order(&self, id: OrderId) -> Result<(OrderId, Option<Value>)> {
        // Its number row, which the index has, may be there longer.
        let Some(details) = self.read_details(id).await? else { return Ok((id, None)) };
        let history: Vec<Value> = self.read_full_history(&details.order).await?.iter().map(entry_document).collect();
        let personal = details.personal.as_ref();
        let mut order = serde_json::to_value(&details.order).map_err(Error::internal)?;
        order["shippingAddress"] = json!(personal.map(|personal| &personal.shipping_address));
        order["email"] = json!(personal.and_then(|personal| personal.email.as_ref()));
        order["history"] = Value::Array(history);
        Ok((id, Some(order)))
    }
}

fn entry_document(entry: &HistoryEntry) -> Value {
    json!({
        "version": entry.version, "at": entry.at, "actor": entry.actor.clone().for_customers(), "reason": entry.reason, "note": entry.note,
        "status": entry.status, "paymentStatus": entry.payment_status, "fulfilmentStatus": entry.fulfilment_status,
    })
}
