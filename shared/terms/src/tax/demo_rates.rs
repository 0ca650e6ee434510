//! Are the taxes of the demo shop valid, and do all of them name their source?

use std::collections::BTreeSet;

use pricing::{Context, Line, ListPrice, Market, PriceMode, Rules, Step, price};
use serde_json::{Value, json};
use values::{Currency, Money, Quantity, read_json_value};

use crate::day::Day;
use crate::day::tests::day;
use crate::destination::tests::destination;
use crate::tax::buyer::BuyerTax;
use crate::tax::rate::{RateContent, TaxRate};
use crate::tax::registrations::RegistrationsContent;
use crate::tax::taxation::{TaxQuery, Taxation};

const DEMO: &str = include_str!("../../../../infra/local/demo/taxes.json");

fn demo() -> Value {
    serde_json::from_str(DEMO).unwrap()
}

/// The rates, without their sources.
fn rates() -> Vec<TaxRate> {
    let content = |mut row: Value| {
        let row = row.as_object_mut().unwrap();
        assert!(row.remove("source").unwrap().as_str().unwrap().len() > 3, "{row:?}");
        let as_of: Day = row.remove("asOf").unwrap().as_str().unwrap().parse().unwrap();
        assert!(as_of <= day("2026-11-30"), "{row:?}");
        read_json_value::<RateContent>(Value::Object(row.clone())).unwrap()
    };
    let rows = demo()["rates"].as_array().cloned().unwrap();
    rows.into_iter().map(|row| TaxRate { content: content(row), version: 1 }).collect()
}

fn registrations() -> RegistrationsContent {
    read_json_value(demo()["registrations"].clone()).unwrap()
}

fn query(country: &str, region: &str, postal_code: &str) -> TaxQuery {
    let classes = ["books", "reduced", "standard"].map(str::to_owned).into();
    let at = "2026-11-21T12:00:00Z".parse().unwrap();
    TaxQuery { destination: destination(country, region, postal_code), classes, buyer: BuyerTax::default(), at }
}

fn taxation(query: &TaxQuery) -> Taxation {
    let place = registrations().place_of_taxation(&query.destination, query.day().unwrap());
    Taxation::decide(query, &registrations(), place.as_ref(), &rates()).unwrap()
}

/// The rates of `standard`, `reduced` and `books` at a destination, in parts per million.
fn rates_at(country: &str, region: &str, postal_code: &str) -> Vec<u32> {
    let classes = taxation(&query(country, region, postal_code)).classes;
    classes.iter().rev().map(|class| class.components.iter().map(|part| part.ppm).sum()).collect()
}

/// What a buyer pays for goods of 119.00 EUR with included tax, and that tax, in cents.
fn gross_price(country: &str, vat_id: Option<&str>) -> (i64, i64) {
    let mut query = query(country, "", "");
    query.buyer.verified_vat_id = vat_id.map(|id| id.parse().unwrap());
    let Taxation { classes, shipping, exemption } = taxation(&query);
    let currency: Currency = "EUR".parse().unwrap();
    let context = Context {
        market: Market { currency, step: Step::ONE, prices: PriceMode::Gross },
        price_lists: vec!["eu".to_owned()],
        country: Some(country.to_owned()),
        customer_group: None,
        is_first_order: true,
        exemption,
        now: query.at,
        codes: Vec::new(),
        shipping: None,
    };
    let line = Line {
        sku: "MUG".parse().unwrap(),
        quantity: Quantity::new(1).unwrap(),
        prices: vec![ListPrice { list: "eu".to_owned(), min_quantity: 1, price: Money::new(11_900, currency) }],
        product_id: None,
        categories: Vec::new(),
        tags: Vec::new(),
        brand: None,
        tax_class: "standard".to_owned(),
        is_discountable: true,
    };
    let rules = Rules { promotions: Vec::new(), tax_classes: classes, shipping_tax: shipping };
    let priced = price(&[line], &context, &rules).unwrap();
    (priced.total.amount, priced.included_tax.amount)
}

#[test]
fn demo_taxes_can_be_stored() {
    registrations().check().unwrap();
    let rates = rates();
    for (place, rate) in rates.iter().enumerate() {
        rate.content.check().unwrap();
        rate.content.check_overlap(&rates).unwrap();
        let key = rate.content.key();
        assert!(rates[..place].iter().all(|other| other.content.key() != key), "{key:?} is there twice");
    }
    let states: BTreeSet<_> = rates.iter().filter_map(|rate| rate.content.region.clone()).collect();
    assert_eq!(states.len(), 43);
}

#[test]
fn demo_orders_have_the_rates_of_their_destination() {
    for (country, region, postal_code, expected) in [
        ("DE", "", "10115", [190_000, 70_000, 70_000]),
        ("DE", "", "27498", [0, 0, 0]),
        ("FR", "", "75008", [200_000, 55_000, 55_000]),
        ("BE", "", "1000", [210_000, 60_000, 60_000]),
        ("NL", "", "1012 AB", [210_000, 90_000, 90_000]),
        ("IT", "RM", "00118", [220_000, 100_000, 40_000]),
        ("ES", "Madrid", "28001", [210_000, 100_000, 40_000]),
        ("ES", "Las Palmas", "35001", [0, 0, 0]),
        ("AT", "", "1010", [200_000, 100_000, 100_000]),
        ("AT", "", "6691", [190_000, 100_000, 100_000]),
        ("GB", "", "SW1Y 4JH", [200_000, 50_000, 0]),
        ("JP", "東京都", "100-0001", [100_000, 80_000, 100_000]),
        ("US", "CA", "94105", [72_500, 72_500, 72_500]),
        ("US", "NY", "10001", [40_000, 40_000, 40_000]),
        // Without a registration.
        ("US", "SD", "57101", [0, 0, 0]),
        ("CH", "", "8001", [0, 0, 0]),
    ] {
        assert_eq!(rates_at(country, region, postal_code), expected, "{country} {region} {postal_code}");
    }
}

#[test]
fn pause_of_a_rate_is_in_the_demo_taxes() {
    let of_dakota = |rate: &&TaxRate| rate.content.region.as_ref().is_some_and(|region| region.as_str() == "SD");
    let until: Vec<Value> = rates().iter().filter(of_dakota).map(|rate| json!(rate.content.until)).collect();
    assert_eq!(until, [json!(null), json!("2027-06-30")]);
}

#[test]
fn gross_prices_include_the_tax_of_the_destination_and_an_exempt_buyer_does_not_pay_it() {
    assert_eq!(gross_price("DE", None), (11_900, 1_900));
    assert_eq!(gross_price("FR", None), (11_900, 1_983));
    assert_eq!(gross_price("CH", None), (11_900, 0));
    assert_eq!(gross_price("FR", Some("FR40303265045")), (9_917, 0));
    assert_eq!(gross_price("DE", Some("FR40303265045")), (11_900, 1_900));
}
