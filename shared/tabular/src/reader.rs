//! Reads records from a file, block by block. The same file gives the same records whatever its blocks are.
//! Each record knows where the next one begins, so that reading can continue there at another time.

use crate::delimiter::{self, Delimiter, DelimiterHint};
use crate::record::{FilePosition, Format, InvalidRecord, MAX_RECORD_BYTES, Record, RecordContent, Scan, line_end};
use crate::{csv, ndjson};

/// The UTF-8 byte order mark. Some programs write it at the beginning of a file.
pub(crate) const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

/// Reads records from blocks of a file.
#[derive(Debug)]
pub struct Reader {
    format: Format,
    delimiter: Delimiter,
    position: FilePosition,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are read.
    read: usize,
    /// No block follows.
    is_last: bool,
}

impl Reader {
    /// A reader that continues at a position. Cells of CSV end at commas, unless it gets another delimiter.
    pub fn at(format: Format, position: FilePosition) -> Self {
        let delimiter = Delimiter::default();
        Self { format, delimiter, position, buffer: Vec::new(), read: 0, is_last: false }
    }

    /// Ends cells at a delimiter from now on.
    pub fn end_cells_at(&mut self, delimiter: Delimiter) {
        self.delimiter = delimiter;
    }

    /// What the beginning of a CSV file says about its delimiter. Skips blank lines and the line that names the delimiter, so that the
    /// next record is the header line. `None`: the reader needs another block, or is done.
    pub fn delimiter_hint(&mut self) -> Option<DelimiterHint> {
        loop {
            self.skip_byte_order_mark();
            let rest = &self.buffer[self.read..];
            let bytes = match line_end(rest) {
                Some(bytes) => bytes,
                None if self.is_last || rest.len() > MAX_RECORD_BYTES => rest.len(),
                None => return None,
            };
            if bytes == 0 {
                return None;
            }
            let is_blank = delimiter::is_blank(&rest[..bytes]);
            let hint = delimiter::hint(&rest[..bytes]);
            if is_blank || matches!(hint, DelimiterHint::Named(_)) {
                self.advance(bytes, 1);
            }
            if !is_blank {
                return Some(hint);
            }
        }
    }

    /// The offset in bytes of the next block.
    pub fn next_block_offset(&self) -> u64 {
        self.position.offset + (self.buffer.len() - self.read) as u64
    }

    /// The position after the last record.
    pub fn position(&self) -> FilePosition {
        self.position
    }

    /// Adds the next block. An empty block is the end of the file.
    pub fn feed(&mut self, block: &[u8]) {
        self.is_last |= block.is_empty();
        self.buffer.drain(..self.read);
        self.read = 0;
        self.buffer.extend_from_slice(block);
    }

    /// Is the whole file read?
    pub fn is_done(&self) -> bool {
        self.is_last && self.read == self.buffer.len()
    }

    /// The next record. `None`: the reader needs another block, or is done.
    #[expect(clippy::should_implement_trait, reason = "after `None` there can be another record")]
    pub fn next(&mut self) -> Option<Record> {
        loop {
            self.skip_byte_order_mark();
            if self.position.is_in_invalid_line && !self.skip_line() {
                return None;
            }
            let (rest, line) = (&self.buffer[self.read..], self.position.line + 1);
            let (bytes, lines, content) = match self.format {
                Format::Csv => found(csv::scan(rest, self.is_last, self.delimiter), RecordContent::Cells),
                Format::Ndjson => found(ndjson::scan(rest, self.is_last), RecordContent::Json),
            }?;
            self.position.is_in_invalid_line = bytes.is_none();
            let (bytes, lines) = bytes.map_or((MAX_RECORD_BYTES, 0), |bytes| (bytes, lines));
            self.advance(bytes, lines);
            if let Some(content) = content {
                let is_ended = self.buffer[..self.read].ends_with(b"\n");
                return Some(Record { line, bytes, next: self.position, is_ended, content });
            }
        }
    }

    fn skip_byte_order_mark(&mut self) {
        // No record ends inside the mark, so the mark is complete in the buffer before the first record is.
        if self.position == FilePosition::default() && self.buffer[self.read..].starts_with(BYTE_ORDER_MARK) {
            self.advance(BYTE_ORDER_MARK.len(), 0);
        }
    }

    fn advance(&mut self, bytes: usize, lines: u64) {
        self.read += bytes;
        self.position.offset += bytes as u64;
        self.position.line += lines;
    }

    /// Skips the rest of an invalid line. False: the line does not end in the buffer.
    fn skip_line(&mut self) -> bool {
        let rest = &self.buffer[self.read..];
        match line_end(rest) {
            Some(bytes) => self.advance(bytes, 1),
            None => {
                self.advance(rest.len(), 0);
                return false;
            }
        }
        self.position.is_in_invalid_line = false;
        true
    }
}

/// Bytes, lines and content of what the scan found. Without bytes, the end of the line is not found yet.
type Found = (Option<usize>, u64, Option<Result<RecordContent, InvalidRecord>>);

/// `None` while the scan is incomplete.
fn found<T>(scan: Scan<T>, content: fn(T) -> RecordContent) -> Option<Found> {
    match scan {
        Scan::Record { bytes, lines, record } => Some((Some(bytes), lines, Some(Ok(content(record))))),
        Scan::Blank { bytes, lines } => Some((Some(bytes), lines, None)),
        Scan::Invalid { error, bytes, beginning } => {
            Some((bytes, 1, Some(Err(InvalidRecord { error, beginning: content(beginning) }))))
        }
        Scan::Incomplete => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordError;
    use proptest::prelude::*;

    /// Reads a file in blocks that end at these offsets. `restarts`: a new reader continues after each record.
    fn read_in_blocks(format: Format, file: &[u8], ends: &[usize], restarts: bool) -> Vec<Record> {
        let mut reader = Reader::at(format, FilePosition::default());
        let mut records = Vec::new();
        loop {
            while let Some(record) = reader.next() {
                if restarts {
                    reader = Reader::at(format, record.next);
                }
                records.push(record);
            }
            if reader.is_done() {
                return records;
            }
            let from = usize::try_from(reader.next_block_offset()).unwrap();
            let end = ends.iter().copied().filter(|end| *end > from).min().unwrap_or(file.len()).min(file.len());
            reader.feed(&file[from..end.max(from)]);
        }
    }

    #[test]
    fn record_knows_its_line_and_where_the_next_begins() {
        let file = b"\xEF\xBB\xBFa,b\n\"x\ny\",1\n\n\"broken,1\nlast,1";
        let records = read_in_blocks(Format::Csv, file, &[], false);
        let found: Vec<(u64, u64, bool)> =
            records.iter().map(|record| (record.line, record.next.offset, record.content.is_ok())).collect();
        assert_eq!(found, [(1, 7, true), (2, 15, true), (5, 26, false), (6, 32, true)]);
        assert_eq!(
            records[0].content,
            Ok(RecordContent::Cells(vec!["a".to_owned(), "b".to_owned()])),
            "the first cell does not contain the mark"
        );
    }

    #[test]
    fn record_knows_whether_a_line_break_ends_it() {
        let read = |format: Format, file: &[u8]| -> Vec<bool> {
            read_in_blocks(format, file, &[], false).iter().map(|record| record.is_ended).collect()
        };
        assert_eq!(read(Format::Csv, b"a\r\n\"b\"x\nc\n\"d\n\""), [true, true, true, false]);
        assert_eq!(read(Format::Csv, b"a\nb\r"), [true, false], "half a line break may have been cut");
        assert_eq!(read(Format::Ndjson, b"{}\r\n{}"), [true, false]);
    }

    #[test]
    fn empty_file_has_no_records() {
        for format in [Format::Csv, Format::Ndjson] {
            for file in [&b""[..], BYTE_ORDER_MARK, b"\n", b"\r\n\n"] {
                assert_eq!(read_in_blocks(format, file, &[], false), []);
            }
        }
    }

    /// The hint of a file that is read in blocks of that size, and the line of the header.
    fn hint_of(file: &[u8], block: usize) -> (Option<DelimiterHint>, Option<u64>) {
        let mut reader = Reader::at(Format::Csv, FilePosition::default());
        let mut blocks = file.chunks(block).chain([&b""[..]]);
        let hint = loop {
            match (reader.delimiter_hint(), reader.is_done()) {
                (None, false) => reader.feed(blocks.next().unwrap()),
                (hint, _) => break hint,
            }
        };
        blocks.for_each(|block| reader.feed(block));
        reader.feed(&[]);
        (hint, reader.next().map(|header| header.line))
    }

    #[test]
    fn header_line_is_the_next_record_after_the_hint() {
        for (file, delimiter, line) in [
            (&b"sku;name\nA;B\n"[..], DelimiterHint::Seen(Delimiter::Semicolon), 1),
            (&b"\xEF\xBB\xBFsep=;\r\nsku;name\nA;B\n"[..], DelimiterHint::Named(Delimiter::Semicolon), 2),
            (&b"\xEF\xBB\xBF\r\n;;;\r\n\"\";\"\"\r\nsku\tname"[..], DelimiterHint::Seen(Delimiter::Tab), 4),
            (&b"sep=|\nsku|name\n"[..], DelimiterHint::Unsupported, 1),
        ] {
            for block in [1, 2, 5, 100] {
                assert_eq!(hint_of(file, block), (Some(delimiter), Some(line)), "{:?}", String::from_utf8_lossy(file));
            }
        }
        for empty in [&b""[..], b"\n\n", b";;;\n", b"\xEF\xBB\xBF"] {
            assert_eq!(hint_of(empty, 2), (None, None));
        }
    }

    #[test]
    fn too_long_line_is_skipped_whatever_its_length() {
        let file = [vec![b'x'; 5 * MAX_RECORD_BYTES], b"\n{}\n".to_vec()].concat();
        for blocks in [&[][..], &[MAX_RECORD_BYTES / 2, MAX_RECORD_BYTES + 1, 3 * MAX_RECORD_BYTES]] {
            for restarts in [false, true] {
                for format in [Format::Csv, Format::Ndjson] {
                    let records = read_in_blocks(format, &file, blocks, restarts);
                    assert_eq!(records[0].content.as_ref().unwrap_err().error, RecordError::TooLong);
                    assert_eq!((records.len(), records[1].line, records[1].content.is_ok()), (2, 2, true));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_block_boundary_gives_the_same_records(
            file in "[a\"\r\n, ☕\u{feff}]{0,60}",
            ends in prop::collection::vec(0usize..80, 0..8),
            restarts: bool,
        ) {
            for format in [Format::Csv, Format::Ndjson] {
                let whole = read_in_blocks(format, file.as_bytes(), &[], false);
                prop_assert_eq!(&read_in_blocks(format, file.as_bytes(), &ends, restarts), &whole);
                let every: Vec<usize> = (0..file.len()).collect();
                prop_assert_eq!(&read_in_blocks(format, file.as_bytes(), &every, restarts), &whole);
            }
        }

        #[test]
        fn lines_are_numbered_as_in_an_editor(file in "[a\"\n,]{0,40}") {
            for record in read_in_blocks(Format::Csv, file.as_bytes(), &[], false) {
                let before = &file.as_bytes()[..usize::try_from(record.next.offset).unwrap()];
                let breaks = before.iter().filter(|byte| **byte == b'\n').count() as u64;
                prop_assert!(record.line <= breaks + 1);
                let unfinished = !before.ends_with(b"\n");
                prop_assert_eq!(record.next.line, breaks + u64::from(unfinished && !record.next.is_in_invalid_line));
            }
        }
    }
}
