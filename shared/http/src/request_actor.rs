//! Who sends a request, for its log lines.

use std::sync::{Arc, OnceLock};

use telemetry::SecurityEvent;
use values::Caller;

/// Who sends a request: set when its credential was verified, and read for the request's log line. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestActor(Arc<OnceLock<String>>);

impl RequestActor {
    pub(crate) fn set(&self, caller: &Caller) {
        self.0.get_or_init(|| caller.log_name());
    }

    /// `none` on a route that reads no credential, and for a credential that is not valid.
    pub(crate) fn name(&self) -> &str {
        self.0.get().map_or(SecurityEvent::NOBODY, String::as_str)
    }
}
