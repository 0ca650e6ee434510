//! A session as its owner sees it.

use serde::Serialize;
use values::{SessionId, Timestamp};

/// A login on one device.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Session"))]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// The id of the session.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::SessionId"))]
    pub id: SessionId,
    /// The `User-Agent` of the login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The time of the login.
    pub created_at: Timestamp,
    /// The time of the last refresh.
    pub last_used_at: Timestamp,
    /// Whether this session makes the request.
    pub current: bool,
}
