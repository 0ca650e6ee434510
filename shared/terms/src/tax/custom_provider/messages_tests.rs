//! The messages are those of docs/tax-provider.md, and an answer that is not as the page says is an outage.

use pricing::{ShippingTax, TaxComponent};
use serde_json::{Value, json};

use super::*;
use crate::destination::tests::destination;
use crate::tax::buyer::BuyerTax;
use crate::tax::tax_key::tests::tax_key;

const PAGE: &str = include_str!("../../../../../docs/tax-provider.md");

/// The examples of the page, in their order.
fn example(number: usize) -> Value {
    let block = PAGE.split("```json\n").nth(number + 1).and_then(|rest| rest.split("```").next());
    serde_json::from_str(block.unwrap()).unwrap()
}

fn query() -> TaxQuery {
    let classes = ["standard", "reduced"].map(str::to_owned).into();
    let at = "2026-11-21T12:00:00Z".parse().unwrap();
    TaxQuery { destination: destination("US", "NY", "10001"), classes, buyer: BuyerTax::default(), at }
}

/// What an answer to the query says; none if it is an outage.
fn taxation(answer: Value) -> Option<Taxation> {
    let answer: CalculationAnswer = serde_json::from_value(answer).ok()?;
    answer.into_taxation(&query()).map_err(|error| assert!(error.is_outage(), "{error}")).ok()
}

fn component(jurisdiction: &str, ppm: u32, reason: &str) -> TaxComponent {
    TaxComponent { jurisdiction: jurisdiction.to_owned(), ppm, reason: reason.to_owned() }
}

#[test]
fn calculation_is_that_of_the_page() {
    assert_eq!(serde_json::to_value(Calculation::new(&query())).unwrap(), example(0));
    let classes = vec![
        TaxClass { key: "reduced".to_owned(), components: vec![component("US-NY", 40_000, "reduced")] },
        TaxClass {
            key: "standard".to_owned(),
            components: vec![component("US-NY", 40_000, "standard"), component("US-NY-10001", 48_750, "standard")],
        },
    ];
    let expected = Taxation { classes, shipping: ShippingTax::Proportional, exemption: None };
    assert_eq!(taxation(example(1)), Some(expected));
}

#[test]
fn provider_knows_what_admins_know_of_the_buyer() {
    let status = TaxStatus::Exempt { reason: tax_key("reseller") };
    let buyer = BuyerTax { status, verified_vat_id: Some("DE136695976".parse().unwrap()) };
    let query = TaxQuery { buyer, ..query() };
    let message = serde_json::to_value(Calculation::new(&query)).unwrap();
    assert_eq!((&message["exemption"], &message["vatId"]), (&json!("reseller"), &json!("DE136695976")));
}

#[test]
fn provider_decides_about_exemptions_and_shipping() {
    let mut answer = example(1);
    answer["exemption"] = json!("reseller");
    let components = json!([{ "jurisdiction": "US-NY", "ppm": 40_000 }]);
    answer["shipping"] = json!({ "rule": "always", "components": components });
    let taxation = taxation(answer).unwrap();
    assert_eq!(taxation.exemption.as_deref(), Some("reseller"));
    assert_eq!(taxation.shipping, ShippingTax::Always(vec![component("US-NY", 40_000, "standard")]));
}

#[test]
fn answer_that_does_not_fit_is_an_outage() {
    let component = json!({ "jurisdiction": "US-NY", "ppm": 40_000 });
    for (path, value) in [
        ("/classes/0/ppm", json!(40_001)),
        ("/classes/0/taxClass", json!("standard")),
        ("/classes/0/taxClass", json!("books")),
        ("/classes/0/reason", json!("Why?")),
        ("/classes/0/components", json!([])),
        ("/classes/0/components", json!(vec![component.clone(); 2])),
        ("/classes/0/components/0/jurisdiction", json!("")),
        ("/classes/0/components/0", json!({ "jurisdiction": "US-NY", "ppm": -40_000 })),
        (
            "/classes/0",
            json!({ "taxClass": "reduced", "ppm": 1_000_001, "reason": "reduced",
            "components": [{ "jurisdiction": "US-NY", "ppm": 1_000_001 }] }),
        ),
        ("/classes", json!([example(1)["classes"][0]])),
        ("/classes", json!([example(1)["classes"][0], example(1)["classes"][1], example(1)["classes"][1]])),
        ("/shipping", json!({ "rule": "always" })),
        ("/shipping/rule", json!("sometimes")),
        ("/shipping", json!({ "rule": "never", "total": 0 })),
        ("", json!({ "classes": example(1)["classes"] })),
        ("", json!([])),
    ] {
        let mut answer = example(1);
        *answer.pointer_mut(path).unwrap() = value;
        assert_eq!(taxation(answer.clone()), None, "{answer}");
    }
}

/// The taxes of the page, in cents.
fn taxes(base: i64, state: i64, city: i64) -> Vec<TaxSum> {
    let usd = |amount| Money::new(amount, "USD".parse().unwrap());
    let tax = |jurisdiction: &str, ppm, amount| TaxSum {
        jurisdiction: jurisdiction.to_owned(),
        ppm,
        reason: "standard".to_owned(),
        base: usd(base),
        amount: usd(amount),
    };
    vec![tax("US-NY", 40_000, state), tax("US-NY-10001", 48_750, city)]
}

fn record() -> TaxRecord {
    TaxRecord {
        order: "ord_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
        destination: destination("US", "NY", "10001"),
        taxes: taxes(10_000, 400, 488),
        at: "2026-11-21T12:00:05Z".parse().unwrap(),
    }
}

#[test]
fn transaction_is_that_of_the_page() {
    let record = record();
    let transaction = Transaction::of_order(&record);
    assert_eq!(serde_json::to_value(&transaction).unwrap(), example(2));
    let answer: TransactionAnswer = serde_json::from_value(example(3)).unwrap();
    assert_eq!(transaction.tax().unwrap(), Some(answer.tax));
}

#[test]
fn refund_is_that_of_the_page() {
    let TaxRecord { order, destination, .. } = record();
    let refund = TaxRefund {
        order,
        refund: "rfd_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
        destination,
        taxes: taxes(5_000, 200, 244),
        at: "2026-11-28T09:30:00Z".parse().unwrap(),
    };
    let transaction = Transaction::of_refund(&refund);
    assert_eq!(serde_json::to_value(&transaction).unwrap(), example(4));
    let answer: TransactionAnswer = serde_json::from_value(example(5)).unwrap();
    assert_eq!(transaction.tax().unwrap(), Some(answer.tax));
}

#[test]
fn sum_of_a_transaction_is_in_one_currency() {
    let mut record = record();
    record.taxes[1].amount.currency = "CAD".parse().unwrap();
    let error = Transaction::of_order(&record).tax().unwrap_err();
    assert_eq!(error.fields[0].code, "currency_mismatch");
    record.taxes.clear();
    assert_eq!(Transaction::of_order(&record).tax().unwrap(), None);
}
