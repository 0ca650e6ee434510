//! Writes the JSON document of an export in one pass, so that only a page of it is in memory. Pure.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::{Error, Result};

/// The position in the document. It is a part of the stored checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    /// The open list and its number of items.
    open: Option<(String, u64)>,
    /// The names of all members so far.
    members: Vec<String>,
}

impl Document {
    /// Writes a member that is not a list.
    pub(crate) fn member(&mut self, name: &str, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        self.begin(name, out)?;
        write(value, out)
    }

    /// Writes one item of a list. The items of a list must follow each other.
    pub(crate) fn item(&mut self, list: &str, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        self.list(list, out)?;
        if let Some((_, items)) = &mut self.open {
            out.extend_from_slice(if *items == 0 { b"\n " } else { b",\n " });
            *items += 1;
        }
        write(value, out)
    }

    /// Opens a list unless it is open. It may stay empty.
    pub(crate) fn list(&mut self, list: &str, out: &mut Vec<u8>) -> Result<()> {
        if self.open.as_ref().is_some_and(|(name, _)| name == list) {
            return Ok(());
        }
        self.begin(list, out)?;
        out.push(b'[');
        self.open = Some((list.to_owned(), 0));
        Ok(())
    }

    /// Whether the document has this member or list.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member == name)
    }

    /// Writes the end of the document.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) {
        self.close(out);
        out.extend_from_slice(if self.members.is_empty() { b"{}\n" } else { b"\n}\n" });
    }

    fn begin(&mut self, name: &str, out: &mut Vec<u8>) -> Result<()> {
        if self.has(name) {
            return Err(Error::internal(format!("the document already has the member {name}")));
        }
        self.close(out);
        out.extend_from_slice(if self.members.is_empty() { b"{\n" } else { b",\n" });
        self.members.push(name.to_owned());
        write(&Value::from(name), out)?;
        out.extend_from_slice(b": ");
        Ok(())
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if self.open.take().is_some() {
            out.push(b']');
        }
    }
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(out, value).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parts_make_one_document() {
        let (mut document, mut out) = (Document::default(), Vec::new());
        document.member("account", &json!({ "name": "Ada \"the\" Countess\n" }), &mut out).unwrap();
        document.item("orders", &json!(1), &mut out).unwrap();
        // As between two messages.
        let stored = serde_json::to_string(&document).unwrap();
        let mut document: Document = serde_json::from_str(&stored).unwrap();
        document.item("orders", &json!({ "n": 2 }), &mut out).unwrap();
        document.list("reviews", &mut out).unwrap();
        document.member("cart", &Value::Null, &mut out).unwrap();
        document.end(&mut out);
        let expected = json!({
            "account": { "name": "Ada \"the\" Countess\n" }, "orders": [1, { "n": 2 }], "reviews": [], "cart": null,
        });
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected);
    }

    #[test]
    fn empty_document_is_valid() {
        let mut out = Vec::new();
        Document::default().end(&mut out);
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), json!({}));
    }

    #[test]
    fn member_cannot_come_twice() {
        let (mut document, mut out) = (Document::default(), Vec::new());
        document.item("orders", &json!(1), &mut out).unwrap();
        document.item("reviews", &json!(1), &mut out).unwrap();
        assert!(document.item("orders", &json!(2), &mut out).is_err() && document.has("reviews"));
    }
}
