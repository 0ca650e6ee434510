//! The 409 of an order that cannot be placed. It names every line with a problem, and the present price. Pure.

use cart::Line;
use catalog::SaleRefusal;
use pricing::Breakdown;
use promotions::{UseProblem, use_error};
use serde_json::{Map, Value, json};
use values::{Error, Kind, Money, Result};

use crate::lines::items;
use crate::price::changed_part::changed_part;
use crate::price::order_price::OrderPrice;

/// The order of the error codes when lines have several problems: the first one is the code of the whole error.
const CODES_BY_WEIGHT: [&str; 4] = ["max_per_order", "product_unavailable", "price_changed", "insufficient_stock"];

/// A line that cannot be bought as its customer saw it, and why.
pub(crate) type LineProblem<'a> = (&'a Line, SaleRefusal);

/// The price of an order as it is now, for a customer who expects another one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PresentPrice<'a> {
    /// The lines as the customer saw them.
    pub(crate) seen: &'a [Line],
    /// The same at the prices of now.
    pub(crate) lines: &'a [Line],
    pub(crate) breakdown: &'a Breakdown,
    pub(crate) price: &'a OrderPrice,
    /// The total that the customer expects.
    pub(crate) expected: Money,
}

/// A field of a refusal: its path, its code, a sentence and facts.
type Field = (String, &'static str, String, Map<String, Value>);

/// The 409 (422 `max_per_order`) of lines with problems.
pub(crate) fn refusal(problems: &[LineProblem<'_>]) -> Error {
    error(problems.iter().map(problem_field).collect())
}

impl PresentPrice<'_> {
    /// The 409 of an order that costs something else now, or whose lines have problems, too; 422 `max_per_order`, and the codes of coupons
    /// that it cannot count. If a changed price is the gravest problem, the error has the new breakdown: an order with that total as its
    /// `expectedTotal` is placed at that price.
    pub(crate) fn refusal(&self, problems: &[LineProblem<'_>], uses: &[UseProblem]) -> Result<Error> {
        let changed = self.seen.iter().zip(self.lines).filter(|(seen, line)| seen.unit_price != line.unit_price);
        let mut fields: Vec<Field> = changed.map(|(seen, line)| price_field(seen, line.unit_price)).collect();
        let has_changed_line = !fields.is_empty();
        fields.extend(problems.iter().map(problem_field));
        if let Some(error) = use_error(uses).filter(|_| fields.is_empty()) {
            let code = error.code;
            return self.with_breakdown(error, code);
        }
        let code = if has_changed_line { "price_changed" } else { changed_part(self.breakdown, self.expected) };
        let error = match fields.is_empty() {
            true => Error::conflict(code, self.sentence()),
            false => error(fields),
        };
        match error.code == code {
            true => self.with_breakdown(error, code),
            false => Ok(error),
        }
    }

    fn with_breakdown(&self, error: Error, code: &'static str) -> Result<Error> {
        let detail = match error.detail.contains(&self.sentence()) {
            true => error.detail.clone(),
            false => format!("{} {}", error.detail, self.sentence()),
        };
        let error = Error { detail, ..error };
        Ok(error.with_facts("expectedTotal", code, self.sentence(), self.facts()?))
    }

    fn sentence(&self) -> String {
        let total = self.breakdown.total;
        format!("The total is now {total}. Show it to the customer, and place the order with it.")
    }

    fn facts(&self) -> Result<Map<String, Value>> {
        let Self { lines, breakdown, price, expected, .. } = self;
        Ok(facts(json!({
            "was": expected,
            "now": breakdown.total,
            "items": items(lines, breakdown)?,
            "discounts": price.discounts,
            "subtotal": breakdown.subtotal,
            "discount": breakdown.discount,
            "tax": breakdown.tax,
            "shipping": breakdown.shipping,
            "total": breakdown.total,
        })))
    }
}

/// The error with these fields. Its code is that of the gravest.
fn error(mut fields: Vec<Field>) -> Error {
    fields.sort_by_key(|(_, code, _, _)| CODES_BY_WEIGHT.iter().position(|other| other == code));
    let code = fields.first().map_or("price_changed", |(_, code, _, _)| *code);
    let detail = fields.iter().map(|(_, _, message, _)| message.as_str()).collect::<Vec<_>>().join(" ");
    let error = match code {
        // No state of the stock makes this request valid.
        "max_per_order" => Error::new(Kind::Invalid, code, detail),
        _ => Error::conflict(code, detail),
    };
    fields.into_iter().fold(error, |error, (field, code, message, facts)| error.with_facts(field, code, message, facts))
}

fn problem_field((line, refusal): &LineProblem<'_>) -> Field {
    let (sku, wanted) = (&line.sku, line.quantity.get());
    let (code, message, more) = match refusal {
        SaleRefusal::TooManyPerOrder { max } => (
            "max_per_order",
            format!("An order may have {max} pieces of {sku} at most."),
            json!({ "sku": sku, "maxPerOrder": max }),
        ),
        SaleRefusal::Unavailable => ("product_unavailable", format!("{sku} is no longer sold."), json!({ "sku": sku })),
        SaleRefusal::PriceChanged { now, .. } => return price_field(line, *now),
        SaleRefusal::InsufficientStock { available } => (
            "insufficient_stock",
            format!("Only {available} of {sku} are available, not {wanted}."),
            json!({ "sku": sku, "available": available, "wanted": wanted }),
        ),
    };
    (format!("items.{sku}"), code, message, facts(more))
}

fn price_field(line: &Line, now: Money) -> Field {
    let (sku, was) = (&line.sku, line.unit_price);
    let message = format!("{sku} now costs {now}, not {was}.");
    (format!("items.{sku}"), "price_changed", message, facts(json!({ "sku": sku, "was": was, "now": now })))
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
    use crate::price::changed_part::tests::{breakdown, eur};
    use crate::price::order_price::tests::plain;
    use pricing::PricedLine;
    use promotions::UseRefusal;
    use values::{Clock, Quantity};

    fn line(sku: &str, unit_price: i64) -> Line {
        Line {
            sku: sku.parse().unwrap(),
            product_id: Clock::System.mint(),
            name: sku.into(),
            quantity: Quantity::new(2).unwrap(),
            unit_price: eur(unit_price),
            price_version: 1,
            available: 9,
            buckets: None,
            scope_keys: None,
            tax_class: Default::default(),
            weight: None,
        }
    }

    /// The price of two pieces of each line, without anything else.
    fn priced(lines: &[Line]) -> Breakdown {
        let of_line = |line: &Line| PricedLine {
            sku: line.sku.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            subtotal: eur(2 * line.unit_price.amount),
            discount: eur(0),
            discounts: vec![],
            total: eur(2 * line.unit_price.amount),
            net: eur(2 * line.unit_price.amount),
            taxes: vec![],
        };
        let lines: Vec<PricedLine> = lines.iter().map(of_line).collect();
        let total = eur(lines.iter().map(|line| line.total.amount).sum());
        let (subtotal, zero) = (total, eur(0));
        Breakdown { lines, subtotal, discount: zero, shipping: zero, tax: zero, total, ..breakdown() }
    }

    /// The refusal for lines that now have these unit prices, by a customer who expects 10.00.
    fn refused(seen: &[Line], now: &[i64], problems: &[LineProblem<'_>], uses: &[UseProblem]) -> Error {
        let at = |(line, price): (&Line, &i64)| Line { unit_price: eur(*price), ..line.clone() };
        let lines: Vec<Line> = seen.iter().zip(now).map(at).collect();
        let (breakdown, price) = (priced(&lines), plain());
        let present = PresentPrice { seen, lines: &lines, breakdown: &breakdown, price: &price, expected: eur(1_000) };
        present.refusal(problems, uses).unwrap()
    }

    #[test]
    fn changed_price_comes_with_the_new_breakdown() {
        let lines = [line("MUG", 250), line("TEA", 250)];
        let short = [(&lines[1], SaleRefusal::InsufficientStock { available: 1 })];
        let error = refused(&lines, &[300, 250], &short, &[]);
        let fields: Vec<_> = error.fields.iter().map(|field| (field.field.as_str(), field.code)).collect();
        assert_eq!(
            fields,
            [("items.MUG", "price_changed"), ("items.TEA", "insufficient_stock"), ("expectedTotal", "price_changed")]
        );
        let sums = &error.fields[2].facts;
        assert_eq!((&sums["was"], &sums["total"]), (&json!(eur(1_000)), &json!(eur(1_100))));
        assert_eq!(
            (&sums["items"][0]["unitPrice"], &sums["items"][0]["lineTotal"], &sums["discounts"]),
            (&json!(eur(300)), &json!(eur(600)), &json!([]))
        );
        assert_eq!(
            (&error.fields[0].facts["was"], &error.fields[0].facts["now"]),
            (&json!(eur(250)), &json!(eur(300)))
        );
    }

    #[test]
    fn unavailable_product_comes_first_and_without_a_total() {
        let lines = [line("MUG", 250), line("TEA", 250)];
        let error = refused(&lines, &[300, 250], &[(&lines[1], SaleRefusal::Unavailable)], &[]);
        assert_eq!((error.code, error.fields.len()), ("product_unavailable", 2));
        assert_eq!(error.fields[0].field, "items.TEA");
        assert_eq!(refusal(&[(&lines[1], SaleRefusal::Unavailable)]).code, "product_unavailable");
    }

    #[test]
    fn unexpected_total_is_an_error_of_its_own() {
        let error = refused(&[line("MUG", 250)], &[250], &[], &[]);
        assert_eq!((error.code, error.fields[0].field.as_str()), ("price_changed", "expectedTotal"));
        assert_eq!(error.fields[0].facts["now"], json!(eur(500)));
        assert_eq!(error.detail, "The total is now 5.00 EUR. Show it to the customer, and place the order with it.");
    }

    #[test]
    fn promotion_that_is_used_up_comes_with_the_new_breakdown() {
        let exhausted = |code: Option<&str>| UseProblem {
            promotion: Clock::System.mint(),
            code: code.map(|code| code.parse().unwrap()),
            refusal: UseRefusal::Exhausted,
        };
        let error = refused(&[line("MUG", 600)], &[600], &[], &[exhausted(None)]);
        assert_eq!((error.kind, error.code, error.fields.len()), (Kind::Conflict, "promotion_exhausted", 2));
        let sums = &error.fields[1];
        assert_eq!(
            (sums.field.as_str(), sums.code, &sums.facts["now"]),
            ("expectedTotal", "promotion_exhausted", &json!(eur(1_200)))
        );
        assert!(error.detail.ends_with("Show it to the customer, and place the order with it."), "{}", error.detail);
        // A line whose price has changed is named first: then the whole total is another one.
        assert_eq!(refused(&[line("MUG", 250)], &[600], &[], &[exhausted(Some("TEN"))]).code, "price_changed");
    }
}
