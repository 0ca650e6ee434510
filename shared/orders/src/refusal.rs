//! The 409 of an order that cannot be placed. It names every line with a problem, and the present total. Pure.

use cart::Line;
use catalog::SaleRefusal;
use pricing::Breakdown;
use serde_json::{Map, Value, json};
use values::{Currency, Error, Kind, Money, Result};

use crate::lines::{items, price_lines};

/// The order of the error codes when lines have several problems: the first one is the code of the whole error.
const CODES_BY_WEIGHT: [&str; 4] = ["max_per_order", "product_unavailable", "price_changed", "insufficient_stock"];

/// A line that cannot be bought as its customer saw it, and why.
pub(crate) type LineProblem<'a> = (&'a Line, SaleRefusal);

/// The 409 (422 `max_per_order`) of lines with problems, or of a total that differs from the expected one. When a price change is the
/// gravest problem, the error has the new breakdown: an order with that total as its `expectedTotal` is placed at
/// those prices.
pub(crate) fn refusal(lines: &[Line], problems: &[LineProblem<'_>], was: Money, currency: Currency) -> Result<Error> {
    let mut fields: Vec<_> = problems.iter().map(|problem| field_error(problem)).collect();
    fields.sort_by_key(|(_, code, _, _)| CODES_BY_WEIGHT.iter().position(|other| other == code));
    let code = fields.first().map_or("price_changed", |(_, code, _, _)| *code);
    if code == "price_changed" {
        let lines = reprice(lines, problems);
        let sums = price_lines(&lines, currency)?;
        let message = format!("The total is now {}. Show it to the customer, and place the order with it.", sums.total);
        fields.push(("expectedTotal".to_owned(), code, message, breakdown(&lines, &sums, was)));
    }
    let detail = fields.iter().map(|(_, _, message, _)| message.as_str()).collect::<Vec<_>>().join(" ");
    let error = match code {
        // No state of the stock makes this request valid.
        "max_per_order" => Error::new(Kind::Invalid, code, detail),
        _ => Error::conflict(code, detail),
    };
    Ok(fields
        .into_iter()
        .fold(error, |error, (field, code, message, facts)| error.with_facts(field, code, message, facts)))
}

/// The lines with the new prices of their problems.
pub(crate) fn reprice(lines: &[Line], problems: &[LineProblem<'_>]) -> Vec<Line> {
    let now = |line: &Line| {
        let problem = problems.iter().find(|(other, _)| other.sku == line.sku);
        match problem {
            Some((_, SaleRefusal::PriceChanged { now, price_version })) => {
                Line { unit_price: *now, price_version: *price_version, ..line.clone() }
            }
            _ => line.clone(),
        }
    };
    lines.iter().map(now).collect()
}

fn field_error((line, refusal): &LineProblem<'_>) -> (String, &'static str, String, Map<String, Value>) {
    let (sku, wanted) = (&line.sku, line.quantity.get());
    let (code, message, more) = match refusal {
        SaleRefusal::TooManyPerOrder { max } => (
            "max_per_order",
            format!("An order may have {max} pieces of {sku} at most."),
            json!({ "sku": sku, "maxPerOrder": max }),
        ),
        SaleRefusal::Unavailable => ("product_unavailable", format!("{sku} is no longer sold."), json!({ "sku": sku })),
        SaleRefusal::PriceChanged { now, .. } => (
            "price_changed",
            format!("{sku} now costs {now}, not {}.", line.unit_price),
            json!({ "sku": sku, "was": line.unit_price, "now": now }),
        ),
        SaleRefusal::InsufficientStock { available } => (
            "insufficient_stock",
            format!("Only {available} of {sku} are available, not {wanted}."),
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
            buckets: None,
        }
    }

    fn error(problems: &[LineProblem<'_>], lines: &[Line]) -> Error {
        refusal(lines, problems, eur(1000), "EUR".parse().unwrap()).unwrap()
    }

    #[test]
    fn changed_price_comes_with_the_new_breakdown() {
        let lines = [line("MUG", 2), line("TEA", 2)];
        let dearer = SaleRefusal::PriceChanged { now: eur(300), price_version: 2 };
        let error = error(&[(&lines[0], dearer), (&lines[1], SaleRefusal::InsufficientStock { available: 1 })], &lines);
        let fields: Vec<_> = error.fields.iter().map(|field| (field.field.as_str(), field.code)).collect();
        assert_eq!(
            fields,
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
    fn unavailable_product_comes_first_and_without_a_total() {
        let lines = [line("MUG", 2), line("TEA", 2)];
        let dearer = SaleRefusal::PriceChanged { now: eur(300), price_version: 2 };
        let error = error(&[(&lines[0], dearer), (&lines[1], SaleRefusal::Unavailable)], &lines);
        assert_eq!((error.code, error.fields.len()), ("product_unavailable", 2));
        assert_eq!(error.fields[0].field, "items.TEA");
    }

    #[test]
    fn unexpected_total_is_an_error_of_its_own() {
        let error = error(&[], &[line("MUG", 2)]);
        assert_eq!((error.code, error.fields[0].field.as_str()), ("price_changed", "expectedTotal"));
        assert_eq!(error.fields[0].facts["now"], json!(eur(500)));
    }
}
