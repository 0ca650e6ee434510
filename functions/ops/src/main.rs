//! The Lambda function `ops`. See [`fn_ops`].

use aws_kit::Aws;
use fn_ops::{State, routes};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::from_env();
    let state = State::from_env(&aws)?;
    aws.warm(&aws.table("SOUK_TABLE_IDENTITY")?).await;
    http_kit::run(routes(state), http_kit::RateLimiter::from_env(&aws)?).await
}
