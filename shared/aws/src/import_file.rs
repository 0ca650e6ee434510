//! The uploaded file of an import, read block by block, so that memory holds one block. It must not change while it is imported.

use tabular::{Delimiter, DelimiterHint, FilePosition, Reader, RecordContent, RecordError};
use values::{Error, Kind, Result};

use crate::{Bucket, Etag};

/// Bytes of a block.
const BLOCK_BYTES: u64 = 1024 * 1024;
const BYTES_PER_MEGABYTE: u64 = 1024 * 1024;

/// The file of an import.
#[derive(Debug)]
pub struct ImportFile<'a> {
    bucket: &'a Bucket,
    key: String,
    size: u64,
    etag: Etag,
}

/// The header line of a CSV file.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvHeader {
    pub cells: Vec<String>,
    pub delimiter: Delimiter,
    /// Where the first row begins.
    pub next: FilePosition,
}

impl<'a> ImportFile<'a> {
    /// The file as it is when its import starts, at most `max_bytes` long. 409 `file_missing`, `file_too_large`. 1 round trip.
    pub async fn open(bucket: &'a Bucket, key: String, max_bytes: u64) -> Result<Self> {
        let (size, etag) = bucket.head(&key).await?.ok_or_else(|| {
            Error::conflict("file_missing", "The file of the import does not exist. Upload it again with a new import.")
        })?;
        match size <= max_bytes {
            true => Ok(Self { bucket, key, size, etag }),
            false => {
                let megabytes = max_bytes / BYTES_PER_MEGABYTE;
                let detail = format!("The file is larger than {megabytes} MB. Split it.");
                Err(Error::conflict("file_too_large", detail))
            }
        }
    }

    /// The file whose import continues, with the size and the entity tag of its checkpoint.
    pub fn resume(bucket: &'a Bucket, key: String, (size, etag): (u64, Etag)) -> Self {
        Self { bucket, key, size, etag }
    }

    /// Its size in bytes and its entity tag, for the checkpoint.
    pub fn into_checkpoint(self) -> (u64, Etag) {
        (self.size, self.etag)
    }

    /// Gives the reader the next block; an empty one at the end. 409 `file_changed`. 0 or 1 round trips.
    pub async fn feed(&self, reader: &mut Reader) -> Result<()> {
        let from = reader.next_block_offset();
        if from >= self.size {
            reader.feed(&[]);
            return Ok(());
        }
        let block = self.bucket.get_range_of(&self.key, &self.etag, from, BLOCK_BYTES).await?;
        let changed = || Error::conflict("file_changed", "The file was changed during the import. Start a new import.");
        reader.feed(&block.ok_or_else(changed)?);
        Ok(())
    }

    /// Reads the header line of a CSV file, and the line in front of it that may name the delimiter. Afterwards the reader ends cells at
    /// the delimiter. 409 `csv_column`, `csv_delimiter`, and the codes of [`RecordError`].
    pub async fn header(&self, reader: &mut Reader, requested: Option<Delimiter>) -> Result<CsvHeader> {
        let missing =
            || Error::conflict("csv_column", "The file has no header line. Its first line must name the columns.");
        let hint = loop {
            match reader.delimiter_hint() {
                Some(hint) => break hint,
                None if reader.is_done() => return Err(missing()),
                None => self.feed(reader).await?,
            }
        };
        let delimiter = choose_delimiter(hint, requested)?;
        reader.end_cells_at(delimiter);
        let first = loop {
            match reader.next() {
                Some(first) => break first,
                None if reader.is_done() => return Err(missing()),
                None => self.feed(reader).await?,
            }
        };
        match first.content {
            Ok(RecordContent::Cells(cells)) => Ok(CsvHeader { cells, delimiter, next: first.next }),
            Ok(RecordContent::Json(_)) => Err(missing()),
            Err(invalid) => Err(Error::conflict(invalid.error.code(), invalid.error.message())),
        }
    }
}

/// The error for a CSV file in which a carriage return alone ends each line.
pub fn carriage_returns() -> Error {
    let detail = "The lines of the file end with a carriage return alone. End them with a line feed too.";
    Error::new(Kind::Invalid, "csv_column", detail)
}

/// The delimiter of a file. What the file names and what the request names must agree; the header line is only looked at without them.
fn choose_delimiter(hint: DelimiterHint, requested: Option<Delimiter>) -> Result<Delimiter> {
    match (hint, requested) {
        (DelimiterHint::Named(named), Some(requested)) if named != requested => {
            let (named, requested) = (named.name(), requested.name());
            let detail = format!(
                "The file names the {named} as its delimiter, but the import was started with the {requested}."
            );
            Err(Error::conflict("csv_delimiter", detail))
        }
        (DelimiterHint::Utf16, _) => Err(Error::conflict(RecordError::NotUtf8.code(), RecordError::NotUtf8.message())),
        (DelimiterHint::CarriageReturns, _) => Err(carriage_returns()),
        (DelimiterHint::Unsupported, _) => Err(Error::conflict(
            "csv_delimiter",
            "The line `sep=` of the file names an unknown delimiter. Use a comma, a semicolon or a tab.",
        )),
        (DelimiterHint::Named(named), _) => Ok(named),
        (DelimiterHint::Seen(seen), requested) => Ok(requested.unwrap_or(seen)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_and_request_agree_about_the_delimiter() {
        let [comma, semicolon, tab] = Delimiter::ALL;
        let chosen = |hint, requested| choose_delimiter(hint, requested).map_err(|error| error.code);
        assert_eq!(chosen(DelimiterHint::Seen(semicolon), None), Ok(semicolon));
        assert_eq!(chosen(DelimiterHint::Seen(comma), Some(tab)), Ok(tab));
        assert_eq!(chosen(DelimiterHint::Named(semicolon), None), Ok(semicolon));
        assert_eq!(chosen(DelimiterHint::Named(tab), Some(tab)), Ok(tab));
        assert_eq!(chosen(DelimiterHint::Named(tab), Some(comma)), Err("csv_delimiter"));
        assert_eq!(chosen(DelimiterHint::Unsupported, Some(comma)), Err("csv_delimiter"));
        assert_eq!(chosen(DelimiterHint::Utf16, Some(comma)), Err("not_utf8"));
        assert_eq!(chosen(DelimiterHint::CarriageReturns, None), Err("csv_column"));
    }
}
