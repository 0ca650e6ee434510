//! The checkpoints of imports and exports.

use aws_kit::{Etag, MultipartState};
use serde::{Deserialize, Serialize};
use tabular::{Delimiter, Dialect, FilePosition};
use values::Position;

use crate::bulk::columns::Column;

/// The checkpoint of an import.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ImportProgress {
    /// The announced size of the file in bytes, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) announced: Option<u64>,
    /// Size and ETag of the file when the import started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<(u64, Etag)>,
    pub(crate) place: FilePosition,
    /// The delimiter of a CSV file: as the request names it, and once the header line is read, as the file has it. Imports of the first
    /// release have none, and commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delimiter: Option<Delimiter>,
    /// The columns of a CSV file, once its header line is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) columns: Option<Vec<Column>>,
    pub(crate) report: MultipartState,
    /// All lines are read.
    pub(crate) ended: bool,
}

impl ImportProgress {
    /// The state before the file is uploaded.
    pub(crate) fn announced(bytes: Option<u64>, delimiter: Option<Delimiter>) -> Self {
        Self { announced: bytes, delimiter, ..Self::default() }
    }
}

/// The checkpoint of an export.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ExportProgress {
    /// How a CSV file is written.
    #[serde(skip_serializing_if = "Dialect::is_standard")]
    pub(crate) dialect: Dialect,
    pub(crate) shard: u8,
    /// The last product of the shard that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Position>,
    pub(crate) file: MultipartState,
    /// All products are written.
    pub(crate) ended: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn stored_checkpoints_keep_their_field_names() {
        let import = json!({
            "announced": 9, "source": [9, "etag"], "place": { "offset": 7, "line": 1, "inside": true },
            "columns": ["sku"], "report": {}, "ended": false,
        });
        let state: ImportProgress = serde_json::from_value(import).unwrap();
        assert_eq!((state.place.offset, state.place.line, state.place.is_in_invalid_line), (7, 1, true));
        let stored = serde_json::to_value(&state).unwrap();
        assert_eq!(stored["place"], json!({ "offset": 7, "line": 1, "inside": true }));
        assert_eq!((&stored["columns"], &stored["announced"]), (&json!(["sku"]), &json!(9)));
        assert!(stored.get("delimiter").is_none(), "as in the first release");
        let stored_delimiter = |delimiter| {
            serde_json::to_value(ImportProgress::announced(None, Some(delimiter))).unwrap()["delimiter"].clone()
        };
        assert_eq!(Delimiter::ALL.map(stored_delimiter), [",", ";", "\t"]);
        let stored = serde_json::to_value(ExportProgress::default()).unwrap();
        assert_eq!((&stored["shard"], &stored["ended"]), (&json!(0), &json!(false)));
        assert!(stored.get("dialect").is_none(), "as in the first release");
        let excel = ExportProgress { dialect: Dialect::Excel, ..ExportProgress::default() };
        assert_eq!(serde_json::to_value(excel).unwrap()["dialect"], "excel");
    }
}
