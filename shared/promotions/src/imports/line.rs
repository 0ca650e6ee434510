//! A line of an import: a new code, or why the line is rejected. Pure.

use serde::Serialize;
use tabular::{FilePosition, InvalidRecord, Record, RecordContent, csv};
use values::{Error, Kind, Result, parse_json, read_json};

use crate::codes::code::NewCode;
use crate::codes::coupon_code::CouponCode;
use crate::imports::columns::Column;

/// Characters of an invalid code that the report repeats.
const SHOWN: usize = 64;

/// A line that was read.
#[derive(Debug)]
pub(crate) struct Line {
    /// The number of its first line in the file.
    pub(crate) number: u64,
    /// Where the next line begins.
    pub(crate) next: FilePosition,
    pub(crate) content: Result<NewCode, LineRejection>,
}

/// A line of the report. All lines have all members.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LineRejection {
    line: u64,
    /// The code of the coupon. None if it cannot be read.
    coupon: Option<String>,
    /// Why the line is rejected, for programs.
    code: String,
    /// None if the whole line is at fault.
    field: Option<String>,
    /// One sentence: what is wrong with the field or the line.
    message: String,
}

impl Line {
    /// Reads a record. `columns` are those of a CSV file.
    pub(crate) fn read(record: Record, columns: &[Column]) -> Self {
        let content = match &record.content {
            Ok(RecordContent::Json(text)) => read_json(text.as_bytes()).map_err(malformed),
            Ok(RecordContent::Cells(cells)) => read_cells(cells, columns),
            Err(InvalidRecord { error, .. }) => Err(Error::new(Kind::Malformed, error.code(), error.message())),
        };
        let content = content.and_then(|new: NewCode| new.check().map(|()| new));
        let (number, next) = (record.line, record.next);
        let content = content.map_err(|error| LineRejection::new(number, written_code(&record, columns), error));
        Self { number, next, content }
    }
}

impl LineRejection {
    /// The rejection of the line with this number. Of several invalid fields it names the first.
    fn new(line: u64, coupon: Option<String>, error: Error) -> Self {
        match error.fields.into_iter().next() {
            None => Self { line, coupon, code: error.code.to_owned(), field: None, message: error.detail },
            Some(field) => {
                let message = format!("`{}` {}.", field.field, field.message);
                Self { line, coupon, code: field.code.to_owned(), field: Some(field.field), message }
            }
        }
    }

    /// The rejection of a line whose code belongs to another promotion.
    pub(crate) fn exists(line: u64, code: &CouponCode) -> Self {
        Self::new(line, Some(code.to_string()), Error::invalid("code", "code_exists", "belongs to another promotion"))
    }

    /// Adds the line of the report, with its line break.
    pub(crate) fn write(&self, report: &mut Vec<u8>) -> Result<()> {
        serde_json::to_writer(&mut *report, self).map_err(Error::internal)?;
        report.push(b'\n');
        Ok(())
    }
}

/// A row of a CSV file as a new code. 422 `csv_cells` if a row has a value beyond the columns.
fn read_cells(cells: &[String], columns: &[Column]) -> Result<NewCode> {
    if cells.iter().skip(columns.len()).any(|cell| !cell.trim().is_empty()) {
        let named = columns.len();
        let detail = format!("The row has more values than columns, of which the header line names {named}.");
        return Err(Error::new(Kind::Invalid, "csv_cells", detail));
    }
    let max_uses = match cell(cells, columns, Column::MaxUses) {
        None => None,
        Some(text) => {
            let number = text.parse::<u32>();
            Some(number.map_err(|_| Error::invalid("maxUses", "wrong_type", "must be a whole number"))?)
        }
    };
    let code = cell(cells, columns, Column::Code);
    let code = code.ok_or_else(|| Error::invalid("code", "required", "is missing"))?;
    Ok(NewCode { code: code.parse()?, max_uses })
}

/// The cell of a column, unless it is blank.
fn cell<'a>(cells: &'a [String], columns: &[Column], column: Column) -> Option<&'a str> {
    let at = columns.iter().position(|other| *other == column)?;
    cells.get(at).map(|cell| csv::unescape(cell).trim()).filter(|text| !text.is_empty())
}

/// The code as the line has it, valid or not.
fn written_code(record: &Record, columns: &[Column]) -> Option<String> {
    let written = match record.content.as_ref().ok()? {
        RecordContent::Json(text) => parse_json(text).ok()?.get("code")?.as_str()?.to_owned(),
        RecordContent::Cells(cells) => cell(cells, columns, Column::Code)?.to_owned(),
    };
    Some(written.chars().take(SHOWN).collect())
}

/// The error for a line, which is not a body.
fn malformed(error: Error) -> Error {
    match error.code {
        "malformed_json" => Error::new(Kind::Malformed, "json_malformed", "The line is not valid JSON."),
        _ if error.fields.iter().any(|field| field.field == "body") => {
            Error::new(Kind::Invalid, "wrong_type", "The line must be a JSON object.")
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use tabular::{Format, Reader};

    fn lines(format: Format, file: &str, columns: &[Column]) -> Vec<Line> {
        let mut reader = Reader::at(format, FilePosition::default());
        reader.feed(file.as_bytes());
        reader.feed(&[]);
        std::iter::from_fn(|| reader.next()).map(|record| Line::read(record, columns)).collect()
    }

    fn new(line: &Line) -> Option<(&str, Option<u32>)> {
        line.content.as_ref().ok().map(|new| (new.code.as_str(), new.max_uses))
    }

    fn rejection(line: &Line) -> Value {
        serde_json::to_value(line.content.as_ref().unwrap_err()).unwrap()
    }

    #[test]
    fn row_is_a_code_with_or_without_a_limit() {
        let file = "spring-1,5\nSPRING-2\n SPRING-3 ,\n\"SPRING-4\",1,\n";
        let read = lines(Format::Csv, file, &[Column::Code, Column::MaxUses]);
        let expected = [("SPRING-1", Some(5)), ("SPRING-2", None), ("SPRING-3", None), ("SPRING-4", Some(1))];
        assert_eq!(read.iter().map(|line| new(line).unwrap()).collect::<Vec<_>>(), expected);
        assert_eq!((read[1].number, read[1].next.line), (2, 2));
        let swapped = lines(Format::Csv, "7,SPRING\n", &[Column::MaxUses, Column::Code]);
        assert_eq!(new(&swapped[0]), Some(("SPRING", Some(7))));
    }

    #[test]
    fn json_line_is_a_code() {
        let read = lines(Format::Ndjson, "{\"code\":\"spring\",\"maxUses\":5}\n{\"code\":\"SUMMER\"}\n", &[]);
        assert_eq!((new(&read[0]), new(&read[1])), (Some(("SPRING", Some(5))), Some(("SUMMER", None))));
    }

    #[test]
    fn rejected_line_says_why() {
        let columns = [Column::Code, Column::MaxUses];
        for (file, coupon, code, field) in [
            ("no,1", json!("no"), "code_invalid", json!("code")),
            ("TEN OFF,1", json!("TEN OFF"), "code_invalid", json!("code")),
            (",1", Value::Null, "required", json!("code")),
            ("SPRING,1.5", json!("SPRING"), "wrong_type", json!("maxUses")),
            ("SPRING,-1", json!("SPRING"), "wrong_type", json!("maxUses")),
            ("SPRING,0", json!("SPRING"), "uses_out_of_range", json!("maxUses")),
            ("SPRING,1000001", json!("SPRING"), "uses_out_of_range", json!("maxUses")),
            ("SPRING,1,more", json!("SPRING"), "csv_cells", Value::Null),
            ("\"SPRING\"x,1", Value::Null, "csv_quote", Value::Null),
        ] {
            let found = rejection(&lines(Format::Csv, &format!("{file}\n"), &columns)[0]);
            assert_eq!((&found["coupon"], &found["code"], &found["field"]), (&coupon, &json!(code), &field), "{file}");
            assert!(found["message"].as_str().unwrap().ends_with('.'), "{found}");
        }
        for (file, code) in [
            ("{\"code\":", "json_malformed"),
            ("[]", "wrong_type"),
            ("{}", "required"),
            ("{\"code\":\"A\"}", "invalid_value"),
            ("{\"code\":\"SPRING\",\"uses\":1}", "unknown_field"),
            ("{\"code\":\"SPRING\",\"maxUses\":0}", "uses_out_of_range"),
        ] {
            assert_eq!(rejection(&lines(Format::Ndjson, file, &[])[0])["code"], code, "{file}");
        }
    }

    #[test]
    fn report_repeats_the_beginning_of_a_long_code() {
        let found = rejection(&lines(Format::Csv, &format!("{}\n", "A".repeat(9_000)), &[Column::Code])[0]);
        assert_eq!(found["coupon"].as_str().map(str::len), Some(SHOWN));
    }
}
