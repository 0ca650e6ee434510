//! The conversion between a product and a row of a CSV file. Cells with nested values contain JSON.

use serde_json::{Map, Value, json};
use values::{Currency, Error, Kind, Money, Result, parse_json};

use crate::ProductIn;
use crate::bulk::columns::{Column, REQUIRED, is_blank};
use tabular::{AmountError, Delimiter, Dialect, csv, is_shortened_number, read_amount};

/// Between two tags in a cell.
const TAG_SEPARATOR: char = '|';
/// In front of a [`TAG_SEPARATOR`] inside a tag, and in front of itself.
const ESCAPE: char = '\\';

/// How the rows of a file are read. NDJSON has no columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RowFormat {
    /// In the order of the header line. Columns without a name at the right are left out.
    pub(crate) columns: Vec<Column>,
    pub(crate) delimiter: Delimiter,
}

impl RowFormat {
    /// The SKU in the cells of a row, if it has one.
    pub(crate) fn sku<'a>(&self, cells: &'a [String]) -> Option<&'a str> {
        let index = self.columns.iter().position(|column| *column == Column::Sku)?;
        cells.get(index).map(|cell| csv::unescape(cell).trim()).filter(|sku| !sku.is_empty())
    }

    /// A row as the body of a request. Empty cells are left out, and so are cells that are missing at the end. 422 `csv_cells` if cells
    /// are missing that may have been cut off, because an update would clear their fields. `is_ended`: a line break ends the row.
    pub(crate) fn parse_row(&self, cells: &[String], is_ended: bool) -> Result<Map<String, Value>> {
        let named = self.columns.len();
        let is_cut = !is_ended && cells.len() < named;
        if is_cut {
            let detail = format!(
                "The last row has {} cells and no line break, but the header line names {named} columns; if the file is complete, end \
                 it with a line break.",
                cells.len()
            );
            return Err(Error::new(Kind::Invalid, "csv_cells", detail));
        }
        // Excel leaves out the delimiters behind the last value of a row, if the next columns are empty in many rows.
        if self.columns.iter().skip(cells.len()).any(|column| REQUIRED.contains(column)) {
            let detail = format!("The row has {} cells, but the header line names {named} columns.", cells.len());
            return Err(Error::new(Kind::Invalid, "csv_cells", detail));
        }
        if let Some(beyond) = cells.get(named..).unwrap_or_default().iter().position(|cell| !is_blank(cell)) {
            let column = named + beyond + 1;
            let detail = format!("The row has a value in column {column}, but the header line names {named} columns.");
            return Err(Error::new(Kind::Invalid, "csv_cells", detail));
        }
        let filled = || self.columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
        let currency = filled().find(|(column, cell)| **column == Column::Currency && !is_blank(cell));
        let currency = currency.map(|(_, cell)| cell.trim().parse()).transpose()?;
        let mut object = Map::new();
        for (column, cell) in filled() {
            if let Some(value) = self.parse_cell(*column, cell, currency)? {
                object.insert(column.name().to_owned(), value);
            }
        }
        Ok(object)
    }

    fn parse_cell(&self, column: Column, cell: &str, currency: Option<Currency>) -> Result<Option<Value>> {
        let field = column.name();
        let text = csv::unescape(cell);
        Ok(Some(match column {
            Column::Currency => return Ok(None),
            Column::Sku
            | Column::Price
            | Column::CompareAtPrice
            | Column::Weight
            | Column::MaxPerOrder
            | Column::Stock
                if is_blank(cell) =>
            {
                return Ok(None);
            }
            Column::Sku => parse_sku(text.trim())?,
            Column::Price | Column::CompareAtPrice => {
                let currency = currency.ok_or_else(|| Error::invalid("currency", "required", "is missing"))?;
                let amount = read_amount(cell.trim(), currency, self.delimiter);
                let amount = amount.map_err(|error| malformed_price(field, currency, self.delimiter, error))?;
                json!({ "amount": amount, "currency": currency })
            }
            Column::Weight | Column::MaxPerOrder => json!(parse_whole_number(field, cell)?),
            Column::Stock => json!({ "available": parse_whole_number(field, cell)? }),
            Column::Tags => split_tags(text).into(),
            Column::Attributes | Column::Options | Column::Variants => parse_json_cell(field, text)?,
            _ => text.into(),
        }))
    }
}

fn parse_sku(text: &str) -> Result<Value> {
    match is_shortened_number(text) {
        false => Ok(text.into()),
        true => Err(Error::invalid(
            "sku",
            "shortened_number",
            "is a number that a spreadsheet has shortened; format the column as text and enter the SKU again",
        )),
    }
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

fn parse_whole_number(field: &str, cell: &str) -> Result<u32> {
    let number = cell.trim().parse().ok();
    number.ok_or_else(|| Error::invalid(field, "wrong_type", "must be a whole number without separators"))
}

/// JSON in a cell.
fn parse_json_cell(field: &str, cell: &str) -> Result<Value> {
    parse_json(cell).map_err(|error| match error.fields.into_iter().next() {
        Some(repeated) => Error::invalid(&inside(field, &repeated.field), repeated.code, repeated.message),
        None => Error::invalid(field, "json_malformed", "must be JSON"),
    })
}

/// The path of a part of a field.
fn inside(field: &str, part: &str) -> String {
    if part.starts_with('[') { format!("{field}{part}") } else { format!("{field}.{part}") }
}

/// A product as a row with all columns of [`Column::ALL`].
pub(crate) fn format_row(product: &ProductIn, dialect: Dialect) -> Result<Vec<String>> {
    let price = |money: Option<Money>| money.map(|money| dialect.amount(money)).unwrap_or_default();
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let currency = product.price.or(product.compare_at_price).map(|money| money.currency.to_string());
    let json = |value: Value| match &value {
        Value::Array(items) if items.is_empty() => String::new(),
        Value::Object(members) if members.is_empty() => String::new(),
        _ => value.to_string(),
    };
    let body = serde_json::to_value(product).map_err(Error::internal)?;
    let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
    let cell = |column: Column| match column {
        Column::Price => price(product.price),
        Column::CompareAtPrice => price(product.compare_at_price),
        Column::Currency => currency.clone().unwrap_or_default(),
        Column::Weight => number(product.weight),
        Column::MaxPerOrder => number(product.max_per_order),
        Column::Stock => number(product.stock.map(|stock| stock.available)),
        Column::Tags => dialect.text(join_tags(product.tags.iter())),
        Column::Attributes | Column::Options | Column::Variants => match &body[column.name()] {
            Value::Null => String::new(),
            value => dialect.text(json(value.clone())),
        },
        _ => dialect.text(text(column.name())),
    };
    Ok(Column::ALL.iter().map(|column| cell(*column)).collect())
}

/// Tags in one cell.
fn join_tags<'a>(tags: impl Iterator<Item = &'a str>) -> String {
    let escaped = |tag: &str| tag.replace(ESCAPE, r"\\").replace(TAG_SEPARATOR, r"\|");
    tags.map(escaped).collect::<Vec<_>>().join("|")
}

fn split_tags(cell: &str) -> Vec<String> {
    let (mut tags, mut tag, mut characters) = (Vec::new(), String::new(), cell.chars().peekable());
    while let Some(character) = characters.next() {
        match character {
            TAG_SEPARATOR => tags.push(std::mem::take(&mut tag)),
            // In front of any other character, it is an ordinary character.
            ESCAPE => tag.push(characters.next_if(|next| matches!(*next, ESCAPE | TAG_SEPARATOR)).unwrap_or(ESCAPE)),
            _ => tag.push(character),
        }
    }
    tags.push(tag);
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::columns::parse_header;
    use proptest::prelude::*;

    fn words(of: &[&str]) -> Vec<String> {
        of.iter().map(|word| (*word).to_owned()).collect()
    }

    fn rows(columns: &[&str], delimiter: Delimiter) -> RowFormat {
        RowFormat { columns: parse_header(&words(columns)).unwrap(), delimiter }
    }

    fn read(columns: &[&str], cells: &[&str]) -> Result<Map<String, Value>> {
        rows(columns, Delimiter::Comma).parse_row(&words(cells), true)
    }

    fn error(columns: &[&str], cells: &[&str]) -> Error {
        let columns = [&["sku", "name", "category"], columns].concat();
        let cells = [&["A", "A", "a"], cells].concat();
        read(&columns, &cells).unwrap_err()
    }

    fn field_error(columns: &[&str], cells: &[&str]) -> (String, &'static str) {
        let field = error(columns, cells).fields.remove(0);
        (field.field, field.code)
    }

    #[test]
    fn row_reads_like_a_request_body() {
        let columns =
            ["sku", "name", "category", "description", "tags", "price", "currency", "weight", "stock", "attributes"];
        let cells = ["A", "'=SUM", "a", "", "x|y\\|z", "12.9", "EUR", "5", "7", "{\"glazed\":true}"];
        let row = Value::Object(read(&columns, &cells).unwrap());
        let body = json!({
            "sku": "A", "name": "=SUM", "category": "a", "tags": ["x", "y|z"], "price": { "amount": 1290, "currency": "EUR" },
            "weight": 5, "stock": { "available": 7 }, "attributes": { "glazed": true },
        });
        assert_eq!(row, body);
    }

    #[test]
    fn blanks_around_values_and_empty_cells_at_the_right_are_left_out() {
        let columns = ["sku", "name", "category", "price", "currency", "stock", ""];
        let row = read(&columns, &[" A\u{a0}", "A", "a", " 1.5 ", " EUR ", " ", "", " ", ""]).unwrap();
        let body = json!({ "sku": "A", "name": "A", "category": "a", "price": { "amount": 150, "currency": "EUR" } });
        assert_eq!(Value::Object(row), body);
        assert_eq!(read(&columns, &["A", "A", "a", "", "", ""]).unwrap().len(), 3);
        assert_eq!(read(&columns, &["A", "A", "a"]).unwrap().len(), 3, "Excel leaves out delimiters at the right");
        for cells in [&["A", "A", "a", "", "", "", "", "x"][..], &["A", "A"]] {
            let error = read(&columns, cells).unwrap_err();
            assert_eq!((error.code, error.fields.len()), ("csv_cells", 0), "{cells:?}");
        }
    }

    #[test]
    fn decimal_comma_is_read_where_the_file_has_other_delimiters() {
        let columns = ["sku", "name", "category", "price", "currency"];
        let read = |price: &str, delimiter| {
            let row = rows(&columns, delimiter).parse_row(&words(&["A", "A", "a", price, "EUR"]), true);
            row.map(|row| row["price"]["amount"].clone()).map_err(|error| error.fields[0].code)
        };
        for delimiter in [Delimiter::Semicolon, Delimiter::Tab] {
            assert_eq!((read("12,5", delimiter), read("12.5", delimiter)), (Ok(json!(1250)), Ok(json!(1250))));
            assert_eq!(read("1.234,50", delimiter), Err("price_ambiguous"));
        }
        assert_eq!(
            (read("12,5", Delimiter::Comma), read("1,234.50", Delimiter::Comma)),
            (Err("price_malformed"), Err("price_ambiguous"))
        );
    }

    #[test]
    fn invalid_cell_is_named() {
        assert_eq!(field_error(&["price", "currency"], &["1,5", "EUR"]), ("price".into(), "price_malformed"));
        assert_eq!(field_error(&["price", "currency"], &["1.5", "euro"]), ("currency".into(), "currency_unknown"));
        assert_eq!(field_error(&["price"], &["1.5"]), ("currency".into(), "required"));
        assert_eq!(field_error(&["stock"], &["-1"]), ("stock".into(), "wrong_type"));
        assert_eq!(field_error(&["weight"], &["1.5"]), ("weight".into(), "wrong_type"));
        for bad in ["{", "1,\"x\":2", " ", "{}}"] {
            assert_eq!(field_error(&["attributes"], &[bad]), ("attributes".into(), "json_malformed"), "{bad}");
        }
        assert_eq!(field_error(&["attributes"], &["{\"a\":1,\"a\":2}"]), ("attributes.a".into(), "duplicate_field"));
        let variants = "[{\"sku\":\"A\",\"sku\":\"B\"}]";
        assert_eq!(field_error(&["variants"], &[variants]), ("variants[0].sku".into(), "duplicate_field"));
    }

    #[test]
    fn sku_that_a_spreadsheet_has_shortened_is_named_as_such() {
        let columns = ["sku", "name", "category"];
        let shortened = read(&columns, &["4,00638E+12", "A", "a"]).unwrap_err();
        assert_eq!((shortened.fields[0].field.as_str(), shortened.fields[0].code), ("sku", "shortened_number"));
        for sku in ["007", "'007", "4006381333931", "'4006381333931", "1E5"] {
            assert_eq!(read(&columns, &[sku, "A", "a"]).unwrap()["sku"], *sku.trim_start_matches('\''));
        }
    }

    proptest! {
        #[test]
        fn tags_share_a_cell(tags in prop::collection::vec("[a|\\\\ ]{1,5}", 1..6)) {
            prop_assert_eq!(split_tags(&join_tags(tags.iter().map(String::as_str))), tags);
        }
    }
}
