//! Logs as one JSON object a line on standard output, where Lambda collects them.
//! Fields are dotted with units; the span `request` or `message` around the work puts `correlation.id` on every line.

use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter, fmt};

/// Starts logging; call once, first thing in `main`. `SOUK_LOG` is the least level shown (`info` without it);
/// the libraries speak from `warn` up.
pub fn init() {
    let level = std::env::var("SOUK_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(tracing::Level::INFO);
    let ours = filter::filter_fn(move |meta| {
        let noisy = ["hyper", "aws_", "rustls", "h2", "reqwest", "tower", "lambda_"];
        // aws_kit is ours: its span around a message carries the correlation id.
        let is_noisy =
            |target: &str| noisy.iter().any(|library| target.starts_with(library)) && !target.starts_with("aws_kit");
        let most = if is_noisy(meta.target()) { tracing::Level::WARN } else { level };
        *meta.level() <= most
    });
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_span_events(FmtSpan::NONE)
        .with_filter(ours);
    // A second call (tests start several handlers in one process) keeps the first subscriber.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}
