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

#[cfg(test)]
mod tests {
    use super::*;
    use values::Clock;

    #[test]
    fn row_of_an_earlier_release_reads_and_writes_back() {
        let user: UserId = Clock::System.mint();
        let row = serde_json::json!({
            "userId": user, "status": "deleted", "version": 3,
            "createdAt": "2026-11-21T00:00:00.000Z", "closedAt": "2026-11-22T00:00:00.000Z", "address": "a digest",
        });
        let Ok(closed) = serde_json::from_value::<ClosedAccount>(row.clone()) else { panic!("it does not read") };
        assert_eq!(closed.email_digest.as_deref(), Some("a digest"));
        assert_eq!(serde_json::to_value(&closed).unwrap()["address"], row["address"]);
    }
}
