//! For whom a CSV file is written: for programs, or for Excel. An import reads both.

use serde::{Deserialize, Serialize};
use values::Money;

use crate::delimiter::Delimiter;
use crate::reader::BYTE_ORDER_MARK;
use crate::{csv, decimal, excel};

/// How a CSV file is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// RFC 4180: commas, and decimal points.
    #[default]
    Standard,
    /// For Excel where the comma is the decimal separator: a byte order mark, semicolons, and decimal commas. What Excel would read as a
    /// number, a date or a truth value is marked as text.
    Excel,
}

impl Dialect {
    /// Is it RFC 4180?
    pub fn is_standard(&self) -> bool {
        *self == Self::Standard
    }

    /// What ends a cell.
    pub fn delimiter(self) -> Delimiter {
        match self {
            Self::Standard => Delimiter::Comma,
            Self::Excel => Delimiter::Semicolon,
        }
    }

    /// The bytes in front of the header line. Without the mark, Excel does not read UTF-8.
    pub fn preamble(self) -> &'static [u8] {
        match self {
            Self::Standard => &[],
            Self::Excel => BYTE_ORDER_MARK,
        }
    }

    /// The cell of a text. [`csv::unescape`] reverses it.
    pub fn text(self, text: String) -> String {
        match self {
            Self::Excel if excel::is_converted(&text) => format!("'{text}"),
            _ => csv::escape_formula(text),
        }
    }

    /// The cell of an amount, with all digits of its currency.
    pub fn amount(self, money: Money) -> String {
        match self {
            Self::Standard => decimal(money),
            Self::Excel => decimal(money).replace('.', ","),
        }
    }
}
