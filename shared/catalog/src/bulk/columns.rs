//! The columns of a CSV file, as its header line names them.

use serde::{Deserialize, Serialize};
use values::{Error, Kind, Result};

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
pub(crate) const REQUIRED: [Column; 3] = [Column::Sku, Column::Name, Column::Category];

/// The columns that a header line names, in its order, in any case. 422 `csv_column` if one is unknown, duplicate or missing.
pub(crate) fn parse_header(cells: &[String]) -> Result<Vec<Column>> {
    // A table of a spreadsheet may be wider than its content.
    let named = cells.iter().rposition(|cell| !is_blank(cell)).map_or(0, |last| last + 1);
    if cells.iter().any(|cell| cell.contains('\r')) {
        return Err(carriage_returns());
    }
    let mut columns: Vec<Column> = Vec::with_capacity(named);
    for cell in &cells[..named] {
        let name = cell.trim();
        let Some(column) = Column::ALL.iter().find(|column| column.name().eq_ignore_ascii_case(name)) else {
            let names: Vec<&str> = Column::ALL.iter().map(|column| column.name()).collect();
            let shown: String = name.chars().take(40).collect();
            return Err(column_error(format!(
                "The column {shown:?} is unknown. Allowed columns, separated by commas, semicolons or tabs: {}.",
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

/// The error for a file in which a carriage return alone ends each line.
pub(crate) fn carriage_returns() -> Error {
    let detail = "The lines of the file end with a carriage return alone. End them with a line feed too.";
    column_error(detail.to_owned())
}

fn column_error(detail: String) -> Error {
    Error::new(Kind::Invalid, "csv_column", detail)
}

/// Does the cell have no visible character?
pub(crate) fn is_blank(cell: &str) -> bool {
    cell.trim().is_empty()
}

/// Names the columns of a row in an error that is about the body of a request.
pub(crate) fn name_columns(mut error: Error) -> Error {
    for field in &mut error.fields {
        let column = match field.field.as_str() {
            "price.amount" => Column::Price,
            "compareAtPrice.amount" => Column::CompareAtPrice,
            "price.currency" | "compareAtPrice.currency" => Column::Currency,
            "stock.available" => Column::Stock,
            _ => continue,
        };
        field.field = column.name().to_owned();
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(of: &[&str]) -> Vec<String> {
        of.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn header_names_known_columns_once() {
        assert_eq!(parse_header(&words(&["category", " sku", "name"])).unwrap()[1], Column::Sku);
        let error = |names: &[&str]| parse_header(&words(names)).unwrap_err();
        for bad in [
            &["sku", "name", "category", "colour"][..],
            &["sku", "sku"],
            &["sku", "SKU ", "name", "category"],
            &["sku", "name"],
            &["sku;name"],
            &["sku", "", "name", "category"],
            &[""],
        ] {
            assert_eq!(error(bad).code, "csv_column", "{bad:?}");
        }
        assert!(error(&["sku", "name"]).detail.contains("category"));
    }

    #[test]
    fn header_is_read_in_any_case_and_with_blanks() {
        let columns = parse_header(&words(&["SKU", " Name ", "\u{a0}CATEGORY", "compareatprice", "TaxClass", "", " "]));
        let expected = [Column::Sku, Column::Name, Column::Category, Column::CompareAtPrice, Column::TaxClass];
        assert_eq!(columns.unwrap(), expected);
    }

    #[test]
    fn error_of_a_row_names_its_column() {
        let column_of =
            |field: &str| name_columns(Error::invalid(field, "invalid_value", "is it")).fields.remove(0).field;
        for (field, column) in [
            ("price.amount", "price"),
            ("compareAtPrice.amount", "compareAtPrice"),
            ("price.currency", "currency"),
            ("stock.available", "stock"),
            ("name", "name"),
            ("variants[0].price.amount", "variants[0].price.amount"),
        ] {
            assert_eq!(column_of(field), column);
        }
    }
}
