//! The yardstick: the least that a Lambda behind an HTTP API can be. What souk's functions take beyond it is souk's.

use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_: Request| Ok::<_, Error>("hello, world"))).await
}
