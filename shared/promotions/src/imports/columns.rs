//! The columns of a CSV file of codes, as its header line names them. Pure.

use aws_kit::carriage_returns;
use serde::{Deserialize, Serialize};
use values::{Error, Result};

/// A column of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Column {
    Code,
    MaxUses,
}

/// Characters of a column's name that an error repeats.
const SHOWN: usize = 40;

impl Column {
    const ALL: [Self; 2] = [Self::Code, Self::MaxUses];

    /// The name in the header line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::MaxUses => "maxUses",
        }
    }
}

/// The columns that a header line names, in its order, in any case. 409 `csv_column` if one is unknown or doubled, or without `code`.
pub(crate) fn parse_header(cells: &[String]) -> Result<Vec<Column>> {
    if cells.iter().any(|cell| cell.contains('\r')) {
        return Err(carriage_returns());
    }
    // A table of a spreadsheet may be wider than its content.
    let named = cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
    let mut columns: Vec<Column> = Vec::with_capacity(named);
    for name in cells.iter().take(named).map(|cell| cell.trim()) {
        let column = Column::ALL.into_iter().find(|column| column.name().eq_ignore_ascii_case(name));
        match column.filter(|column| !columns.contains(column)) {
            Some(column) => columns.push(column),
            None => {
                let shown: String = name.chars().take(SHOWN).collect();
                let detail =
                    format!("The column {shown:?} is unknown, or named twice. Allowed columns: code, maxUses.");
                return Err(Error::conflict("csv_column", detail));
            }
        }
    }
    match columns.contains(&Column::Code) {
        true => Ok(columns),
        false => Err(Error::conflict("csv_column", "The column \"code\" is missing.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Result<Vec<Column>, &'static str> {
        let cells: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        parse_header(&cells).map_err(|error| error.code)
    }

    #[test]
    fn header_names_known_columns_once() {
        assert_eq!(header(&["code"]), Ok(vec![Column::Code]));
        assert_eq!(header(&["MAXUSES", " Code ", "", " "]), Ok(vec![Column::MaxUses, Column::Code]));
        for bad in [&["maxUses"][..], &[""], &[], &["code", "Code"], &["code", "price"], &["code", "", "maxUses"]] {
            assert_eq!(header(bad), Err("csv_column"), "{bad:?}");
        }
        assert_eq!(header(&["code\rWELCOME10"]), Err("csv_column"), "all lines are one line");
    }
}
