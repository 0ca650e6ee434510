//! A file of records, read block by block: however the blocks fall, the records are the same, and each knows where the next
//! one begins, so that reading can go on there another time.

use serde::{Deserialize, Serialize};

use crate::{Format, csv, ndjson};

/// The longest record, with its line break.
pub(crate) const MOST_BYTES: usize = 256 * 1024;
/// What some programs write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

/// Why a line is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A quote in the middle of a cell, text after a closing quote, or a quote that is not closed.
    Quote,
    /// More than [`MOST_BYTES`].
    TooLong,
    /// Another encoding, or none.
    NotUtf8,
}

impl Fault {
    /// As the report says it.
    pub(crate) fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Quote => (
                "csv_quote",
                "A quote is broken: a cell with quotes begins and ends with one, and has each quote inside twice.",
            ),
            Self::TooLong => ("line_too_long", "The line is longer than 256 KB."),
            Self::NotUtf8 => ("not_utf8", "The line is not UTF-8: save the file in that encoding."),
        }
    }
}

/// What a buffer begins with.
#[derive(Debug, PartialEq)]
pub(crate) enum Cut<T> {
    /// A record.
    Record {
        /// So long, with its line break.
        bytes: usize,
        /// It reaches over so many lines of the file.
        lines: u64,
        /// Itself.
        record: T,
    },
    /// A line with nothing on it.
    Blank {
        /// So long, with its line break.
        bytes: usize,
    },
    /// A line that is no record.
    Fault {
        /// Why.
        fault: Fault,
        /// So long, with its line break; none: its end is not among the first [`MOST_BYTES`].
        bytes: Option<usize>,
    },
    /// The beginning of a record, or nothing.
    More,
}

impl<T> Cut<T> {
    /// The first line of a buffer, which is no record.
    pub(crate) fn faulty(fault: Fault, buffer: &[u8], is_all: bool) -> Self {
        match line_end(&buffer[..buffer.len().min(MOST_BYTES)]) {
            None if buffer.len() > MOST_BYTES => Self::Fault { fault, bytes: None },
            None if !is_all => Self::More,
            end => Self::Fault { fault, bytes: Some(end.unwrap_or(buffer.len())) },
        }
    }
}

/// How long the first line is, with its break.
pub(crate) fn line_end(buffer: &[u8]) -> Option<usize> {
    buffer.iter().position(|byte| *byte == b'\n').map(|index| index + 1)
}

/// A place between two records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Bytes before it.
    pub(crate) offset: u64,
    /// Lines before it.
    pub(crate) line: u64,
    /// In the middle of a line that is no record: what is left of it belongs to nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) inside: bool,
}

/// A record, or a line that is none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    /// Where it begins, counted from 1, as an editor counts.
    pub(crate) line: u64,
    /// How long it is.
    pub(crate) bytes: usize,
    /// Where the next one begins.
    pub(crate) next: Place,
    /// What it says.
    pub(crate) said: Result<Said, Fault>,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// A line of NDJSON.
    Json(String),
    /// A record of CSV.
    Cells(Vec<String>),
}

/// Reads records out of blocks.
#[derive(Debug)]
pub(crate) struct Reader {
    format: Format,
    place: Place,
    buffer: Vec<u8>,
    /// Of the buffer: what was read already.
    read: usize,
    is_all: bool,
}

impl Reader {
    /// Goes on at a place where it stopped before.
    pub(crate) fn at(format: Format, place: Place) -> Self {
        Self { format, place, buffer: Vec::new(), read: 0, is_all: false }
    }

    /// Where the next block begins.
    pub(crate) fn wants(&self) -> u64 {
        self.place.offset + (self.buffer.len() - self.read) as u64
    }

    /// Where it has come to.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The next block; an empty one is the end of the file.
    pub(crate) fn feed(&mut self, block: &[u8]) {
        self.is_all |= block.is_empty();
        self.buffer.drain(..self.read);
        self.read = 0;
        self.buffer.extend_from_slice(block);
    }

    /// Has everything been read?
    pub(crate) fn is_done(&self) -> bool {
        self.is_all && self.read == self.buffer.len()
    }

    /// The next record; none: it needs another block, or is done.
    pub(crate) fn next(&mut self) -> Option<Record> {
        loop {
            // No record ends within a part of the mark, so that is seen whole before one does.
            if self.place == Place::default() && self.buffer[self.read..].starts_with(BYTE_ORDER_MARK) {
                self.pass(BYTE_ORDER_MARK.len(), 0);
            }
            if self.place.inside && !self.leave_line() {
                return None;
            }
            let (rest, line) = (&self.buffer[self.read..], self.place.line + 1);
            let (bytes, lines, said) = match self.format {
                Format::Csv => read(csv::cut(rest, self.is_all), Said::Cells),
                Format::Ndjson => read(ndjson::cut(rest, self.is_all), Said::Json),
            }?;
            self.place.inside = bytes.is_none();
            let (bytes, lines) = bytes.map_or((MOST_BYTES, 0), |bytes| (bytes, lines));
            self.pass(bytes, lines);
            if let Some(said) = said {
                return Some(Record { line, bytes, next: self.place, said });
            }
        }
    }

    fn pass(&mut self, bytes: usize, lines: u64) {
        self.read += bytes;
        self.place.offset += bytes as u64;
        self.place.line += lines;
    }

    /// False: the line goes on beyond the buffer.
    fn leave_line(&mut self) -> bool {
        let rest = &self.buffer[self.read..];
        match line_end(rest) {
            Some(bytes) => self.pass(bytes, 1),
            None => {
                self.pass(rest.len(), 0);
                return false;
            }
        }
        self.place.inside = false;
        true
    }
}

type Found = (Option<usize>, u64, Option<Result<Said, Fault>>);

/// How long it is, over how many lines, and what it says, if anything; none: there is no telling yet.
fn read<T>(cut: Cut<T>, said: fn(T) -> Said) -> Option<Found> {
    match cut {
        Cut::Record { bytes, lines, record } => Some((Some(bytes), lines, Some(Ok(said(record))))),
        Cut::Blank { bytes } => Some((Some(bytes), 1, None)),
        Cut::Fault { fault, bytes } => Some((bytes, 1, Some(Err(fault)))),
        Cut::More => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a file in blocks that end at those offsets, and perhaps anew from each record's end.
    fn read_in_blocks(format: Format, file: &[u8], ends: &[usize], anew: bool) -> Vec<Record> {
        let mut reader = Reader::at(format, Place::default());
        let mut records = Vec::new();
        loop {
            while let Some(record) = reader.next() {
                if anew {
                    reader = Reader::at(format, record.next);
                }
                records.push(record);
            }
            if reader.is_done() {
                return records;
            }
            let from = usize::try_from(reader.wants()).unwrap();
            let end = ends.iter().copied().filter(|end| *end > from).min().unwrap_or(file.len()).min(file.len());
            reader.feed(&file[from..end.max(from)]);
        }
    }

    #[test]
    fn a_record_knows_its_line_and_where_the_next_begins() {
        let file = b"\xEF\xBB\xBFa,b\n\"x\ny\",1\n\n\"broken,1\nlast,1";
        let records = read_in_blocks(Format::Csv, file, &[], false);
        let told: Vec<(u64, u64, bool)> =
            records.iter().map(|record| (record.line, record.next.offset, record.said.is_ok())).collect();
        assert_eq!(told, [(1, 7, true), (2, 15, true), (5, 26, false), (6, 32, true)]);
        assert_eq!(records[0].said, Ok(Said::Cells(vec!["a".to_owned(), "b".to_owned()])), "no mark in the first cell");
    }

    #[test]
    fn an_empty_file_has_no_records() {
        for format in [Format::Csv, Format::Ndjson] {
            for file in [&b""[..], BYTE_ORDER_MARK, b"\n", b"\r\n\n"] {
                assert_eq!(read_in_blocks(format, file, &[], false), []);
            }
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_left_behind_however_long_it_is() {
        let file = [vec![b'x'; 5 * MOST_BYTES], b"\n{}\n".to_vec()].concat();
        for blocks in [&[][..], &[MOST_BYTES / 2, MOST_BYTES + 1, 3 * MOST_BYTES]] {
            for anew in [false, true] {
                for format in [Format::Csv, Format::Ndjson] {
                    let records = read_in_blocks(format, &file, blocks, anew);
                    assert_eq!(records[0].said, Err(Fault::TooLong));
                    assert_eq!((records.len(), records[1].line, records[1].said.is_ok()), (2, 2, true));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_block_boundary_anywhere_gives_the_same_records(
            file in "[a\"\r\n, ☕\u{feff}]{0,60}",
            ends in prop::collection::vec(0usize..80, 0..8),
            anew: bool,
        ) {
            for format in [Format::Csv, Format::Ndjson] {
                let whole = read_in_blocks(format, file.as_bytes(), &[], false);
                prop_assert_eq!(&read_in_blocks(format, file.as_bytes(), &ends, anew), &whole);
                let every: Vec<usize> = (0..file.len()).collect();
                prop_assert_eq!(&read_in_blocks(format, file.as_bytes(), &every, anew), &whole);
            }
        }

        #[test]
        fn lines_are_counted_as_an_editor_counts_them(file in "[a\"\n,]{0,40}") {
            for record in read_in_blocks(Format::Csv, file.as_bytes(), &[], false) {
                let before = &file.as_bytes()[..usize::try_from(record.next.offset).unwrap()];
                let breaks = before.iter().filter(|byte| **byte == b'\n').count() as u64;
                prop_assert!(record.line <= breaks + 1);
                let unfinished = !before.ends_with(b"\n");
                prop_assert_eq!(record.next.line, breaks + u64::from(unfinished && !record.next.inside));
            }
        }
    }
}
