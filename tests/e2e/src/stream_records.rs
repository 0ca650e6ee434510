//! Records of streams, handed to their readers without the stream. When the call returns, the reader has handled the record.

use serde_json::{Value, json};

use crate::{Order, Shop};

impl Shop {
    /// Delivers the record of the last change of an offer to the relay once more. The change added `delta` pieces.
    pub async fn repeats_stock_record(&self, sku: &str, delta: i64) {
        self.repeats_record((format!("SKU#{sku}"), "OFFER"), delta).await;
    }

    /// The same for a bucket of a SKU.
    pub async fn repeats_bucket_record(&self, sku: &str, bucket: usize, delta: i64) {
        self.repeats_record((format!("SKU#{sku}#{bucket:03}"), "BUCKET"), delta).await;
    }

    async fn repeats_record(&self, (pk, sk): (String, &str), delta: i64) {
        let after = self.rows.reads("catalog", &pk, sk).await;
        let number = |name: &str| after[name]["N"].as_str().and_then(|number| number.parse::<i64>().ok());
        let (Some(available), Some(version)) = (number("available"), number("stockVersion")) else {
            panic!("the row {pk} should have a stock and its version: {after}")
        };
        let mut before = after.clone();
        before["available"] = json!({ "N": (available - delta).to_string() });
        before["stockVersion"] = json!({ "N": (version - 1).to_string() });
        let mut record = self.record("catalog", "MODIFY", &after);
        record["dynamodb"]["OldImage"] = before;
        self.delivers_record("relay", &record).await;
    }

    /// The record of a new order, which nobody has changed yet.
    pub async fn record_of_order(&self, order: &Order) -> Value {
        let row = self.rows.reads("orders", &format!("ORDER#{}", order.id()), "ORDER").await;
        self.record("orders", "INSERT", &row)
    }

    /// The record of the last change of an order's payment.
    pub async fn record_of_payment(&self, order: &Order) -> Value {
        let row = self.rows.reads("payments", &format!("PAYMENT#{}", order.payment_id()), "PAYMENT").await;
        self.record("payments", "MODIFY", &row)
    }

    /// Hands a record to a reader of its stream; panics if the reader fails.
    pub async fn delivers_record(&self, reader: &str, record: &Value) {
        let result = self.functions.invoke(reader, json!({ "Records": [record] }).to_string()).await;
        assert_eq!(
            (result.error, &result.payload["batchItemFailures"]),
            (None, &json!([])),
            "{reader} should handle the record"
        );
    }

    /// A record of a change to this row.
    fn record(&self, context: &str, event_name: &str, row: &Value) -> Value {
        let (region, table) = (&self.stack.region, &self.stack.tables[context]);
        json!({
            "eventID": format!("repeated-{}", row["pk"]["S"].as_str().unwrap_or_default()), "eventName": event_name, "eventVersion": "1.1",
            "eventSource": "aws:dynamodb", "awsRegion": region,
            "eventSourceARN": format!("arn:aws:dynamodb:{region}:000000000000:table/{table}/stream/2026-11-21T08:00:00.000"),
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_248_000,
                "Keys": { "pk": row["pk"], "sk": row["sk"] }, "NewImage": row,
                "SequenceNumber": "333", "SizeBytes": 700, "StreamViewType": "NEW_IMAGE",
            },
        })
    }
}
