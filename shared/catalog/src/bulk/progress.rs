//! The checkpoints of imports and exports.

use aws_kit::{Etag, MultipartState};
use serde::{Deserialize, Serialize};
use tabular::FilePosition;
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
    /// The columns of a CSV file, once its header line is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) columns: Option<Vec<Column>>,
    pub(crate) report: MultipartState,
    /// All lines are read.
    pub(crate) ended: bool,
}

impl ImportProgress {
    /// The state before the file is uploaded.
    pub(crate) fn announced(bytes: Option<u64>) -> Self {
        Self { announced: bytes, ..Self::default() }
    }
}

/// The checkpoint of an export.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ExportProgress {
    pub(crate) shard: u8,
    /// The last product of the shard that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Position>,
    pub(crate) file: MultipartState,
    /// All products are written.
    pub(crate) ended: bool,
}
