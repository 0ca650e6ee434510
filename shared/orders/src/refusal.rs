//! Why an order is not placed: the 409 that names every line at fault, and what all of it would cost now. Pure.

use aws_kit::{ConditionFailures, Slot};
use cart::Line;
use catalog::{SaleRefusal, read_sale_refusal};
use pricing::Breakdown;
use serde_json::{Map, Value, json};
use values::{Currency, Error, Money, Result};

use crate::basket::{items, priced};

/// What leads when lines are at fault for several reasons: what cannot be had, then what costs otherwise, then what is short.
const WORST: [&str; 3] = ["product_unavailable", "price_changed", "insufficient_stock"];

/// A line that is not sold as its customer saw it.
pub(crate) type Fault<'a> = (&'a Line, SaleRefusal);

/// The lines that a refused transaction names.
pub(crate) fn faults<'a>(refusals: &ConditionFailures, taken: &[(Slot, &'a Line)]) -> Result<Vec<Fault<'a>>> {
    let refused = taken.iter().filter_map(|(slot, line)| Some((*line, refusals.of(*slot)?)));
    refused
        .map(|(line, refused)| Ok((line, read_sale_refusal(refused, line.quantity.get(), line.price_version)?)))
        .collect()
}

/// The 409 of lines at fault, or of a total that is not the expected one. When prices are the worst of it, it carries the new
/// breakdown: an order with that total as its `expectedTotal` is placed at those prices.
pub(crate) fn refusal(lines: &[Line], faults: &[Fault<'_>], was: Money, currency: Currency) -> Result<Error> {
    let mut fields: Vec<_> = faults.iter().map(|fault| told(fault)).collect();
    fields.sort_by_key(|(_, code, _, _)| WORST.iter().position(|other| other == code));
    let code = fields.first().map_or("price_changed", |(_, code, _, _)| *code);
    if code == "price_changed" {
        let lines = repriced(lines, faults);
        let sums = priced(&lines, currency)?;
        let message = format!("The total is {} now. Show it to the customer and place the order with it.", sums.total);
        fields.push(("expectedTotal".to_owned(), code, message, breakdown(&lines, &sums, was)));
    }
    let detail = fields.iter().map(|(_, _, message, _)| message.as_str()).collect::<Vec<_>>().join(" ");
    let error = Error::conflict(code, detail);
    Ok(fields
        .into_iter()
        .fold(error, |error, (field, code, message, facts)| error.with_facts(field, code, message, facts)))
}

/// The lines at the prices that refused them.
pub(crate) fn repriced(lines: &[Line], faults: &[Fault<'_>]) -> Vec<Line> {
    let now = |line: &Line| {
        let fault = faults.iter().find(|(at_fault, _)| at_fault.sku == line.sku);
        match fault {
            Some((_, SaleRefusal::PriceChanged { now, price_version })) => {
                Line { unit_price: *now, price_version: *price_version, ..line.clone() }
            }
            _ => line.clone(),
        }
    };
    lines.iter().map(now).collect()
}

fn told((line, unsold): &Fault<'_>) -> (String, &'static str, String, Map<String, Value>) {
    let (sku, wanted) = (&line.sku, line.quantity.get());
    let (code, message, more) = match unsold {
        SaleRefusal::Unavailable => {
            ("product_unavailable", format!("{sku} is not sold any more."), json!({ "sku": sku }))
        }
        SaleRefusal::PriceChanged { now, .. } => (
            "price_changed",
            format!("{sku} costs {now} now, not {}.", line.unit_price),
            json!({ "sku": sku, "was": line.unit_price, "now": now }),
        ),
        SaleRefusal::InsufficientStock { available } => (
            "insufficient_stock",
            format!("{available} of {sku} left, {wanted} wanted."),
            json!({ "sku": sku, "available": available, "wanted": wanted }),
        ),
    };
    (format!("items.{sku}"), code, message, facts(more))
}

fn breakdown(lines: &[Line], sums: &Breakdown, was: Money) -> Map<String, Value> {
    facts(json!({
        "was": was,
        "now": sums.total,
        "items": items(lines, sums),
        "subtotal": sums.subtotal,
        "discount": sums.discount,
        "tax": sums.tax,
        "shipping": sums.shipping,
        "total": sums.total,
    }))
}

fn facts(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(facts) => facts,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::{Clock, Quantity};

    fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn line(sku: &str, pieces: u32) -> Line {
        Line {
            sku: sku.parse().unwrap(),
            product_id: Clock::System.mint(),
            name: sku.into(),
            quantity: Quantity::new(pieces).unwrap(),
            unit_price: eur(250),
            price_version: 1,
            available: 9,
        }
    }

    fn refused(faults: &[Fault<'_>], lines: &[Line]) -> Error {
        refusal(lines, faults, eur(1000), "EUR".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_changed_price_comes_with_what_all_costs_now() {
        let lines = [line("MUG", 2), line("TEA", 2)];
        let dearer = SaleRefusal::PriceChanged { now: eur(300), price_version: 2 };
        let error =
            refused(&[(&lines[0], dearer), (&lines[1], SaleRefusal::InsufficientStock { available: 1 })], &lines);
        let told: Vec<_> = error.fields.iter().map(|field| (field.field.as_str(), field.code)).collect();
        assert_eq!(
            told,
            [("items.MUG", "price_changed"), ("items.TEA", "insufficient_stock"), ("expectedTotal", "price_changed")]
        );
        let sums = &error.fields[2].facts;
        assert_eq!((&sums["was"], &sums["total"]), (&json!(eur(1000)), &json!(eur(1100))));
        assert_eq!(
            (&sums["items"][0]["unitPrice"], &sums["items"][0]["lineTotal"]),
            (&json!(eur(300)), &json!(eur(600)))
        );
        assert_eq!(
            (&error.fields[0].facts["was"], &error.fields[0].facts["now"]),
            (&json!(eur(250)), &json!(eur(300)))
        );
    }

    #[test]
    fn what_is_gone_leads_and_then_no_total_is_promised() {
        let lines = [line("MUG", 2), line("TEA", 2)];
        let dearer = SaleRefusal::PriceChanged { now: eur(300), price_version: 2 };
        let error = refused(&[(&lines[0], dearer), (&lines[1], SaleRefusal::Unavailable)], &lines);
        assert_eq!((error.code, error.fields.len()), ("product_unavailable", 2));
        assert_eq!(error.fields[0].field, "items.TEA");
    }

    #[test]
    fn a_total_that_was_not_expected_is_told_by_itself() {
        let error = refused(&[], &[line("MUG", 2)]);
        assert_eq!((error.code, error.fields[0].field.as_str()), ("price_changed", "expectedTotal"));
        assert_eq!(error.fields[0].facts["now"], json!(eur(500)));
    }
}
