//! The Lambda function `payments`.

use axum::extract::FromRef;
use fn_payments::{State, routes};
use http_kit::{RateLimiter, Verifier};

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let aws = aws_kit::Aws::from_env();
    let state = State::from_env(&aws)?;
    aws.warm(state.table()).await;
    let limiter = RateLimiter::from_env(&aws)?.with_callers(Verifier::from_ref(&state));
    http_kit::run(routes(state), limiter).await
}
