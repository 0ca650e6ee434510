//! A line of an import: a draft of a product, or why the line is rejected.

use serde::Serialize;
use serde_json::{Map, Number, Value};
use values::{Error, Kind, Result, Sku, read_json, read_json_value};

use crate::bulk::columns::{self, Column};
use crate::{Draft, ProductIn, ProductKind};
use tabular::{FilePosition, Record, RecordContent};

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

/// A line of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct LineRejection {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sku: Option<String>,
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    message: String,
}

impl LineRejection {
    /// The rejection of the line with this number. Of several invalid fields it names the first.
    pub(crate) fn new(line: u64, sku: Option<String>, error: Error) -> Self {
        let message = match error.kind {
            // The cause is only for the log.
            Kind::Internal => "An internal error. It is logged.".to_owned(),
            _ => error.detail,
        };
        let field = error.fields.into_iter().next();
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
    /// Reads a record. `columns` are those of a CSV file.
    pub(crate) fn read(record: Record, columns: &[Column]) -> Self {
        let number = record.line;
        let object = match record.content {
            Ok(RecordContent::Json(text)) => read_json::<Map<String, Value>>(text.as_bytes()).map_err(malformed),
            Ok(RecordContent::Cells(cells)) => columns::parse_row(columns, cells),
            Err(error) => Err(Error::new(Kind::Malformed, error.code(), error.message())),
        };
        let mut sku = None;
        let content = object.and_then(|object| {
            sku = object.get("sku").and_then(Value::as_str).map(|sku| sku.chars().take(64).collect());
            draft(object)
        });
        let content = content.map(Box::new).map_err(|error| Box::new(LineRejection::new(number, sku, error)));
        Self { number, next: record.next, content }
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

fn malformed(error: Error) -> Error {
    match error.kind {
        Kind::Malformed => Error::new(Kind::Malformed, "json_malformed", "The line is not valid JSON."),
        _ => error,
    }
}

fn draft(mut object: Map<String, Value>) -> Result<Draft> {
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
    use serde_json::json;
    use tabular::RecordError;

    fn json_line(text: &str) -> Line {
        Line::read(
            Record {
                line: 7,
                bytes: text.len(),
                next: FilePosition::default(),
                content: Ok(RecordContent::Json(text.to_owned())),
            },
            &[],
        )
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
        let message = "`price.amount`: must be a whole number";
        let expected =
            json!({ "line": 7, "sku": "MUG", "code": "wrong_type", "field": "price.amount", "message": message });
        assert_eq!(found, expected);
        let code = |line: Line| rejection(line)["code"].clone();
        assert_eq!(code(json_line("{\"sku\":")), "json_malformed");
        assert_eq!(code(json_line("[]")), "wrong_type");
        assert_eq!(code(mug_with("colour", json!("red"))), "unknown_field");
        assert_eq!(code(mug_with("status", json!("archived"))), "status_not_imported");
        assert_eq!(code(json_line("{\"sku\":\"A\",\"sku\":\"B\"}")), "duplicate_field");
        let broken = Record { line: 2, bytes: 9, next: FilePosition::default(), content: Err(RecordError::Quote) };
        assert_eq!(code(Line::read(broken, &[])), "csv_quote");
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
