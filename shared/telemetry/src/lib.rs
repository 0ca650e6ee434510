//! Logging: one JSON object per line on standard output, from where Lambda collects it.
//! Names of fields have dots and units. The span `request` or `message` adds `correlation.id` to every line.

mod security;

pub use security::{SecurityEvent, SecurityKind};

use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter, fmt};

/// Starts logging. Call it once, first in `main`. `SOUK_LOG` is the lowest level that is logged; the default is `info`. Libraries log
/// from `warn` on.
pub fn init() {
    let level = std::env::var("SOUK_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(tracing::Level::INFO);
    let filter = filter::filter_fn(move |meta| {
        let libraries = ["hyper", "aws_", "rustls", "reqwest", "tower", "lambda_"];
        // The prefix `aws_` also matches aws_kit, whose span around a message has the correlation id.
        let is_library = |target: &str| {
            libraries.iter().any(|library| target.starts_with(library)) && !target.starts_with("aws_kit")
        };
        let max_level = if is_library(meta.target()) { tracing::Level::WARN } else { level };
        *meta.level() <= max_level
    });
    // Without this hint each line below these levels would be registered, and compared by the filter above, when it is first reached.
    let filter = filter.with_max_level_hint(level.max(tracing::Level::WARN));
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_span_events(FmtSpan::NONE)
        .with_filter(filter);
    // A second call keeps the first subscriber: tests start several handlers in one process.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}
