//! The size of an offer's row in DynamoDB. Each sale rewrites the row, and pays for each kilobyte.

use serde_json::Value;

use crate::product::list_price::tests::list_price;
use crate::product::listing::tests::listing;
use crate::{Offer, Status};

/// The bytes of a write unit.
const WRITE_UNIT: usize = 1_024;

/// The size of an attribute with its name ("DynamoDB item sizes and formats" in the developer guide).
fn attribute_bytes(name: &str, value: &Value) -> usize {
    name.len() + value_bytes(value)
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::String(text) => text.len(),
        // One byte for two digits, and one for the exponent.
        Value::Number(number) => 1 + number.to_string().len().div_ceil(2),
        Value::Array(items) => 3 + items.iter().map(|item| 1 + value_bytes(item)).sum::<usize>(),
        Value::Object(members) => {
            3 + members.iter().map(|(name, value)| 1 + attribute_bytes(name, value)).sum::<usize>()
        }
    }
}

/// The size of the row of an offer, with its key and the name of its last movement.
fn row_bytes(offer: &Offer) -> usize {
    let Value::Object(row) = serde_json::to_value(offer).unwrap() else { panic!("an offer is an object") };
    let others: [(&str, Value); 4] = [
        ("pk", format!("SKU#{}", offer.sku).into()),
        ("sk", "OFFER".into()),
        ("move", "2026-11-21T08:00:00.000Z#ord_01kajc80000000000000000001#returned".into()),
        ("moveVersion", 10_000.into()),
    ];
    let others = others.iter().map(|(name, value)| attribute_bytes(name, value));
    row.iter().map(|(name, value)| attribute_bytes(name, value)).chain(others).sum()
}

/// An offer with all that a product of a real shop has, and with so many list prices.
fn offer(list_prices: u32) -> Offer {
    let mut offer = Offer {
        sku: "MUG-INDIGO-350".parse().unwrap(),
        name: "Indigo Mug, hand-thrown, 350 ml (blue, matt)".to_owned(),
        available: 12_345,
        price_version: 120,
        stock_version: 98_765,
        status: Status::Active,
        max_per_order: Some(100),
        product_version: Some(250),
        counted_by: Some("job_01kajc80000000000000000001:123456".to_owned()),
        ..listing().main_offer
    };
    let currencies = ["GBP", "USD", "JPY", "CHF"];
    let prices =
        (0..list_prices as usize).map(|n| list_price("trade-uk", currencies[n % 4], 1 + n as u32 * 10, 123_456));
    offer.prices = prices.collect();
    if let Some(keys) = &mut offer.scope_keys {
        keys.tags = ["stoneware", "dishwasher-safe", "blue", "gift", "new"].map(str::to_owned).into();
    }
    offer
}

#[test]
fn offer_with_4_price_lists_has_less_than_700_bytes() {
    let bytes = row_bytes(&offer(4));
    assert!(bytes < 700, "{bytes} bytes");
    assert!(bytes > 400, "{bytes} bytes are too few for all these attributes");
}

#[test]
fn sale_of_an_offer_with_12_list_prices_costs_what_it_costs_without() {
    let bytes = [0, 12].map(|list_prices| row_bytes(&offer(list_prices)).div_ceil(WRITE_UNIT));
    assert_eq!(bytes, [1, 1]);
}

#[test]
fn size_of_a_row_is_the_sum_of_names_and_values() {
    let row = serde_json::json!({ "a": "xyz", "n": 1234, "l": [true], "m": { "k": "v" } });
    let Value::Object(row) = row else { panic!("it is an object") };
    let bytes: usize = row.iter().map(|(name, value)| attribute_bytes(name, value)).sum();
    // 1 + 3, 1 + 3, 1 + 3 + 1 + 1, 1 + 3 + 1 + 2
    assert_eq!(bytes, 4 + 4 + 6 + 7);
}
