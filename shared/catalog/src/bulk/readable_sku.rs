//! The SKU of a line that is rejected, so that its author finds the line, even if the rest of it cannot be read.

use std::fmt;

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::bulk::rows::RowFormat;
use tabular::RecordContent;

/// Longer than every valid SKU, because an invalid one is shown too.
const MAX_SHOWN_CHARACTERS: usize = 64;

/// The SKU that a line names. `content` may be the beginning of a line.
pub(crate) fn readable_sku(content: &RecordContent, rows: &RowFormat) -> Option<String> {
    let sku = match content {
        RecordContent::Cells(cells) => rows.sku(cells).map(str::to_owned),
        RecordContent::Json(text) => json_sku(text),
    };
    sku.map(|sku| sku.chars().take(MAX_SHOWN_CHARACTERS).collect()).filter(|sku: &String| !sku.is_empty())
}

/// The member `sku` of a JSON object that may end early. None if there are two.
fn json_sku(text: &str) -> Option<String> {
    let mut skus = Vec::new();
    // Where the text is not JSON, the reading ends.
    let _ = serde_json::Deserializer::from_str(text).deserialize_map(SkuMembers { skus: &mut skus });
    if skus.len() == 1 { skus.pop() } else { None }
}

/// Collects the members `sku` of an object.
struct SkuMembers<'a> {
    skus: &'a mut Vec<String>,
}

impl<'de> Visitor<'de> for SkuMembers<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name == "sku" {
                let value: Value = members.next_value()?;
                self.skus.extend(value.as_str().map(str::to_owned));
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sku_of_a_json_line_is_read_as_far_as_the_line_goes() {
        for (text, sku) in [
            (r#"{"sku":"MUG","name":"Mug","name":"Cup"}"#, Some("MUG")),
            (r#"{"a":{"sku":"NO"},"sku":"MUG","price":"#, Some("MUG")),
            (r#"{"sku":"MUG","description":"xxxxx"#, Some("MUG")),
            (r#"{"sku":"a b"}"#, Some("a b")),
            (r#"{"sku":"MUG","sku":"CUP"}"#, None),
            (r#"{"sku":"MU"#, None),
            (r#"{"sku":7}"#, None),
            (r#"{"sku":""}"#, None),
            (r#"["sku"]"#, None),
            ("", None),
        ] {
            let content = RecordContent::Json(text.to_owned());
            assert_eq!(readable_sku(&content, &RowFormat::default()).as_deref(), sku, "{text}");
        }
        let long = RecordContent::Json(format!("{{\"sku\":\"{}\"}}", "x".repeat(300)));
        assert_eq!(readable_sku(&long, &RowFormat::default()).map(|sku| sku.len()), Some(MAX_SHOWN_CHARACTERS));
    }
}
