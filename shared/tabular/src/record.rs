//! A record of a file, and the errors that a line can have. Both formats share these types.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a file of products is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object per line.
    Ndjson,
    /// Values between delimiters (RFC 4180). The first line names the columns.
    Csv,
}

impl Format {
    /// The media type of such a file.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv",
        }
    }
}

impl fmt::Display for Format {
    /// The file name extension.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        })
    }
}

/// The longest record in bytes, with its line break.
pub const MAX_RECORD_BYTES: usize = 256 * 1024;

/// Why a line is not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordError {
    /// A quote inside a cell without quotes, text after a closing quote, or a quote that is never closed.
    Quote,
    /// The record is longer than [`MAX_RECORD_BYTES`].
    TooLong,
    /// The line is not UTF-8.
    NotUtf8,
}

impl RecordError {
    /// The stable code for reports.
    pub fn code(self) -> &'static str {
        match self {
            Self::Quote => "csv_quote",
            Self::TooLong => "line_too_long",
            Self::NotUtf8 => "not_utf8",
        }
    }

    /// What is wrong and how to correct it, as a sentence.
    pub fn message(self) -> &'static str {
        match self {
            Self::Quote => {
                "A quote is misplaced: a quoted cell must begin and end with a quote, and each quote inside it is doubled."
            }
            Self::TooLong => "The line is longer than 256 KB; shorten it.",
            Self::NotUtf8 => "The line is not UTF-8; save the file as UTF-8, in Excel as \"CSV UTF-8\".",
        }
    }
}

/// What a buffer begins with.
#[derive(Debug, PartialEq)]
pub(crate) enum Scan<T> {
    /// A record.
    Record {
        /// Its length, with its line break.
        bytes: usize,
        /// The lines of the file that it spans.
        lines: u64,
        record: T,
    },
    /// A line without content.
    Blank {
        /// Its length, with its line break.
        bytes: usize,
        /// The lines of the file that it spans.
        lines: u64,
    },
    /// A line that is not a record.
    Invalid {
        error: RecordError,
        /// Its length, with its line break. `None`: the line does not end within [`MAX_RECORD_BYTES`].
        bytes: Option<usize>,
        /// What is before the error.
        beginning: T,
    },
    /// The beginning of a record, or nothing. More bytes are needed.
    Incomplete,
}

impl<T> Scan<T> {
    /// The first line of a buffer, which is not a record. `is_last`: no bytes follow the buffer.
    pub(crate) fn invalid(error: RecordError, beginning: T, buffer: &[u8], is_last: bool) -> Self {
        match line_end(&buffer[..buffer.len().min(MAX_RECORD_BYTES)]) {
            None if buffer.len() > MAX_RECORD_BYTES => Self::Invalid { error, bytes: None, beginning },
            None if !is_last => Self::Incomplete,
            end => Self::Invalid { error, bytes: Some(end.unwrap_or(buffer.len())), beginning },
        }
    }
}

/// The length of the first line, with its line break.
pub(crate) fn line_end(buffer: &[u8]) -> Option<usize> {
    buffer.iter().position(|byte| *byte == b'\n').map(|index| index + 1)
}

/// A position in a file at which reading can continue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePosition {
    /// Bytes before it.
    pub offset: u64,
    /// Lines before it.
    pub line: u64,
    /// Is it in the middle of an invalid line, whose rest must be skipped?
    #[serde(rename = "inside", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_in_invalid_line: bool,
}

/// A record, or a line that is not one.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The number of its first line, counted from 1.
    pub line: u64,
    /// Its length.
    pub bytes: usize,
    /// Where the next record begins.
    pub next: FilePosition,
    /// Does a line break end it? Not at the end of a file that may have been cut, and not in a line that is too long.
    pub is_ended: bool,
    /// Its content, or why the line is not a record.
    pub content: Result<RecordContent, InvalidRecord>,
}

/// A line that is not a record.
#[derive(Debug, Clone, PartialEq)]
pub struct InvalidRecord {
    pub error: RecordError,
    /// What is before the error: the cells, or the text. Bytes that are not UTF-8 are U+FFFD here.
    pub beginning: RecordContent,
}

/// The content of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordContent {
    /// A line of NDJSON.
    Json(String),
    /// The cells of a CSV record.
    Cells(Vec<String>),
}
