//! A line of an import: a draft of a product, or why the line is rejected.

use serde::Serialize;
use serde_json::{Map, Number, Value};
use values::{Error, Kind, Result, Sku, read_json, read_json_value};

use crate::bulk::columns::name_columns;
use crate::bulk::readable_sku::readable_sku;
use crate::bulk::rows::RowFormat;
use crate::{Draft, ProductIn, ProductKind};
use tabular::{FilePosition, InvalidRecord, Record, RecordContent};

/// Beyond this number, f64 does not represent every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A line that was read.
#[derive(Debug)]
pub(crate) struct Line {
    /// The number of its first line in the file.
    pub(crate) number: u64,
    /// Where the next line begins.
    pub(crate) next: FilePosition,
    pub(crate) content: Result<Box<Draft>, Box<LineRejection>>,
}

/// A line of the report. All lines have all members.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LineRejection {
    line: u64,
    /// None if it cannot be read.
    sku: Option<String>,
    code: String,
    /// None if the whole line is at fault.
    field: Option<String>,
    /// One sentence: what is wrong with the field or the line.
    message: String,
}

impl LineRejection {
    /// The rejection of the line with this number. Of several invalid fields it names the first.
    pub(crate) fn new(line: u64, sku: Option<String>, error: Error) -> Self {
        let field = error.fields.into_iter().next();
        let message = match (error.kind, &field) {
            // The cause is only for the log.
            (Kind::Internal, _) => "An internal error occurred; it is logged.".to_owned(),
            // The message says what the field must be.
            (Kind::Invalid | Kind::Malformed, Some(field)) => format!("`{}` {}.", field.field, field.message),
            _ => error.detail,
        };
        let code = field.as_ref().map_or(error.code, |field| field.code).to_owned();
        Self { line, sku, code, field: field.map(|field| field.field), message }
    }

    /// The line of the report, with its line break.
    pub(crate) fn to_report_line(&self) -> Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self).map_err(Error::internal)?;
        line.push(b'\n');
        Ok(line)
    }
}

impl Line {
    /// Reads a record. `rows` is the format of a CSV file.
    pub(crate) fn read(record: Record, rows: &RowFormat) -> Self {
        let (number, next) = (record.line, record.next);
        let content = match &record.content {
            Ok(content) => draft(content, record.is_ended, rows).map_err(|error| (error, readable_sku(content, rows))),
            Err(InvalidRecord { error, beginning }) => {
                let error = Error::new(Kind::Malformed, error.code(), error.message());
                // Only a valid SKU is known to be whole.
                Err((error, readable_sku(beginning, rows).filter(|sku| sku.parse::<Sku>().is_ok())))
            }
        };
        let content = content.map(Box::new).map_err(|(error, sku)| Box::new(LineRejection::new(number, sku, error)));
        Self { number, next, content }
    }

    /// The SKUs of the product and of its variants.
    pub(crate) fn skus(&self) -> Vec<&Sku> {
        let Ok(draft) = &self.content else { return Vec::new() };
        let variants = match &draft.content.kind {
            ProductKind::Single(_) => &[][..],
            ProductKind::Variants(variant_set) => &variant_set.variants,
        };
        std::iter::once(&draft.sku).chain(variants.iter().map(|(variant, _)| &variant.sku)).collect()
    }
}

/// The draft of a line. Its SKU is checked first: without one, the line is not about a product. `is_ended`: a line break ends it.
fn draft(content: &RecordContent, is_ended: bool, rows: &RowFormat) -> Result<Draft> {
    match content {
        RecordContent::Json(text) => {
            product_draft(read_json::<Map<String, Value>>(text.as_bytes()).map_err(malformed)?)
        }
        RecordContent::Cells(cells) => {
            rows.sku(cells).ok_or_else(sku_missing)?;
            product_draft(rows.parse_row(cells, is_ended)?).map_err(name_columns)
        }
    }
}

fn product_draft(mut object: Map<String, Value>) -> Result<Draft> {
    if object.get("sku").is_none_or(Value::is_null) {
        return Err(sku_missing());
    }
    // Exports of other shops may have a status. Here a new product is active.
    if object.remove("status").is_some_and(|status| status != "active") {
        let message = "cannot be imported; archive the product with DELETE /products/{id}";
        return Err(Error::invalid("status", "status_not_imported", message));
    }
    if let Some(Value::Object(attributes)) = object.get_mut("attributes") {
        attributes.values_mut().for_each(normalize_number);
    }
    read_json_value::<ProductIn>(Value::Object(object))?.draft()
}

fn sku_missing() -> Error {
    Error::invalid("sku", "required", "is missing")
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

/// DynamoDB returns 4.0 as 4. Without this, an unchanged number would look changed.
fn normalize_number(value: &mut Value) {
    let Some(number) = value.as_f64().filter(|_| value.is_f64()) else { return };
    if number.fract() == 0.0 && number.abs() < EXACT {
        *value = Value::Number(Number::from(number as i64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::columns::Column;
    use serde_json::json;
    use tabular::RecordError;

    fn json_line(text: &str) -> Line {
        Line::read(
            Record {
                line: 7,
                bytes: text.len(),
                next: FilePosition::default(),
                is_ended: true,
                content: Ok(RecordContent::Json(text.to_owned())),
            },
            &RowFormat::default(),
        )
    }

    fn csv_line(rows: &RowFormat, content: Result<&[&str], (RecordError, &[&str])>) -> Line {
        let cells = |cells: &[&str]| RecordContent::Cells(cells.iter().map(|cell| (*cell).to_owned()).collect());
        let content = content.map(cells);
        let content = content.map_err(|(error, beginning)| InvalidRecord { error, beginning: cells(beginning) });
        Line::read(Record { line: 3, bytes: 9, next: FilePosition::default(), is_ended: true, content }, rows)
    }

    fn rejection(line: Line) -> Value {
        serde_json::to_value(*line.content.unwrap_err()).unwrap()
    }

    fn mug() -> Value {
        json!({ "sku": "MUG", "name": "Mug", "category": "a", "price": { "amount": 1, "currency": "EUR" } })
    }

    fn mug_with(field: &str, value: Value) -> Line {
        let mut body = mug();
        body[field] = value;
        json_line(&body.to_string())
    }

    #[test]
    fn line_is_the_body_of_a_request() {
        let line = mug_with("stock", json!({ "available": 4 }));
        assert_eq!(line.skus(), [&"MUG".parse().unwrap()]);
        assert_eq!(line.content.unwrap().stock.values().collect::<Vec<_>>(), [&4]);
        assert!(mug_with("status", json!("active")).content.is_ok());
    }

    #[test]
    fn report_names_line_sku_and_field() {
        let found = rejection(mug_with("price", json!({ "amount": 1.5, "currency": "EUR" })));
        let message = "`price.amount` must be a whole number.";
        let expected =
            json!({ "line": 7, "sku": "MUG", "code": "wrong_type", "field": "price.amount", "message": message });
        assert_eq!(found, expected);
        let code = |line: Line| rejection(line)["code"].clone();
        assert_eq!(code(json_line("{\"sku\":")), "json_malformed");
        assert_eq!(code(json_line("[]")), "wrong_type");
        assert_eq!(code(mug_with("colour", json!("red"))), "unknown_field");
        assert_eq!(code(mug_with("status", json!("archived"))), "status_not_imported");
        assert_eq!(code(json_line("{\"sku\":\"A\",\"sku\":\"B\"}")), "duplicate_field");
    }

    #[test]
    fn all_lines_of_a_report_have_all_members_and_one_sentence() {
        let columns = [Column::Name, Column::Sku, Column::Category, Column::Price, Column::Currency, Column::Stock];
        let rows = RowFormat { columns: columns.to_vec(), ..RowFormat::default() };
        let csv = |cells: &[&str]| rejection(csv_line(&rows, Ok(cells)));
        let broken = |error, beginning: &[&str]| rejection(csv_line(&rows, Err((error, beginning))));
        let required = ("required", json!("sku"), "`sku` is missing.");
        let expected = [
            (csv(&["Mug", "", "a", "x", "EUR", ""]), Value::Null, required.clone()),
            (rejection(json_line(r#"{"price":7}"#)), Value::Null, required),
            (
                csv(&["Mug", "MUG", "a", "1", "EUR", "1.5"]),
                json!("MUG"),
                ("wrong_type", json!("stock"), "`stock` must be a whole number without separators."),
            ),
            (
                csv(&["Mug", "MUG"]),
                json!("MUG"),
                ("csv_cells", Value::Null, "The row has 2 cells, but the header line names 6 columns."),
            ),
            (
                broken(RecordError::Quote, &["Mug", "MUG"]),
                json!("MUG"),
                ("csv_quote", Value::Null, RecordError::Quote.message()),
            ),
            (
                broken(RecordError::NotUtf8, &["M\u{FFFD}sli", "M\u{FFFD}"]),
                Value::Null,
                ("not_utf8", Value::Null, RecordError::NotUtf8.message()),
            ),
            (
                rejection(json_line("{\"sku\":\"MUG\",\"name\"")),
                json!("MUG"),
                ("json_malformed", Value::Null, "The line is not valid JSON."),
            ),
            (rejection(json_line("[]")), Value::Null, ("wrong_type", Value::Null, "The line must be a JSON object.")),
            (
                rejection(json_line(r#"{"sku":"MUG","name":1,"name":2}"#)),
                json!("MUG"),
                ("duplicate_field", json!("name"), "`name` must not be repeated."),
            ),
        ];
        for (found, sku, (code, field, message)) in expected {
            let line = found["line"].clone();
            let expected = json!({ "line": line, "sku": sku, "code": code, "field": field, "message": message });
            assert_eq!(found, expected);
            let invalid_sku = rejection(csv_line(&rows, Ok(&["Mug", "a b", "a", "1", "EUR", ""])));
            assert_eq!((&invalid_sku["sku"], &invalid_sku["field"]), (&json!("a b"), &json!("sku")));
            assert_eq!(invalid_sku["message"].as_str().unwrap_or_default().matches("sku").count(), 1);
        }
    }

    #[test]
    fn internal_cause_is_not_reported() {
        let rejection = LineRejection::new(1, None, Error::internal("a row that is too large"));
        assert!(!String::from_utf8(rejection.to_report_line().unwrap()).unwrap().contains("row"));
    }

    #[test]
    fn whole_number_is_equal_in_both_notations() {
        let read = |number: Value| mug_with("attributes", json!({ "n": number })).content.unwrap().content.attributes;
        assert_eq!(read(json!(4.0)), read(json!(4)));
        assert_ne!(read(json!(4.5)), read(json!(4)));
    }
}
