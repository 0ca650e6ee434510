//! A link to a provider, as the account's owner sees it.

use serde::Serialize;
use values::Timestamp;

use crate::sign_in::provider::Provider;

/// A link of the account to a provider.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Link"))]
#[serde(rename_all = "camelCase")]
pub struct LinkView {
    pub provider: Provider,
    /// The time when it was linked.
    pub linked_at: Timestamp,
}
