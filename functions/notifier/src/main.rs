//! The Lambda function `notifier`.

use aws_kit::Aws;
use fn_notifier::{State, handle};
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Error> {
    telemetry::init();
    let aws = Aws::from_env();
    let state = State::from_env(&aws)?;
    aws.warm(&aws.table("SOUK_TABLE_NOTIFICATIONS")?).await;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| Ok::<_, Error>(handle(&state, event.payload).await)))
        .await
}
