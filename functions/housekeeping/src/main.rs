//! The Lambda function `housekeeping`. See [`fn_housekeeping`].

use fn_housekeeping::{State, handle};
use lambda_runtime::{LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let aws = aws_kit::Aws::from_env();
    let state = State::from_env(&aws)?;
    run(service_fn(async |task: LambdaEvent<_>| handle(&state, task.payload, &task.context.request_id).await)).await
}
