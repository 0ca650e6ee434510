//! The checkpoints of imports and exports.

use aws_kit::{Etag, MultipartState};
use serde::{Deserialize, Serialize};
use tabular::FilePosition;
use values::Position;

use crate::bulk::columns::Column;

/// How far an import is: what a checkpoint keeps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ImportProgress {
    /// What was announced, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) announced: Option<u64>,
    /// The file that was there in the beginning; its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<(u64, Etag)>,
    pub(crate) place: FilePosition,
    /// Of a CSV file, once its first line was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) columns: Option<Vec<Column>>,
    pub(crate) report: MultipartState,
    /// Everything was looked at.
    pub(crate) ended: bool,
}

impl ImportProgress {
    /// Before its file is there.
    pub(crate) fn announced(bytes: Option<u64>) -> Self {
        Self { announced: bytes, ..Self::default() }
    }
}

/// How far an export is: what a checkpoint keeps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ExportProgress {
    pub(crate) shard: u8,
    /// The last one of the shard that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Position>,
    pub(crate) file: MultipartState,
    /// Everything was written.
    pub(crate) ended: bool,
}
