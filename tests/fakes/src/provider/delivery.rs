//! When a webhook event is delivered, and how often.

use serde::{Deserialize, Serialize};

/// A mode of delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryMode {
    /// Immediately.
    #[default]
    Prompt,
    /// After `ms` milliseconds.
    Late,
    /// Immediately, and again after `ms` milliseconds.
    Twice,
    /// Each event after a random delay of at most `ms` milliseconds.
    Shuffled,
    /// Events are recorded and not delivered.
    Never,
}

/// How the events of one card's payments are delivered. The endpoint's `ms` applies if `ms` is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CardDelivery {
    pub(crate) mode: DeliveryMode,
    pub(crate) ms: Option<u64>,
}

impl CardDelivery {
    /// Reads `late`, `late_800ms`, `late_800ms_anything` and `late_anything`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mode, rest) = text.split_once('_').unwrap_or((text, ""));
        let mode = match mode {
            "prompt" => DeliveryMode::Prompt,
            "late" => DeliveryMode::Late,
            "twice" => DeliveryMode::Twice,
            "shuffled" => DeliveryMode::Shuffled,
            "never" => DeliveryMode::Never,
            _ => return None,
        };
        let ms = rest.split('_').next().and_then(|ms| ms.strip_suffix("ms")?.parse().ok());
        Some(Self { mode, ms })
    }
}
