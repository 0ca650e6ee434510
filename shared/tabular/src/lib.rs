//! Tabular files: CSV (RFC 4180, media type `text/csv` of RFC 7111) and NDJSON (<https://github.com/ndjson/ndjson-spec>), and the
//! decimal amounts in their cells (ISO 4217).
//!
//! The crate is pure. It knows no file system, no network and no runtime: the caller feeds it blocks of bytes.
//!
//! Invariants: an invalid line rejects itself and no other line. A record is at most [`MAX_RECORD_BYTES`] long, so memory is
//! bounded. Block boundaries never change the records. Reading can stop after any record and continue at its
//! [`FilePosition`]. A written record reads back as it was, unless all its cells are blank: then it is not a record.

pub mod csv;
mod decimal;
mod delimiter;
mod dialect;
mod excel;
mod ndjson;
mod reader;
mod record;

pub use decimal::{AmountError, decimal, read_amount};
pub use delimiter::{Delimiter, DelimiterHint};
pub use dialect::Dialect;
pub use excel::is_shortened_number;
pub use reader::Reader;
pub use record::{FilePosition, Format, InvalidRecord, MAX_RECORD_BYTES, Record, RecordContent, RecordError};
