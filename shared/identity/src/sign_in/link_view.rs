//! A link to a provider, as the account's owner sees it.

use serde::Serialize;
use values::Timestamp;

use crate::sign_in::provider::Provider;

/// What an answer shows of a link.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkView {
    pub provider: Provider,
    pub linked_at: Timestamp,
}
