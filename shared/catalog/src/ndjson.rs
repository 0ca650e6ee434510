//! One JSON document a line (<https://github.com/ndjson/ndjson-spec>). Pure: where a line ends, and whether it is text.

use crate::records::{Cut, Fault, MOST_BYTES, line_end};

/// The first line of `buffer`; `is_all`: nothing comes after it.
pub(crate) fn cut(buffer: &[u8], is_all: bool) -> Cut<String> {
    let bytes = match line_end(&buffer[..buffer.len().min(MOST_BYTES)]) {
        Some(bytes) => bytes,
        None if buffer.len() > MOST_BYTES => return Cut::faulty(Fault::TooLong, buffer, is_all),
        None if is_all && !buffer.is_empty() => buffer.len(),
        None => return Cut::More,
    };
    match std::str::from_utf8(&buffer[..bytes]).map(str::trim) {
        Ok("") => Cut::Blank { bytes },
        Ok(line) => Cut::Record { bytes, lines: 1, record: line.to_owned() },
        Err(_) => Cut::Fault { fault: Fault::NotUtf8, bytes: Some(bytes) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_it_breaks() {
        let record = |bytes, record: &str| Cut::Record { bytes, lines: 1, record: record.to_owned() };
        assert_eq!(cut(b"{}\n{}", false), record(3, "{}"));
        assert_eq!(cut(b"{}\r\n", false), record(4, "{}"));
        assert_eq!(cut(b"{}", true), record(2, "{}"), "the last line may lack its end");
        assert_eq!(cut(b"{}", false), Cut::More);
        assert_eq!(cut(b"", true), Cut::More);
        assert_eq!(cut(b" \r\n{}", false), Cut::Blank { bytes: 3 });
    }

    #[test]
    fn a_line_has_a_bound_and_is_utf_8() {
        let long = [vec![b'x'; MOST_BYTES], b"\n{}".to_vec()].concat();
        assert_eq!(cut(&long, true), Cut::Fault { fault: Fault::TooLong, bytes: None });
        assert_eq!(cut(&long[..MOST_BYTES], false), Cut::More);
        assert_eq!(cut(&vec![b'x'; MOST_BYTES + 1], false), Cut::Fault { fault: Fault::TooLong, bytes: None });
        assert_eq!(cut(b"\"\xff\"\n", false), Cut::Fault { fault: Fault::NotUtf8, bytes: Some(4) });
    }
}
