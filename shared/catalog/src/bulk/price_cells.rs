//! The list prices of a product in one cell: `uk:GBP:1:9.99|uk:GBP:10:8.99`. Each has its list, its currency, the quantity from which it
//! holds, and the price of one piece.

use serde_json::{Value, json};
use tabular::{Delimiter, Dialect};
use values::{Currency, Error, Result};

use crate::ListPrice;
use crate::bulk::cells::{parse_amount, parse_whole_number};

const FIELD: &str = "prices";
/// Between two prices.
const SEPARATOR: char = '|';
/// Between the parts of a price.
const PART_SEPARATOR: char = ':';

/// The cell as the member of a body.
pub(crate) fn parse_prices(cell: &str, delimiter: Delimiter) -> Result<Value> {
    cell.split(SEPARATOR).map(|price| parse_price(price, delimiter)).collect()
}

fn parse_price(text: &str, delimiter: Delimiter) -> Result<Value> {
    let parts: Vec<&str> = text.split(PART_SEPARATOR).map(str::trim).collect();
    let [list, currency, quantity, amount] = parts.as_slice() else {
        let message =
            "must have the form `list:currency:quantity:price`, such as `uk:GBP:1:9.99`, with `|` between prices";
        return Err(Error::invalid(FIELD, "prices_malformed", message));
    };
    let unknown = || Error::invalid(FIELD, "currency_unknown", "must have currency codes of ISO 4217, such as EUR");
    let currency = currency.parse::<Currency>().map_err(|_| unknown())?;
    let amount = parse_amount(FIELD, amount, currency, delimiter)?;
    let price = json!({ "amount": amount, "currency": currency });
    Ok(json!({ "list": list, "minQuantity": parse_whole_number(FIELD, quantity)?, "price": price }))
}

/// The cell of list prices; empty without any.
pub(crate) fn format_prices(prices: &[ListPrice], dialect: Dialect) -> String {
    let format = |one: &ListPrice| {
        let (list, currency, quantity) = one.key();
        format!("{list}:{currency}:{quantity}:{}", dialect.amount(one.price))
    };
    prices.iter().map(format).collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::list_price::tests::list_price;
    use proptest::prelude::*;

    fn code(cell: &str) -> &'static str {
        let error = parse_prices(cell, Delimiter::Comma).unwrap_err();
        assert_eq!(error.fields[0].field, "prices");
        error.fields[0].code
    }

    #[test]
    fn cell_reads_like_the_member_of_a_body() {
        let expected = json!([
            { "list": "uk", "minQuantity": 1, "price": { "amount": 999, "currency": "GBP" } },
            { "list": "jp", "minQuantity": 10, "price": { "amount": 1500, "currency": "JPY" } },
        ]);
        assert_eq!(parse_prices("uk:GBP:1:9.99|jp:JPY:10:1500", Delimiter::Comma).unwrap(), expected);
        assert_eq!(parse_prices(" uk : GBP:1: 9,99 | jp:JPY:10:1500 ", Delimiter::Semicolon).unwrap(), expected);
    }

    #[test]
    fn invalid_price_is_named() {
        for malformed in ["uk:GBP:9.99", "uk:GBP:1:9.99|", "uk GBP 1 9.99", "uk:GBP:1:9.99:x"] {
            assert_eq!(code(malformed), "prices_malformed", "{malformed}");
        }
        assert_eq!(code("uk:AAA:1:9.99"), "currency_unknown");
        assert_eq!(code("uk:GBP:one:9.99"), "wrong_type");
        assert_eq!(code("uk:GBP:1:9.999"), "price_ambiguous");
        assert_eq!(code("uk:GBP:1:free"), "price_malformed");
    }

    proptest! {
        #[test]
        fn prices_share_a_cell(
            prices in prop::collection::vec(("[a-z0-9-]{1,6}", 0usize..4, 1u32..999, 0i64..100_000_000), 1..5),
            is_excel: bool,
        ) {
            let currencies = ["EUR", "JPY", "KWD", "GBP"];
            let price = |(list, currency, quantity, amount): (String, usize, u32, i64)| {
                list_price(&list, currencies[currency], quantity, amount)
            };
            let prices: Vec<ListPrice> = prices.into_iter().map(price).collect();
            let dialect = if is_excel { Dialect::Excel } else { Dialect::Standard };
            let read = parse_prices(&format_prices(&prices, dialect), dialect.delimiter()).unwrap();
            prop_assert_eq!(serde_json::from_value::<Vec<ListPrice>>(read).unwrap(), prices);
        }
    }
}
