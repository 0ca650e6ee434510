//! The smallest Lambda function behind an HTTP API. The functions of souk are compared with it.

use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_: Request| Ok::<_, Error>("hello, world"))).await
}
