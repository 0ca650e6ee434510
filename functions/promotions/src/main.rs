//! The Lambda function `promotions`. See [`fn_promotions`].

use aws_kit::Aws;
use axum::extract::FromRef;
use fn_promotions::{State, routes};
use http_kit::{RateLimiter, Verifier};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::from_env();
    let state = State::from_env(&aws)?;
    aws.warm(state.table()).await;
    let limiter = RateLimiter::from_env(&aws)?.with_callers(Verifier::from_ref(&state));
    http_kit::run(routes(state), limiter).await
}
