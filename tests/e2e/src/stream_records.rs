//! Records of the catalog's stream, handed to the relay without the stream. When the call returns, the relay has handled the record.

use serde_json::{Value, json};

use crate::Shop;

impl Shop {
    /// Delivers the record of the last change of an offer to the relay once more. The change added `delta` pieces.
    pub async fn repeats_stock_record(&self, sku: &str, delta: i64) {
        let after = self.rows.reads("catalog", &format!("SKU#{sku}"), "OFFER").await;
        let number = |name: &str| after[name]["N"].as_str().and_then(|number| number.parse::<i64>().ok());
        let (Some(available), Some(version)) = (number("available"), number("stockVersion")) else {
            panic!("the offer {sku} should have a stock and its version: {after}")
        };
        let mut before = after.clone();
        before["available"] = json!({ "N": (available - delta).to_string() });
        before["stockVersion"] = json!({ "N": (version - 1).to_string() });
        let record = self.stock_record(sku, &before, &after);
        let result = self.functions.invoke("relay", json!({ "Records": [record] }).to_string()).await;
        let failed = result.payload["batchItemFailures"].as_array().map_or(0, Vec::len);
        assert_eq!((result.error, failed), (None, 0), "the relay should handle the record: {}", result.payload);
    }

    fn stock_record(&self, sku: &str, before: &Value, after: &Value) -> Value {
        let (region, table) = (&self.stack.region, &self.stack.tables["catalog"]);
        json!({
            "eventID": format!("repeated-{sku}"), "eventName": "MODIFY", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": region,
            "eventSourceARN": format!("arn:aws:dynamodb:{region}:000000000000:table/{table}/stream/2026-11-21T08:00:00.000"),
            "dynamodb": {
                "ApproximateCreationDateTime": 1_795_248_000,
                "Keys": { "pk": { "S": format!("SKU#{sku}") }, "sk": { "S": "OFFER" } },
                "OldImage": before, "NewImage": after,
                "SequenceNumber": "333", "SizeBytes": 700, "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        })
    }
}
