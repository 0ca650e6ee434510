//! What ends a cell of a CSV file. The file itself says it: by a line in front of the header line, or by the header line.

use serde::{Deserialize, Serialize};

/// In front of the header line, this names the delimiter, as Excel reads it: `sep=;`.
const NAMING: &[u8] = b"sep=";

/// The byte order marks of UTF-16, which Excel writes as "Unicode Text".
const UTF_16_MARKS: [&[u8]; 2] = [&[0xFF, 0xFE], &[0xFE, 0xFF]];

/// The character between two cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delimiter {
    /// As in RFC 4180.
    #[default]
    #[serde(rename = ",")]
    Comma,
    /// Excel writes it where the comma is the decimal separator.
    #[serde(rename = ";")]
    Semicolon,
    /// Excel writes it in every country, and people paste it.
    #[serde(rename = "\t")]
    Tab,
}

/// What the beginning of a file says about its delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DelimiterHint {
    /// A line in front of the header line names it.
    Named(Delimiter),
    /// That line names another character.
    Unsupported,
    /// The file is UTF-16, in which no cell can be found.
    Utf16,
    /// The lines end with a carriage return alone, so that the whole file would be one line.
    CarriageReturns,
    /// It is the delimiter that the header line has most often.
    Seen(Delimiter),
}

impl Delimiter {
    /// All delimiters. Of two that a line has equally often, the first counts.
    pub const ALL: [Self; 3] = [Self::Comma, Self::Semicolon, Self::Tab];

    /// The delimiter as a byte.
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }

    /// The name, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
        }
    }
}

/// What a line says about the delimiter.
pub(crate) fn hint(line: &[u8]) -> DelimiterHint {
    if UTF_16_MARKS.iter().any(|mark| line.starts_with(mark)) {
        return DelimiterHint::Utf16;
    }
    if has_carriage_return_alone(line) {
        return DelimiterHint::CarriageReturns;
    }
    // Some programs quote the line like a cell.
    let content = line.strip_prefix(b"\"").unwrap_or(line);
    match content.split_at_checked(NAMING.len()) {
        Some((head, rest)) if head.eq_ignore_ascii_case(NAMING) => {
            let named = Delimiter::ALL.into_iter().find(|delimiter| rest.first() == Some(&delimiter.byte()));
            named.map_or(DelimiterHint::Unsupported, DelimiterHint::Named)
        }
        _ => DelimiterHint::Seen(most_frequent(line)),
    }
}

/// Has the line nothing but blanks, quotes and delimiters?
pub(crate) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\r' | b'\n' | b'"' | b',' | b';' | b'\t'))
}

/// Has the line a carriage return without a line feed, outside of quotes? At its end it may be half of a line break.
fn has_carriage_return_alone(line: &[u8]) -> bool {
    let mut is_quoted = false;
    line.windows(2).any(|pair| {
        is_quoted ^= pair[0] == b'"';
        !is_quoted && pair[0] == b'\r' && pair[1] != b'\n'
    })
}

/// The delimiter that a line has most often outside of quotes.
fn most_frequent(line: &[u8]) -> Delimiter {
    let (mut counts, mut is_quoted) = ([0u32; Delimiter::ALL.len()], false);
    for byte in line {
        is_quoted ^= *byte == b'"';
        for (count, delimiter) in counts.iter_mut().zip(Delimiter::ALL) {
            *count += u32::from(!is_quoted && *byte == delimiter.byte());
        }
    }
    // The last of equal maxima is the one that comes first.
    let best = counts.into_iter().zip(Delimiter::ALL).rev().max_by_key(|(count, _)| *count);
    best.map(|(_, delimiter)| delimiter).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_line_shows_its_delimiter() {
        for (line, delimiter) in [
            ("sku,name,category\n", Delimiter::Comma),
            ("sku;name;category\r\n", Delimiter::Semicolon),
            ("sku\tname\tcategory", Delimiter::Tab),
            ("\"sku\";\"name\";\"a,b,c,d\"", Delimiter::Semicolon),
            ("sku", Delimiter::Comma),
            ("sku,name;category", Delimiter::Comma),
            ("sku;name;category;;;;", Delimiter::Semicolon),
        ] {
            assert_eq!(hint(line.as_bytes()), DelimiterHint::Seen(delimiter), "{line:?}");
        }
    }

    #[test]
    fn file_without_lines_is_seen_before_its_cells_are() {
        for (line, found) in [
            (&b"\"sku\",\"name\"\r\"A\",\"Mug\"\r"[..], DelimiterHint::CarriageReturns),
            (b"sku;name\rA;Mug", DelimiterHint::CarriageReturns),
            (b"sep=;\rsku;name\rA;Mug\r", DelimiterHint::CarriageReturns),
            (b"\xFF\xFE\"\0s\0k\0u\0\"\0,\0", DelimiterHint::Utf16),
            (b"\xFE\xFF\0s\0k\0u", DelimiterHint::Utf16),
            (b"\"sku\";\"na\rme\"\r\n", DelimiterHint::Seen(Delimiter::Semicolon)),
            (b"sku;name\r", DelimiterHint::Seen(Delimiter::Semicolon)),
        ] {
            assert_eq!(hint(line), found, "{:?}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn line_in_front_of_the_header_line_names_the_delimiter() {
        for (line, found) in [
            ("sep=;\r\n", DelimiterHint::Named(Delimiter::Semicolon)),
            ("SEP=,\n", DelimiterHint::Named(Delimiter::Comma)),
            ("sep=\t\n", DelimiterHint::Named(Delimiter::Tab)),
            ("\"sep=;\"\n", DelimiterHint::Named(Delimiter::Semicolon)),
            ("sep=;;;;;\n", DelimiterHint::Named(Delimiter::Semicolon)),
            ("sep=|\n", DelimiterHint::Unsupported),
            ("sep=\n", DelimiterHint::Unsupported),
        ] {
            assert_eq!(hint(line.as_bytes()), found, "{line:?}");
        }
    }
}
