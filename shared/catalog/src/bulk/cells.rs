//! Numbers and amounts in the cells of a CSV file.

use tabular::{AmountError, Delimiter, read_amount};
use values::{Currency, Error, Result};

/// An amount in minor units. 422 `price_malformed` or `price_ambiguous` for this field.
pub(crate) fn parse_amount(field: &str, cell: &str, currency: Currency, delimiter: Delimiter) -> Result<i64> {
    let amount = read_amount(cell.trim(), currency, delimiter);
    amount.map_err(|error| malformed_price(field, currency, delimiter, error))
}

fn malformed_price(field: &str, currency: Currency, delimiter: Delimiter, error: AmountError) -> Error {
    let example = if delimiter == Delimiter::Comma { "12.5" } else { "12,5" };
    match (error, currency.exponent()) {
        (AmountError::Thousands, _) => Error::invalid(
            field,
            "price_ambiguous",
            "has a separator that could stand between thousands; write 1234.5 instead of 1,234.5 or 1.234,5",
        ),
        (AmountError::Malformed, 0) => {
            Error::invalid(field, "price_malformed", "must be a whole number without separators")
        }
        (AmountError::Malformed, places) => Error::invalid(
            field,
            "price_malformed",
            format!(
                "must be a number such as {example}, without separators of thousands and with at most {places} decimals"
            ),
        ),
    }
}

/// A number without sign and decimals. 422 `wrong_type` for this field.
pub(crate) fn parse_whole_number(field: &str, cell: &str) -> Result<u32> {
    let number = cell.trim().parse().ok();
    number.ok_or_else(|| Error::invalid(field, "wrong_type", "must be a whole number without separators"))
}
