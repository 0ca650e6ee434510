//! The Lambda function `promotions-worker`. See [`fn_promotions_worker`].

use fn_promotions_worker::{State, handle};
use lambda_runtime::{LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    let aws = aws_kit::Aws::from_env();
    let state = State::from_env(&aws)?;
    aws.warm(state.table()).await;
    run(service_fn(async |batch: LambdaEvent<_>| Ok::<_, lambda_runtime::Error>(handle(&state, batch.payload).await)))
        .await
}
