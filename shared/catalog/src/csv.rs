//! Comma-separated values (RFC 4180), strictly: a quote that is broken rejects its line and nothing after it. Pure: bytes in,
//! cells out, and back. Cells that a spreadsheet would run as a formula are written so that it does not.

use crate::records::{Cut, Fault, MOST_BYTES, line_end};

/// What a spreadsheet takes for the beginning of a formula, in full width too.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Where in a record the reader is.
#[derive(Clone, Copy)]
enum At {
    /// Before the first character of a cell.
    Start,
    /// In a cell without quotes.
    Bare,
    /// Between quotes.
    Quoted,
    /// After a quote between quotes: the end of the cell, or the first half of a quote.
    Closing,
}

/// The first record of `buffer`; `is_all`: nothing comes after it.
pub(crate) fn cut(buffer: &[u8], is_all: bool) -> Cut<Vec<String>> {
    let mut cells = Cells::default();
    let (mut at, mut lines) = (At::Start, 0);
    for (index, &byte) in buffer.iter().enumerate() {
        if index >= MOST_BYTES {
            let fault = if matches!(at, At::Quoted) { Fault::Quote } else { Fault::TooLong };
            return Cut::faulty(fault, buffer, is_all);
        }
        lines += u64::from(byte == b'\n');
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Closing,
            (At::Quoted, _) => cells.push(byte, At::Quoted),
            (At::Start, b'"') => At::Quoted,
            (At::Closing, b'"') => cells.push(byte, At::Quoted),
            (_, b',') => cells.end(),
            (_, b'\n') => return cells.record(index + 1, lines, buffer),
            // The first half of a line break, or a character like any other.
            (_, b'\r') => match (buffer.get(index + 1), at) {
                (Some(b'\n') | None, _) => at,
                (Some(_), At::Closing) => return Cut::faulty(Fault::Quote, buffer, is_all),
                (Some(_), _) => cells.push(byte, At::Bare),
            },
            (At::Closing, _) | (At::Bare, b'"') => return Cut::faulty(Fault::Quote, buffer, is_all),
            (At::Start | At::Bare, _) => cells.push(byte, At::Bare),
        };
    }
    match at {
        _ if !is_all => Cut::More,
        At::Quoted => Cut::faulty(Fault::Quote, buffer, is_all),
        _ if buffer.is_empty() => Cut::More,
        _ => cells.record(buffer.len(), lines + 1, buffer),
    }
}

#[derive(Default)]
struct Cells {
    ended: Vec<Vec<u8>>,
    open: Vec<u8>,
}

impl Cells {
    fn push(&mut self, byte: u8, at: At) -> At {
        self.open.push(byte);
        at
    }

    fn end(&mut self) -> At {
        self.ended.push(std::mem::take(&mut self.open));
        At::Start
    }

    fn record(mut self, bytes: usize, lines: u64, buffer: &[u8]) -> Cut<Vec<String>> {
        let _ = self.end();
        let is_blank = buffer[..bytes].iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        if is_blank {
            return Cut::Blank { bytes };
        }
        match self.ended.into_iter().map(String::from_utf8).collect() {
            Ok(cells) => Cut::Record { bytes, lines, record: cells },
            Err(_) => {
                Cut::Fault { fault: Fault::NotUtf8, bytes: Some(line_end(buffer).map_or(bytes, |end| end.min(bytes))) }
            }
        }
    }
}

/// Adds a record. Quotes stand where they have to, so that the file stays small; also around what some programs take for the end
/// of a cell.
pub(crate) fn write(cells: &[String], out: &mut Vec<u8>) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        // A line with one empty cell would be blank.
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

/// A cell that no spreadsheet runs: what begins like a formula has an apostrophe before it, and so has what begins with one.
/// <https://owasp.org/www-community/attacks/CSV_Injection>
pub(crate) fn disarmed(cell: String) -> String {
    if cell.starts_with(FORMULA) || cell.starts_with('\'') { format!("'{cell}") } else { cell }
}

/// The cell that [`disarmed`] was given. An apostrophe before anything else is somebody's own.
pub(crate) fn armed(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA) || rest.starts_with('\'')).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A file read to its end, with the bytes and lines that each record began at.
    fn read(file: &[u8]) -> Vec<Result<Vec<String>, Fault>> {
        let (mut at, mut records) = (0, Vec::new());
        while at < file.len() {
            at += match cut(&file[at..], true) {
                Cut::Record { bytes, record, .. } => {
                    records.push(Ok(record));
                    bytes
                }
                Cut::Blank { bytes } => bytes,
                Cut::Fault { fault, bytes } => {
                    records.push(Err(fault));
                    bytes.unwrap_or_else(|| {
                        let beyond = &file[at + MOST_BYTES..];
                        MOST_BYTES + line_end(beyond).unwrap_or(beyond.len())
                    })
                }
                Cut::More => panic!("a whole file has an end: {:?}", String::from_utf8_lossy(&file[at..])),
            };
        }
        records
    }

    fn cells(of: &[&str]) -> Result<Vec<String>, Fault> {
        Ok(of.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn cells_are_read_as_rfc_4180_writes_them() {
        assert_eq!(read(b"a,b\r\n"), [cells(&["a", "b"])]);
        assert_eq!(read(b"a,b\nc,d"), [cells(&["a", "b"]), cells(&["c", "d"])], "the last line may lack its end");
        assert_eq!(read(b"\"a,\"\"b\"\"\",\"c\r\nd\"\n"), [cells(&["a,\"b\"", "c\r\nd"])]);
        assert_eq!(read(b",,\n\"\",x"), [cells(&["", "", ""]), cells(&["", "x"])]);
        assert_eq!(read(b"a\n\n\r\nb\r"), [cells(&["a"]), cells(&["b"])], "blank lines are no records");
        assert_eq!(read("Åsa,☕\n".as_bytes()), [cells(&["Åsa", "☕"])]);
        assert_eq!(read(b"a\rb,c\n"), [cells(&["a\rb", "c"])], "a carriage return alone is a character");
    }

    #[test]
    fn a_broken_quote_rejects_its_line_alone() {
        let after = cells(&["good", "1"]);
        for broken in ["\"a\"b,1", "a\"b,1", "\"a\" ,1", "\"a\"\rb,1"] {
            assert_eq!(read(format!("{broken}\ngood,1\n").as_bytes()), [Err(Fault::Quote), after.clone()], "{broken}");
        }
        // A quote that is never closed would swallow the rest of the file.
        assert_eq!(read(b"\"a,1\ngood,1\n"), [Err(Fault::Quote), after.clone()]);
        assert_eq!(read(b"\"a,1\n\"good\",1\n"), [Err(Fault::Quote), after.clone()]);
        let long = format!("\"a,1\n{}", "good,1\n".repeat(MOST_BYTES / 7 + 10));
        assert_eq!(read(long.as_bytes())[..2], [Err(Fault::Quote), after]);
    }

    #[test]
    fn a_line_has_a_bound_and_is_utf_8() {
        let long = [vec![b'x'; MOST_BYTES + 1], b"\ngood".to_vec()].concat();
        assert_eq!(read(&long), [Err(Fault::TooLong), cells(&["good"])]);
        let bounded = [vec![b'x'; MOST_BYTES - 1], b"\ngood".to_vec()].concat();
        assert_eq!(read(&bounded).iter().filter(|read| read.is_ok()).count(), 2);
        assert_eq!(read(b"caf\xe9,1\ngood\n"), [Err(Fault::NotUtf8), cells(&["good"])], "Latin-1 is not guessed at");
    }

    #[test]
    fn a_formula_is_disarmed_and_armed_again() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=x", "''", "'tis"] {
            let safe = disarmed(formula.to_owned());
            assert!(!safe.starts_with(FORMULA), "{safe}");
            assert_eq!(armed(&safe), formula);
        }
        assert_eq!(disarmed("mug = cup".to_owned()), "mug = cup");
        assert_eq!(armed("'tis"), "'tis", "whoever wrote an apostrophe by hand meant it");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            file in prop::collection::vec(prop::collection::vec("[a-c=+@'|☕é\"\r\n\t, -]{0,6}|\\PC{0,4}", 1..5), 0..8),
        ) {
            let mut bytes = Vec::new();
            for record in &file {
                write(&record.iter().cloned().map(disarmed).collect::<Vec<_>>(), &mut bytes);
            }
            let read: Vec<Vec<String>> = read(&bytes).into_iter().map(Result::unwrap).collect();
            let read: Vec<Vec<String>> =
                read.iter().map(|record| record.iter().map(|cell| armed(cell).to_owned()).collect()).collect();
            prop_assert_eq!(read, file);
        }

        #[test]
        fn whatever_a_file_holds_reading_it_comes_to_an_end(file in "[a\"\r\n, ]{0,40}") {
            let records = read(file.as_bytes());
            prop_assert!(records.len() <= file.len());
        }
    }
}
