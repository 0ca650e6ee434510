//! Operations: all calls of a client under one idempotency key. What is known of an operation is what any of its responses says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::history::{CallRecord, Effect, History};

/// What an operation does, as far as the checks need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the fields are called as in the contract; stock, price and quantity are pieces and minor units"
)]
pub enum OperationKind {
    /// Creates a product.
    NewProduct { sku: String, stock: i64, price: i64 },
    /// Changes a product's price.
    ChangePrice { product: String, price: i64 },
    /// Changes a product's stock.
    ChangeStock { product: String, delta: i64 },
    /// Adds pieces to a cart.
    AddToCart { cart: String, sku: String, quantity: i64 },
    /// Changes a cart in another way: sets a quantity, removes a line, empties the cart.
    ChangeCart { cart: String },
    /// Merges a guest's cart into an account's cart.
    MergeCarts { from: String, into: String },
    /// Places an order: of a cart, or of these pieces of each SKU.
    PlaceOrder { key: String, cart: Option<String>, expected_total: Option<i64>, items: BTreeMap<String, i64> },
    /// Cancels an order.
    CancelOrder { order: String },
    /// Sets the status of an order.
    SetStatus { order: String, status: String },
    /// Requests a refund.
    RequestRefund { payment: String },
    /// Any other call.
    Other,
}

/// An operation with all its calls.
#[derive(Debug)]
pub struct Operation<'a> {
    pub kind: OperationKind,
    /// In the order in which they started; never empty.
    pub calls: Vec<&'a CallRecord>,
}

impl Operation<'_> {
    /// Applied if any response says so; rejected if all responses do.
    pub fn effect(&self) -> Effect {
        let effects = || self.calls.iter().map(|call| call.effect());
        match () {
            () if effects().any(|effect| effect == Effect::Applied) => Effect::Applied,
            () if effects().all(|effect| effect == Effect::Rejected) => Effect::Rejected,
            () => Effect::Unknown,
        }
    }

    /// The effect did not happen before this time, in microseconds of the history.
    pub fn earliest_us(&self) -> u64 {
        self.calls.iter().map(|call| call.began_us).min().unwrap_or(0)
    }

    /// The effect did not happen after this time. None if no response said that it was applied.
    pub fn latest_us(&self) -> Option<u64> {
        self.successful_calls().filter_map(|call| call.ended_us).min()
    }

    /// The calls with a 2xx response.
    pub fn successful_calls(&self) -> impl Iterator<Item = &CallRecord> {
        self.calls.iter().copied().filter(|call| call.effect() == Effect::Applied)
    }

    /// The numbers of its calls in the history: `#12 #14`.
    pub fn call_numbers(&self) -> String {
        self.calls.iter().map(|call| format!("#{}", call.seq)).collect::<Vec<_>>().join(" ")
    }
}

impl OperationKind {
    /// The kind of a call's operation.
    pub fn of(call: &CallRecord) -> Self {
        let path: Vec<&str> = call.path.trim_start_matches("/api/v1/").split('/').collect();
        let text = |member: &str| call.body[member].as_str().unwrap_or_default().to_owned();
        let owner = |name: &str| match name {
            "me" => call.caller.clone().unwrap_or_default(),
            other => other.to_owned(),
        };
        match (call.method.as_str(), path.as_slice()) {
            ("POST", ["products"]) => Self::NewProduct {
                sku: text("sku"),
                stock: call.body["stock"]["available"].as_i64().unwrap_or(0),
                price: call.body["price"]["amount"].as_i64().unwrap_or(0),
            },
            ("PATCH", ["products", id]) if call.body["price"].is_object() => Self::ChangePrice {
                product: (*id).to_owned(),
                price: call.body["price"]["amount"].as_i64().unwrap_or(0),
            },
            ("PATCH", ["products", id, "stock"]) => {
                Self::ChangeStock { product: (*id).to_owned(), delta: call.body["delta"].as_i64().unwrap_or(0) }
            }
            ("POST", ["cart", into, "merge"]) => Self::MergeCarts { from: text("from"), into: owner(into) },
            ("POST", ["cart", name, "items"]) => Self::AddToCart {
                cart: owner(name),
                sku: text("sku"),
                quantity: call.body["quantity"].as_i64().unwrap_or(0),
            },
            ("PUT" | "DELETE", ["cart", name, ..]) => Self::ChangeCart { cart: owner(name) },
            ("POST", ["orders"]) => Self::PlaceOrder {
                key: call.key.clone().unwrap_or_default(),
                cart: call.body["cart"].as_str().map(owner),
                expected_total: call.body["expectedTotal"]["amount"].as_i64(),
                items: pieces_by_sku(&call.body["items"]),
            },
            ("POST", ["orders", id, "cancel"]) => Self::CancelOrder { order: (*id).to_owned() },
            ("PATCH", ["orders", id, "status"]) => Self::SetStatus { order: (*id).to_owned(), status: text("status") },
            ("POST", ["payments", id, "refunds"]) => Self::RequestRefund { payment: (*id).to_owned() },
            _ => Self::Other,
        }
    }
}

/// The pieces of each SKU in the lines of a request.
fn pieces_by_sku(lines: &Value) -> BTreeMap<String, i64> {
    let mut pieces = BTreeMap::<String, i64>::new();
    for line in lines.as_array().into_iter().flatten() {
        if let (Some(sku), Some(quantity)) = (line["sku"].as_str(), line["quantity"].as_i64()) {
            *pieces.entry(sku.to_owned()).or_default() += quantity;
        }
    }
    pieces
}

impl History {
    /// All operations, in the order of their first calls.
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let mut keyed: BTreeMap<(&Option<String>, &str, &str, &str), usize> = BTreeMap::new();
        let mut operations: Vec<Operation<'_>> = Vec::new();
        for call in &self.calls {
            let identity = call.key.as_deref().map(|key| (&call.caller, call.method.as_str(), call.path.as_str(), key));
            if let Some(index) = identity.as_ref().and_then(|identity| keyed.get(identity)) {
                operations[*index].calls.push(call);
                continue;
            }
            keyed.extend(identity.map(|identity| (identity, operations.len())));
            operations.push(Operation { kind: OperationKind::of(call), calls: vec![call] });
        }
        operations
    }

    /// The SKUs that this run created or may have created.
    pub fn skus(&self) -> BTreeSet<String> {
        let operations = self.operations().into_iter().filter(|operation| operation.effect() != Effect::Rejected);
        operations
            .filter_map(|operation| match operation.kind {
                OperationKind::NewProduct { sku, .. } => Some(sku),
                _ => None,
            })
            .collect()
    }

    /// The SKU of each product that this run created, by the product's id.
    pub fn sku_by_product(&self) -> BTreeMap<String, String> {
        let answers =
            self.calls.iter().filter(|call| matches!(OperationKind::of(call), OperationKind::NewProduct { .. }));
        let text = |answer: &Value, member: &str| Some(answer[member].as_str()?.to_owned());
        answers.filter_map(|call| Some((text(&call.answer, "id")?, text(&call.answer, "sku")?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(seq: usize, path: &str, key: Option<&str>, status: Option<u16>) -> CallRecord {
        let body = json!({ "cart": "me", "expectedTotal": { "amount": 7, "currency": "EUR" } });
        let call = CallRecord::new("ada", Some("usr_ada"), "POST", path, body, key);
        let began_us = seq as u64 * 10;
        CallRecord { seq, began_us, ended_us: status.map(|_| began_us + 5), status, ..call }
    }

    #[test]
    fn calls_with_one_key_are_one_operation() {
        let calls = vec![
            call(0, "/api/v1/orders", Some("k"), None),
            call(1, "/api/v1/orders", Some("other"), Some(409)),
            call(2, "/api/v1/orders", Some("k"), Some(201)),
            call(3, "/api/v1/orders/ord_1/cancel", None, Some(200)),
            call(4, "/api/v1/orders/ord_1/cancel", None, Some(409)),
        ];
        let history = History { calls, ..History::default() };
        let operations = history.operations();
        let actual: Vec<_> =
            operations.iter().map(|operation| (operation.call_numbers(), operation.effect())).collect();
        let expected =
            [("#0 #2", Effect::Applied), ("#1", Effect::Rejected), ("#3", Effect::Applied), ("#4", Effect::Rejected)];
        assert_eq!(actual, expected.map(|(index, effect)| (index.to_owned(), effect)));
        assert_eq!((operations[0].earliest_us(), operations[0].latest_us()), (0, Some(25)));
        let of_cart = OperationKind::PlaceOrder {
            key: "k".into(),
            cart: Some("usr_ada".into()),
            expected_total: Some(7),
            items: BTreeMap::new(),
        };
        assert_eq!(operations[0].kind, of_cart);
        assert_eq!(operations[2].kind, OperationKind::CancelOrder { order: "ord_1".into() });
    }

    #[test]
    fn lines_of_one_sku_are_added_up() {
        let lines = json!([
            { "sku": "MUG", "quantity": 2 }, { "sku": "POT", "quantity": 1 }, { "sku": "MUG", "quantity": 3 },
        ]);
        assert_eq!(pieces_by_sku(&lines), BTreeMap::from([("MUG".to_owned(), 5), ("POT".to_owned(), 1)]));
        assert_eq!(pieces_by_sku(&Value::Null), BTreeMap::new());
    }

    #[test]
    fn lost_response_leaves_the_effect_unknown() {
        let calls = vec![call(0, "/api/v1/orders", Some("k"), None), call(1, "/api/v1/orders", Some("k"), Some(409))];
        let history = History { calls, ..History::default() };
        assert_eq!(history.operations()[0].effect(), Effect::Unknown);
    }
}
