//! The Lambda function `search`. See [`fn_search`].

use std::time::Duration;

use aws_kit::Aws;
use fn_search::{State, routes};
use http_kit::{RateLimiter, Verifier};
use lambda_http::Error;

/// Lambda gives an execution environment ten seconds to start. If the index is not loaded within this time, loading
/// goes on during the first request.
const MAX_LOAD_WAIT: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::from_env();
    let state = State::from_env(&aws)?;
    tokio::join!(aws.warm(state.table()), state.reader().warm(MAX_LOAD_WAIT));
    let limiter = RateLimiter::from_env(&aws)?.with_callers(Verifier::from_env(&aws)?);
    http_kit::run(routes(state), limiter).await
}
