//! The Lambda `auth`. See [`fn_auth`].

use aws_kit::Aws;
use fn_auth::{State, routes};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::from_env();
    let state = State::from_env(&aws)?;
    state.warm().await;
    http_kit::run(routes(state)).await
}
