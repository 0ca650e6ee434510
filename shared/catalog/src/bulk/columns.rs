//! The columns of a CSV file, and the conversion between a product and a row. Cells with nested values contain JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use values::{Currency, Error, Kind, Money, Result, read_json};

use crate::ProductIn;
use tabular::{csv, decimal, minor_units};

/// Between two tags in a cell.
const TAG_SEPARATOR: char = '|';
/// In front of a [`TAG_SEPARATOR`] inside a tag, and in front of itself.
const ESCAPE: char = '\\';

macro_rules! columns {
    ($($column:ident $name:literal)*) => {
        /// A column of the file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) enum Column {
            $(#[serde(rename = $name)] $column,)*
        }

        impl Column {
            /// In the order of an export.
            pub(crate) const ALL: &[Self] = &[$(Self::$column),*];

            /// The name in the header line.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$column => $name,)*
                }
            }
        }
    };
}

columns! {
    Sku "sku"
    Name "name"
    Description "description"
    Category "category"
    Brand "brand"
    Tags "tags"
    Price "price"
    Currency "currency"
    CompareAtPrice "compareAtPrice"
    TaxClass "taxClass"
    Weight "weight"
    MaxPerOrder "maxPerOrder"
    Stock "stock"
    Attributes "attributes"
    Options "options"
    Variants "variants"
}

/// Columns that each file must have.
const REQUIRED: [Column; 3] = [Column::Sku, Column::Name, Column::Category];

/// The columns that a header line names, in its order. 422 `csv_column` if one is unknown, duplicate or missing.
pub(crate) fn parse_header(cells: &[String]) -> Result<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::with_capacity(cells.len());
    for cell in cells {
        let name = cell.trim();
        let Some(column) = Column::ALL.iter().find(|column| column.name() == name) else {
            let names: Vec<&str> = Column::ALL.iter().map(|column| column.name()).collect();
            let shown: String = name.chars().take(40).collect();
            return Err(column_error(format!(
                "The column {shown:?} is unknown. Allowed columns, separated by commas: {}.",
                names.join(", ")
            )));
        };
        if columns.contains(column) {
            return Err(column_error(format!("The column {name:?} is named twice.")));
        }
        columns.push(*column);
    }
    match REQUIRED.iter().find(|required| !columns.contains(required)) {
        Some(missing) => Err(column_error(format!("The column {:?} is missing.", missing.name()))),
        None => Ok(columns),
    }
}

fn column_error(detail: String) -> Error {
    Error::new(Kind::Invalid, "csv_column", detail)
}

/// A row as the body of a request. Empty cells are left out.
pub(crate) fn parse_row(columns: &[Column], cells: Vec<String>) -> Result<Map<String, Value>> {
    if cells.len() != columns.len() {
        let message = format!("has {} cells, but the header line has {}", cells.len(), columns.len());
        return Err(Error::invalid("line", "csv_cells", message));
    }
    let filled = || columns.iter().zip(&cells).filter(|(_, cell)| !cell.is_empty());
    let currency =
        filled().find(|(column, _)| **column == Column::Currency).map(|(_, cell)| cell.parse()).transpose()?;
    let mut object = Map::new();
    for (column, cell) in filled() {
        if let Some(value) = parse_cell(*column, cell, currency)? {
            object.insert(column.name().to_owned(), value);
        }
    }
    Ok(object)
}

fn parse_cell(column: Column, cell: &str, currency: Option<Currency>) -> Result<Option<Value>> {
    let field = column.name();
    Ok(Some(match column {
        Column::Currency => return Ok(None),
        Column::Price | Column::CompareAtPrice => {
            let currency = currency.ok_or_else(|| Error::invalid("currency", "required", "is missing"))?;
            let amount = minor_units(cell.trim(), currency).ok_or_else(|| malformed_price(field, currency))?;
            json!({ "amount": amount, "currency": currency })
        }
        Column::Weight | Column::MaxPerOrder => json!(parse_whole_number(field, cell)?),
        Column::Stock => json!({ "available": parse_whole_number(field, cell)? }),
        Column::Tags => split_tags(csv::unescape_formula(cell)).into(),
        Column::Attributes | Column::Options | Column::Variants => parse_json_cell(field, csv::unescape_formula(cell))?,
        _ => csv::unescape_formula(cell).into(),
    }))
}

fn malformed_price(field: &str, currency: Currency) -> Error {
    let message = match currency.exponent() {
        0 => "must be a whole number without separators".to_owned(),
        places => format!(
            "must be a number such as 12.5, without separators and with at most {places} digits after the point"
        ),
    };
    Error::invalid(field, "price_malformed", message)
}

fn parse_whole_number(field: &str, cell: &str) -> Result<u32> {
    let number = cell.trim().parse().ok();
    number.ok_or_else(|| Error::invalid(field, "wrong_type", "must be a whole number without separators"))
}

/// JSON in a cell.
fn parse_json_cell(field: &'static str, cell: &str) -> Result<Value> {
    let wrapped = read_json::<Map<String, Value>>(format!("{{\"{field}\":{cell}}}").as_bytes());
    let value = wrapped.map_err(|error| match error.kind {
        Kind::Malformed => Error::invalid(field, "json_malformed", "must be JSON"),
        _ => error,
    })?;
    // The cell closed the object and added another member.
    match value.len() {
        1 => Ok(value.into_iter().next().map(|(_, value)| value).unwrap_or_default()),
        _ => Err(Error::invalid(field, "json_malformed", "must be JSON")),
    }
}

/// A product as a row with all columns of [`Column::ALL`].
pub(crate) fn format_row(product: &ProductIn) -> Result<Vec<String>> {
    let price = |money: Option<Money>| money.map(decimal).unwrap_or_default();
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
        Column::Tags => csv::escape_formula(join_tags(product.tags.iter())),
        Column::Attributes | Column::Options | Column::Variants => match &body[column.name()] {
            Value::Null => String::new(),
            value => csv::escape_formula(json(value.clone())),
        },
        _ => csv::escape_formula(text(column.name())),
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
    use proptest::prelude::*;

    fn words(of: &[&str]) -> Vec<String> {
        of.iter().map(|word| (*word).to_owned()).collect()
    }

    fn read(columns: &[&str], cells: &[&str]) -> Result<Map<String, Value>> {
        parse_row(&parse_header(&words(columns)).unwrap(), words(cells))
    }

    fn field_error(columns: &[&str], cells: &[&str]) -> (String, &'static str) {
        let columns = [&["sku", "name", "category"], columns].concat();
        let cells = [&["A", "A", "a"], cells].concat();
        let field = read(&columns, &cells).unwrap_err().fields.remove(0);
        (field.field, field.code)
    }

    #[test]
    fn header_names_known_columns_once() {
        assert_eq!(parse_header(&words(&["category", " sku", "name"])).unwrap()[1], Column::Sku);
        let error = |names: &[&str]| parse_header(&words(names)).unwrap_err();
        for bad in [&["sku", "name", "category", "colour"][..], &["sku", "sku"], &["sku", "name"], &["sku;name"], &[""]]
        {
            assert_eq!(error(bad).code, "csv_column", "{bad:?}");
        }
        assert!(error(&["sku", "name"]).detail.contains("category"));
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
    fn invalid_cell_is_named() {
        assert_eq!(field_error(&["price", "currency"], &["1,5", "EUR"]), ("price".into(), "price_malformed"));
        assert_eq!(field_error(&["price", "currency"], &["1.5", "euro"]), ("currency".into(), "currency_unknown"));
        assert_eq!(field_error(&["price"], &["1.5"]), ("currency".into(), "required"));
        assert_eq!(field_error(&["stock"], &["-1"]), ("stock".into(), "wrong_type"));
        assert_eq!(field_error(&["weight"], &["1.5"]), ("weight".into(), "wrong_type"));
        for bad in ["{", "1,\"x\":2", "", "{}}"] {
            if !bad.is_empty() {
                assert_eq!(field_error(&["attributes"], &[bad]), ("attributes".into(), "json_malformed"), "{bad}");
            }
        }
        assert_eq!(field_error(&["weight"], &[]), ("line".into(), "csv_cells"));
    }

    proptest! {
        #[test]
        fn tags_share_a_cell(tags in prop::collection::vec("[a|\\\\ ]{1,5}", 1..6)) {
            prop_assert_eq!(split_tags(&join_tags(tags.iter().map(String::as_str))), tags);
        }
    }
}
