//! The Lambda function `uploads`. See [`fn_uploads`].

use fn_uploads::{State, handle};
use lambda_runtime::{LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let aws = aws_kit::Aws::from_env();
    let state = State::from_env(&aws)?;
    aws.warm(state.table()).await;
    run(service_fn(async |event: LambdaEvent<_>| handle(&state, event.payload).await)).await
}
