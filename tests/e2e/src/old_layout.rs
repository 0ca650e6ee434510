//! An order as the release before stored it: one row with its lines and sums, its personal data in a row of their own, and a row for each
//! entry of its history.

use serde_json::{Map, Value, json};

use crate::{Order, Shop};

impl Shop {
    /// Stores an order like that, unless it is stored like that already. Its worker must be stopped, or have nothing to do.
    pub async fn stores_as_before(&self, order: &Order) {
        let pk = format!("ORDER#{}", order.id());
        let mut row = self.rows.reads("orders", &pk, "ORDER").await;
        if row["items"].is_object() {
            return;
        }
        let placed = self.rows.reads("orders", &pk, "ORDER#PLACED").await;
        let history = self.admin().await.history(order).await;
        let first = with_row_members(&history[0]["placed"], &row);
        for name in ["items", "subtotal", "discount", "tax", "shipping"] {
            row[name] = attribute(&first[name]);
        }
        for name in ["changes", "mark"] {
            row.as_object_mut().map(|members| members.remove(name));
        }
        for mut entry in history {
            let sk = format!("HISTORY#{:06}", entry["version"].as_u64().unwrap_or_default());
            if entry["version"] == 1 {
                entry["placed"] = first.clone();
            }
            self.rows.puts("orders", &pk, &sk, &attribute(&entry)["M"]).await;
        }
        self.rows.puts("orders", &pk, "ORDER#PRIVATE", &placed["personal"]["M"]).await;
        self.rows.removes("orders", &pk, "ORDER#PLACED").await;
        self.rows.loads("orders", &row).await;
    }
}

/// The order that the API shows, with the members that only its row has.
fn with_row_members(shown: &Value, row: &Value) -> Value {
    let mut order = shown.clone();
    order.as_object_mut().map(|members| members.remove("userId"));
    order["buyer"] = row["buyer"]["S"].clone();
    order["paymentSequence"] = json!(0);
    order
}

/// A value in the types of DynamoDB.
fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(values) => json!({ "L": values.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(members) => {
            let members: Map<String, Value> =
                members.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
            json!({ "M": members })
        }
    }
}
