//! All functions in one program, for the stacks of this machine: one link instead of one for each function. The name under which it is
//! started says which function it is, such as `fn-orders`.
//!
//! AWS gets one small program for each function. It is the same code: each module here is the `main.rs` of that program.

use std::path::Path;

use lambda_runtime::Error;

#[path = "../../../../functions/auth/src/main.rs"]
mod auth;
#[path = "../../../../functions/cart/src/main.rs"]
mod cart;
#[path = "../../../../functions/catalog-worker/src/main.rs"]
mod catalog_worker;
#[path = "../../../../functions/housekeeping/src/main.rs"]
mod housekeeping;
#[path = "../../../../functions/indexer/src/main.rs"]
mod indexer;
#[path = "../../../../functions/keys/src/main.rs"]
mod keys;
#[path = "../../../../functions/notifier/src/main.rs"]
mod notifier;
#[path = "../../../../functions/oauth/src/main.rs"]
mod oauth;
#[path = "../../../../functions/ops/src/main.rs"]
mod ops;
#[path = "../../../../functions/orders/src/main.rs"]
mod orders;
#[path = "../../../../functions/orders-worker/src/main.rs"]
mod orders_worker;
#[path = "../../../../functions/payments/src/main.rs"]
mod payments;
#[path = "../../../../functions/payments-worker/src/main.rs"]
mod payments_worker;
#[path = "../../../../functions/privacy/src/main.rs"]
mod privacy;
#[path = "../../../../functions/products/src/main.rs"]
mod products;
#[path = "../../../../functions/relay/src/main.rs"]
mod relay;
#[path = "../../../../functions/search/src/main.rs"]
mod search;
#[path = "../../../../functions/uploads/src/main.rs"]
mod uploads;
#[path = "../../../../functions/users/src/main.rs"]
mod users;

fn main() -> Result<(), Error> {
    let program = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&program).file_name().unwrap_or_default().to_string_lossy();
    match &*name {
        "fn-auth" => auth::main(),
        "fn-cart" => cart::main(),
        "fn-catalog-worker" => catalog_worker::main(),
        "fn-housekeeping" => housekeeping::main(),
        "fn-indexer" => indexer::main(),
        "fn-keys" => keys::main(),
        "fn-notifier" => notifier::main(),
        "fn-oauth" => oauth::main(),
        "fn-ops" => ops::main(),
        "fn-orders" => orders::main(),
        "fn-orders-worker" => orders_worker::main(),
        "fn-payments" => payments::main(),
        "fn-payments-worker" => payments_worker::main(),
        "fn-privacy" => privacy::main(),
        "fn-products" => products::main(),
        "fn-relay" => relay::main(),
        "fn-search" => search::main(),
        "fn-uploads" => uploads::main(),
        "fn-users" => users::main(),
        _ => Err(format!("{name} is no function: start this program as one, such as fn-orders").into()),
    }
}
