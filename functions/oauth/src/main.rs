//! The Lambda `oauth`. See [`fn_oauth`].

use aws_kit::Aws;
use fn_oauth::{State, routes};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::from_env();
    let state = State::from_env(&aws)?;
    state.warm(&aws).await;
    http_kit::run(routes(state)).await
}
