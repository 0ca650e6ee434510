//! Values between delimiters (RFC 4180), read strictly: a misplaced quote rejects its own line and no other.
//! Cells that a spreadsheet would run as a formula are escaped (OWASP, CSV injection).

use crate::delimiter::Delimiter;
use crate::excel;
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

/// The first record of `buffer`. `is_last`: no bytes follow the buffer. A row without content, such as `;;;`, is no record: programs
/// write such rows below a table.
pub(crate) fn scan(buffer: &[u8], is_last: bool, delimiter: Delimiter) -> Scan<Vec<String>> {
    let mut cells = Cells::default();
    let (mut state, mut lines) = (State::Start, 0);
    for (index, &byte) in buffer.iter().enumerate() {
        if index >= MAX_RECORD_BYTES {
            let error = if matches!(state, State::Quoted) { RecordError::Quote } else { RecordError::TooLong };
            return cells.broken(error, buffer, is_last);
        }
        lines += u64::from(byte == b'\n');
        state = match (state, byte) {
            (State::Quoted, b'"') => State::Closing,
            (State::Quoted, _) => cells.push(byte, State::Quoted),
            (State::Start, b'"') => State::Quoted,
            (State::Closing, b'"') => cells.push(byte, State::Quoted),
            (_, byte) if byte == delimiter.byte() => cells.end(),
            (_, b'\n') => return cells.record(index + 1, lines, buffer),
            // The first half of a line break, or an ordinary character.
            (_, b'\r') => match (buffer.get(index + 1), state) {
                (Some(b'\n') | None, _) => state,
                (Some(_), State::Closing) => return cells.broken(RecordError::Quote, buffer, is_last),
                (Some(_), _) => cells.push(byte, State::Bare),
            },
            (State::Closing, _) | (State::Bare, b'"') => return cells.broken(RecordError::Quote, buffer, is_last),
            (State::Start | State::Bare, _) => cells.push(byte, State::Bare),
        };
    }
    match state {
        _ if !is_last => Scan::Incomplete,
        State::Quoted => cells.broken(RecordError::Quote, buffer, is_last),
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
        let is_blank = |cell: &Vec<u8>| std::str::from_utf8(cell).is_ok_and(|cell| cell.trim().is_empty());
        if self.closed.iter().all(is_blank) {
            return Scan::Blank { bytes, lines };
        }
        match self.closed.iter().all(|cell| std::str::from_utf8(cell).is_ok()) {
            true => Scan::Record { bytes, lines, record: self.into_texts() },
            false => Scan::Invalid {
                error: RecordError::NotUtf8,
                bytes: Some(line_end(buffer).map_or(bytes, |end| end.min(bytes))),
                beginning: self.into_texts(),
            },
        }
    }

    fn broken(self, error: RecordError, buffer: &[u8], is_last: bool) -> Scan<Vec<String>> {
        Scan::invalid(error, self.into_texts(), buffer, is_last)
    }

    /// The cells that are complete. Bytes that are not UTF-8 become U+FFFD.
    fn into_texts(self) -> Vec<String> {
        let lossy = |cell: Vec<u8>| {
            String::from_utf8(cell).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        };
        self.closed.into_iter().map(lossy).collect()
    }
}

/// Appends a record. Cells are quoted only where they must be, so that the file stays small. All delimiters are quoted, because some
/// programs end a cell there whatever the file says.
pub fn write(cells: &[String], delimiter: Delimiter, out: &mut Vec<u8>) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.push(delimiter.byte());
        }
        if cell.contains([',', ';', '\t', '"', '\r', '\n']) {
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
    if is_escaped_at(&cell) { format!("'{cell}") } else { cell }
}

/// Reverses [`escape_formula`] and [`crate::Dialect::text`]. An apostrophe in front of any other text belongs to the text.
pub fn unescape(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_escaped_at(rest) || excel::is_converted(rest)).unwrap_or(cell)
}

/// Does the text get an apostrophe in every file? A text that begins with an apostrophe does, so that each apostrophe in front of it
/// can be told from an escape.
fn is_escaped_at(text: &str) -> bool {
    text.starts_with(FORMULA) || text.starts_with('\'')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect;
    use proptest::prelude::*;

    /// The records of a whole file with commas, and the errors of its other lines.
    fn read(file: &[u8]) -> Vec<Result<Vec<String>, RecordError>> {
        read_with(Delimiter::Comma, file)
    }

    fn read_with(delimiter: Delimiter, file: &[u8]) -> Vec<Result<Vec<String>, RecordError>> {
        let (mut at, mut records) = (0, Vec::new());
        while at < file.len() {
            at += match scan(&file[at..], true, delimiter) {
                Scan::Record { bytes, record, .. } => {
                    records.push(Ok(record));
                    bytes
                }
                Scan::Blank { bytes, .. } => bytes,
                Scan::Invalid { error, bytes, .. } => {
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
        assert_eq!(read(b",,x\n\"\",x"), [cells(&["", "", "x"]), cells(&["", "x"])]);
        assert_eq!(read(b"a\n\n\r\nb\r"), [cells(&["a"]), cells(&["b"])], "blank lines are not records");
        assert_eq!(read("Åsa,☕\n".as_bytes()), [cells(&["Åsa", "☕"])]);
        assert_eq!(read(b"a\rb,c\n"), [cells(&["a\rb", "c"])], "a carriage return alone is an ordinary character");
    }

    #[test]
    fn cell_ends_at_the_delimiter_of_the_file() {
        let file = b"a,b;c\td\n\"a;b\";\"c\td\"\t\"e,f\",g\n";
        assert_eq!(read_with(Delimiter::Semicolon, b"a,b;c\td\n"), [cells(&["a,b", "c\td"])]);
        assert_eq!(read_with(Delimiter::Tab, b"a,b;c\td\n"), [cells(&["a,b;c", "d"])]);
        assert_eq!(read_with(Delimiter::Semicolon, b"\"a;b\";c,d\r\n"), [cells(&["a;b", "c,d"])]);
        assert_eq!(read_with(Delimiter::Semicolon, file)[1], Err(RecordError::Quote));
    }

    #[test]
    fn row_without_content_is_no_record() {
        for blank in [";;;", "\"\";\"\";", " ; ;\u{a0}", ";\"\n\";", "\t;"] {
            let file = format!("a;b\r\n{blank}\r\nc;d");
            let lines = [cells(&["a", "b"]), cells(&["c", "d"])];
            assert_eq!(read_with(Delimiter::Semicolon, file.as_bytes()), lines, "{blank:?}");
        }
        assert_eq!(read(b",,\n,;,\n"), [cells(&["", ";", ""])], "another delimiter is content");
    }

    #[test]
    fn beginning_of_a_broken_record_is_known() {
        for (line, beginning) in
            [("MUG,\"a\"b,1\n", &["MUG"][..]), ("MUG,12,\"a\n", &["MUG", "12"][..]), ("\"MUG\"x,1\n", &[][..])]
        {
            let Scan::Invalid { beginning: found, .. } = scan(line.as_bytes(), true, Delimiter::Comma) else {
                panic!("{line:?} is broken");
            };
            assert_eq!(found, beginning);
        }
        let Scan::Invalid { beginning, .. } = scan(b"MUG,caf\xe9,1\n", true, Delimiter::Comma) else { panic!() };
        assert_eq!(beginning, ["MUG", "caf\u{FFFD}", "1"]);
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
            assert_eq!(unescape(&safe), formula);
        }
        assert_eq!(escape_formula("mug = cup".to_owned()), "mug = cup");
        assert_eq!(unescape("'tis"), "'tis", "an apostrophe in front of text belongs to the text");
    }

    #[test]
    fn text_that_excel_would_convert_is_marked_for_excel_only() {
        for text in ["007", "4006381333931", "MAR-1", "true"] {
            assert_eq!(Dialect::Excel.text(text.to_owned()), format!("'{text}"));
            assert_eq!(Dialect::Standard.text(text.to_owned()), text);
            assert_eq!(unescape(&format!("'{text}")), text);
        }
        assert_eq!(Dialect::Excel.text("Mug".to_owned()), "Mug");
        assert_eq!(Dialect::Excel.text("=1+1".to_owned()), "'=1+1");
    }

    proptest! {
        #[test]
        fn written_file_reads_back(
            file in prop::collection::vec(prop::collection::vec("[a-c=+@'|☕é\"\r\n\t, 07-]{0,6}|\\PC{0,4}", 1..5), 0..8),
            delimiter in prop::sample::select(Delimiter::ALL.to_vec()),
            dialect in prop::sample::select(vec![Dialect::Standard, Dialect::Excel]),
        ) {
            let mut bytes = Vec::new();
            for record in &file {
                write(&record.iter().cloned().map(|cell| dialect.text(cell)).collect::<Vec<_>>(), delimiter, &mut bytes);
            }
            let read: Vec<Vec<String>> = read_with(delimiter, &bytes).into_iter().map(Result::unwrap).collect();
            let read: Vec<Vec<String>> =
                read.iter().map(|record| record.iter().map(|cell| unescape(cell).to_owned()).collect()).collect();
            let has_content = |record: &&Vec<String>| {
                record.iter().any(|cell| !dialect.text(cell.clone()).trim().is_empty())
            };
            prop_assert_eq!(read, file.iter().filter(has_content).cloned().collect::<Vec<_>>());
        }

        #[test]
        fn reading_any_file_ends(file in "[a\"\r\n, ]{0,40}") {
            let records = read(file.as_bytes());
            prop_assert!(records.len() <= file.len());
        }
    }
}
