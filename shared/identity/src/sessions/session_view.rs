//! A session as its owner sees it.

use serde::Serialize;
use values::{SessionId, Timestamp};

/// What an answer shows of a session.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    pub id: SessionId,
    /// The `User-Agent` that it began with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    pub created_at: Timestamp,
    /// When its tokens were last refreshed.
    pub last_used_at: Timestamp,
    /// Whether it is the caller's own session.
    pub current: bool,
}
