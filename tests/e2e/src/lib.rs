//! Support of the black-box suite: clients by role, so that tests read as sentences, and the levers of the test stack
//! (payment provider, DynamoDB and the proxy before it, queues, functions, mailbox). It knows souk by its API, its
//! queues and a row or two.
//!
//! Helpers panic with a sentence when souk does not do what it should: they are the assertions.

mod answer;
mod api;
mod await_until;
mod browser;
mod bucket;
mod cart;
mod catalog;
mod customer;
mod elsewhere;
pub mod envelope;
mod fault_points;
mod functions;
mod history;
mod images;
mod jobs;
mod keys;
mod mailbox;
mod mailed;
mod movements;
mod order;
mod orders;
mod personal;
mod provider;
mod proxy;
mod queues;
mod reviews;
mod rows;
pub mod scenes;
mod shop;
mod spoiled;
mod stack;
mod tokens;
pub mod webhooks;

pub use answer::{Answer, Problem};
pub use api::{Api, Call};
pub use await_until::{EVENTUALLY, SOON, await_until};
pub use browser::{Browser, SIGNED_IN, Sent};
pub use cart::pieces;
pub use catalog::{Draft, Product, Shirt};
pub use customer::{Checkout, Customer, Guest};
pub use elsewhere::Elsewhere;
pub use fault_points::fault_labels;
pub use functions::{Functions, Invoked, Mapping};
pub use images::{Announced, Upload};
pub use keys::{KEYS, Robot, row_of_key};
pub use mailbox::{Mail, Mailbox};
pub use mailed::row_of;
pub use movements::{movements_path, tally};
pub use order::{Order, decimal};
pub use personal::{Kept, Person, Place};
pub use provider::{Provider, Tally};
pub use proxy::Proxy;
pub use queues::Queues;
pub use reviews::Rated;
pub use rows::Rows;
pub use shop::{Shop, unique};
pub use spoiled::with;
pub use stack::{Login, Stack, Stripe};
pub use tokens::{Foreigner, claims, encoded, in_seconds, kid};
pub use webhooks::Webhooks;
