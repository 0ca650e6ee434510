//! Comma-separated values (RFC 4180), read strictly: a misplaced quote rejects its own line and no other.
//! Cells that a spreadsheet would run as a formula are escaped (OWASP, CSV injection).

use crate::record::{MAX_RECORD_BYTES, RecordError, Scan, line_end};

/// Characters at which a spreadsheet begins a formula, with their full-width forms.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The state of the parser within a record.
#[derive(Clone, Copy)]
enum State {
    /// Before the first character of a cell.
    Start,
    /// In a cell without quotes.
    Bare,
    /// Between quotes.
    Quoted,
    /// After a quote inside quotes: the end of the cell, or the first half of an escaped quote.
    Closing,
}

/// The first record of `buffer`. `is_last`: no bytes follow the buffer.
pub(crate) fn scan(buffer: &[u8], is_last: bool) -> Scan<Vec<String>> {
    let mut cells = Cells::default();
    let (mut state, mut lines) = (State::Start, 0);
    for (index, &byte) in buffer.iter().enumerate() {
        if index >= MAX_RECORD_BYTES {
            let error = if matches!(state, State::Quoted) { RecordError::Quote } else { RecordError::TooLong };
            return Scan::invalid(error, buffer, is_last);
        }
        lines += u64::from(byte == b'\n');
        state = match (state, byte) {
            (State::Quoted, b'"') => State::Closing,
            (State::Quoted, _) => cells.push(byte, State::Quoted),
            (State::Start, b'"') => State::Quoted,
            (State::Closing, b'"') => cells.push(byte, State::Quoted),
            (_, b',') => cells.end(),
            (_, b'\n') => return cells.record(index + 1, lines, buffer),
            // The first half of a line break, or an ordinary character.
            (_, b'\r') => match (buffer.get(index + 1), state) {
                (Some(b'\n') | None, _) => state,
                (Some(_), State::Closing) => return Scan::invalid(RecordError::Quote, buffer, is_last),
                (Some(_), _) => cells.push(byte, State::Bare),
            },
            (State::Closing, _) | (State::Bare, b'"') => return Scan::invalid(RecordError::Quote, buffer, is_last),
            (State::Start | State::Bare, _) => cells.push(byte, State::Bare),
        };
    }
    match state {
        _ if !is_last => Scan::Incomplete,
        State::Quoted => Scan::invalid(RecordError::Quote, buffer, is_last),
        _ if buffer.is_empty() => Scan::Incomplete,
        _ => cells.record(buffer.len(), lines + 1, buffer),
    }
}

#[derive(Default)]
struct Cells {
    closed: Vec<Vec<u8>>,
    open: Vec<u8>,
}

impl Cells {
    fn push(&mut self, byte: u8, next: State) -> State {
        self.open.push(byte);
        next
    }

    fn end(&mut self) -> State {
        self.closed.push(std::mem::take(&mut self.open));
        State::Start
    }

    fn record(mut self, bytes: usize, lines: u64, buffer: &[u8]) -> Scan<Vec<String>> {
        let _ = self.end();
        let is_blank = buffer[..bytes].iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        if is_blank {
            return Scan::Blank { bytes };
        }
        match self.closed.into_iter().map(String::from_utf8).collect() {
            Ok(cells) => Scan::Record { bytes, lines, record: cells },
            Err(_) => Scan::Invalid {
                error: RecordError::NotUtf8,
                bytes: Some(line_end(buffer).map_or(bytes, |end| end.min(bytes))),
            },
        }
    }
}

/// Appends a record. Cells are quoted only where they must be, so that the file stays small.
/// Cells with `;` or a tab are quoted too, because some programs end a cell there.
pub fn write(cells: &[String], out: &mut Vec<u8>) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        // A record with one empty cell would be a blank line.
        if cell.contains([',', '"', '\r', '\n', ';', '\t']) || cells.iter().all(String::is_empty) {
            out.push(b'"');
            out.extend(cell.replace('"', "\"\"").bytes());
            out.push(b'"');
        } else {
            out.extend(cell.bytes());
        }
    }
    out.extend(b"\r\n");
}

/// A cell that no spreadsheet runs as a formula. A cell that begins like a formula, or with an apostrophe, gets an apostrophe in
/// front. See <https://owasp.org/www-community/attacks/CSV_Injection>.
pub fn escape_formula(cell: String) -> String {
    if cell.starts_with(FORMULA) || cell.starts_with('\'') { format!("'{cell}") } else { cell }
}

/// Reverses [`escape_formula`]. An apostrophe in front of any other text belongs to the text.
pub fn unescape_formula(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA) || rest.starts_with('\'')).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The records of a whole file, and the errors of its other lines.
    fn read(file: &[u8]) -> Vec<Result<Vec<String>, RecordError>> {
        let (mut at, mut records) = (0, Vec::new());
        while at < file.len() {
            at += match scan(&file[at..], true) {
                Scan::Record { bytes, record, .. } => {
                    records.push(Ok(record));
                    bytes
                }
                Scan::Blank { bytes } => bytes,
                Scan::Invalid { error, bytes } => {
                    records.push(Err(error));
                    bytes.unwrap_or_else(|| {
                        let beyond = &file[at + MAX_RECORD_BYTES..];
                        MAX_RECORD_BYTES + line_end(beyond).unwrap_or(beyond.len())
                    })
                }
                Scan::Incomplete => {
                    panic!("a whole file is never incomplete: {:?}", String::from_utf8_lossy(&file[at..]))
                }
            };
        }
        records
    }

    fn cells(of: &[&str]) -> Result<Vec<String>, RecordError> {
        Ok(of.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn cells_are_read_by_rfc_4180() {
        assert_eq!(read(b"a,b\r\n"), [cells(&["a", "b"])]);
        assert_eq!(read(b"a,b\nc,d"), [cells(&["a", "b"]), cells(&["c", "d"])], "the last line needs no line break");
        assert_eq!(read(b"\"a,\"\"b\"\"\",\"c\r\nd\"\n"), [cells(&["a,\"b\"", "c\r\nd"])]);
        assert_eq!(read(b",,\n\"\",x"), [cells(&["", "", ""]), cells(&["", "x"])]);
        assert_eq!(read(b"a\n\n\r\nb\r"), [cells(&["a"]), cells(&["b"])], "blank lines are not records");
        assert_eq!(read("Åsa,☕\n".as_bytes()), [cells(&["Åsa", "☕"])]);
        assert_eq!(read(b"a\rb,c\n"), [cells(&["a\rb", "c"])], "a carriage return alone is an ordinary character");
    }

    #[test]
    fn misplaced_quote_rejects_only_its_line() {
        let after = cells(&["good", "1"]);
        for broken in ["\"a\"b,1", "a\"b,1", "\"a\" ,1", "\"a\"\rb,1"] {
            assert_eq!(
                read(format!("{broken}\ngood,1\n").as_bytes()),
                [Err(RecordError::Quote), after.clone()],
                "{broken}"
            );
        }
        // An unclosed quote must not consume the rest of the file.
        assert_eq!(read(b"\"a,1\ngood,1\n"), [Err(RecordError::Quote), after.clone()]);
        assert_eq!(read(b"\"a,1\n\"good\",1\n"), [Err(RecordError::Quote), after.clone()]);
        let long = format!("\"a,1\n{}", "good,1\n".repeat(MAX_RECORD_BYTES / 7 + 10));
        assert_eq!(read(long.as_bytes())[..2], [Err(RecordError::Quote), after]);
    }

    #[test]
    fn line_is_bounded_and_utf_8() {
        let long = [vec![b'x'; MAX_RECORD_BYTES + 1], b"\ngood".to_vec()].concat();
        assert_eq!(read(&long), [Err(RecordError::TooLong), cells(&["good"])]);
        let bounded = [vec![b'x'; MAX_RECORD_BYTES - 1], b"\ngood".to_vec()].concat();
        assert_eq!(read(&bounded).iter().filter(|read| read.is_ok()).count(), 2);
        assert_eq!(read(b"caf\xe9,1\ngood\n"), [Err(RecordError::NotUtf8), cells(&["good"])], "Latin-1 is not guessed");
    }

    #[test]
    fn formula_is_escaped_and_unescaped() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=x", "''", "'tis"] {
            let safe = escape_formula(formula.to_owned());
            assert!(!safe.starts_with(FORMULA), "{safe}");
            assert_eq!(unescape_formula(&safe), formula);
        }
        assert_eq!(escape_formula("mug = cup".to_owned()), "mug = cup");
        assert_eq!(unescape_formula("'tis"), "'tis", "an apostrophe in front of text belongs to the text");
    }

    proptest! {
        #[test]
        fn written_file_reads_back(
            file in prop::collection::vec(prop::collection::vec("[a-c=+@'|☕é\"\r\n\t, -]{0,6}|\\PC{0,4}", 1..5), 0..8),
        ) {
            let mut bytes = Vec::new();
            for record in &file {
                write(&record.iter().cloned().map(escape_formula).collect::<Vec<_>>(), &mut bytes);
            }
            let read: Vec<Vec<String>> = read(&bytes).into_iter().map(Result::unwrap).collect();
            let read: Vec<Vec<String>> =
                read.iter().map(|record| record.iter().map(|cell| unescape_formula(cell).to_owned()).collect()).collect();
            prop_assert_eq!(read, file);
        }

        #[test]
        fn reading_any_file_ends(file in "[a\"\r\n, ]{0,40}") {
            let records = read(file.as_bytes());
            prop_assert!(records.len() <= file.len());
        }
    }
}
