//! The Lambda function `payments`.

use fn_payments::{State, routes};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let aws = aws_kit::Aws::from_env();
    let state = State::from_env(&aws)?;
    aws.warm(state.table()).await;
    http_kit::run(routes(state)).await
}
