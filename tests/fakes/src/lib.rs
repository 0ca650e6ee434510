//! Fakes of the services that souk talks to. They are stricter than the real ones and fail on request: a payment provider that
//! speaks Stripe's PaymentIntents protocol and keeps a ledger of all charges, GitHub's sign-in, an issuer of access tokens, and a
//! proxy in front of DynamoDB that counts requests and makes them fail. All state is in memory. The control planes are under
//! `/_fake`.

mod clock;
pub mod dynamodb_proxy;
pub mod github;
pub mod issuer;
pub mod provider;
pub mod serve;
mod sync;

pub(crate) use clock::now_ms;
pub(crate) use sync::lock;
