//! The Lambda function `products`. See [`fn_products`].

use aws_kit::Aws;
use fn_products::{State, routes};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::from_env();
    let state = State::from_env(&aws)?;
    aws.warm(state.table()).await;
    http_kit::run(routes(state)).await
}
