//! One JSON document per line (<https://github.com/ndjson/ndjson-spec>). Only lines are read here; their JSON is not parsed.

use crate::record::{MAX_RECORD_BYTES, RecordError, Scan, line_end};

/// The first line of `buffer`. `is_last`: no bytes follow the buffer.
pub(crate) fn scan(buffer: &[u8], is_last: bool) -> Scan<String> {
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let start = &buffer[..buffer.len().min(MAX_RECORD_BYTES)];
    let bytes = match line_end(start) {
        Some(bytes) => bytes,
        None if buffer.len() > MAX_RECORD_BYTES => {
            return Scan::invalid(RecordError::TooLong, lossy(start), buffer, is_last);
        }
        None if is_last && !buffer.is_empty() => buffer.len(),
        None => return Scan::Incomplete,
    };
    match std::str::from_utf8(&buffer[..bytes]).map(str::trim) {
        Ok("") => Scan::Blank { bytes, lines: 1 },
        Ok(line) => Scan::Record { bytes, lines: 1, record: line.to_owned() },
        Err(_) => Scan::Invalid { error: RecordError::NotUtf8, bytes: Some(bytes), beginning: lossy(&buffer[..bytes]) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_at_its_line_break() {
        let record = |bytes, record: &str| Scan::Record { bytes, lines: 1, record: record.to_owned() };
        assert_eq!(scan(b"{}\n{}", false), record(3, "{}"));
        assert_eq!(scan(b"{}\r\n", false), record(4, "{}"));
        assert_eq!(scan(b"{}", true), record(2, "{}"), "the last line needs no line break");
        assert_eq!(scan(b"{}", false), Scan::Incomplete);
        assert_eq!(scan(b"", true), Scan::Incomplete);
        assert_eq!(scan(b" \r\n{}", false), Scan::Blank { bytes: 3, lines: 1 });
    }

    #[test]
    fn line_is_bounded_and_utf_8() {
        let long = [vec![b'x'; MAX_RECORD_BYTES], b"\n{}".to_vec()].concat();
        let beginning = "x".repeat(MAX_RECORD_BYTES);
        let too_long = Scan::Invalid { error: RecordError::TooLong, bytes: None, beginning };
        assert_eq!(scan(&long, true), too_long);
        assert_eq!(scan(&long[..MAX_RECORD_BYTES], false), Scan::Incomplete);
        assert_eq!(scan(&vec![b'x'; MAX_RECORD_BYTES + 1], false), too_long);
        let beginning = "\"\u{FFFD}\"\n".to_owned();
        let not_utf8 = Scan::Invalid { error: RecordError::NotUtf8, bytes: Some(4), beginning };
        assert_eq!(scan(b"\"\xff\"\n", false), not_utf8);
    }
}
