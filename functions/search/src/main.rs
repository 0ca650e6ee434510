//! The Lambda `search`. See [`fn_search`].

use std::time::Duration;

use aws_kit::Aws;
use fn_search::{State, routes};
use lambda_http::Error;

/// Of the ten seconds that Lambda gives a sandbox to start; what is not brought then goes on beside the first request.
const PATIENCE: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::from_env();
    let state = State::from_env(&aws)?;
    tokio::join!(aws.warm(state.table()), state.reader().warm(PATIENCE));
    http_kit::run(routes(state)).await
}
