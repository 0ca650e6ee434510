//! What is left of a closed account: its id, and no personal data.

use serde::{Deserialize, Serialize};
use values::{Timestamp, UserId};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClosedAccount {
    pub(crate) user_id: UserId,
    /// Always `deleted`, for a person who reads the table.
    pub(crate) status: String,
    /// The account's last version, plus one.
    pub(crate) version: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) closed_at: Timestamp,
    /// The digest of its email address, until the tokens that were mailed there are erased.
    #[serde(default, rename = "address", skip_serializing_if = "Option::is_none")]
    pub(crate) email_digest: Option<String>,
}
