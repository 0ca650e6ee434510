//! The Lambda `keys`. See [`fn_keys`].

use fn_keys::{State, handle};
use lambda_runtime::{LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let aws = aws_kit::Aws::from_env();
    let state = State::from_env(&aws)?;
    run(service_fn(async |call: LambdaEvent<_>| handle(&state, call.payload).await)).await
}
