//! Support of the black-box suite: clients by role, so that tests read as sentences, and access to the parts of the test stack
//! (payment provider, DynamoDB and its proxy, queues, functions, mailbox). It knows souk by its API, its queues and a few
//! rows.
//!
//! Helpers panic with a sentence when souk misbehaves: they are the assertions.

mod api;
mod await_until;
mod browser;
mod bucket;
mod cart;
mod catalog;
mod customer;
pub mod envelope;
mod fault_points;
mod forged;
mod functions;
mod history;
mod images;
mod invalid_documents;
mod ip_caller;
mod jobs;
mod keys;
mod mail_tokens;
mod mailbox;
mod movements;
mod order;
mod orders;
mod personal;
mod provider;
mod proxy;
mod queues;
mod release;
mod response;
mod reviews;
mod rows;
pub mod scenarios;
pub mod search;
mod shop;
mod stack;
mod tokens;
mod unique;
pub mod webhooks;

pub use api::{Api, Call};
pub use await_until::{EVENTUALLY, SOON, await_until};
pub use browser::{Browser, Redirect, SIGNED_IN};
pub use cart::pieces;
pub use catalog::{Draft, Product, Shirt};
pub use customer::{Checkout, Customer, Guest};
pub use fault_points::fault_labels;
pub use forged::{EVENT_TYPES, ForgedEvent};
pub use functions::{Functions, InvokeResult, Mapping};
pub use images::{ImageFile, ImageUpload};
pub use invalid_documents::with;
pub use ip_caller::IpCaller;
pub use keys::{ApiKeyClient, KEYS, row_of_key};
pub use mail_tokens::row_of;
pub use mailbox::{Mail, Mailbox};
pub use movements::{movements_path, tally};
pub use order::{Order, decimal};
pub use personal::{Person, Place, RetentionList};
pub use provider::{Provider, Tally};
pub use proxy::Proxy;
pub use queues::Queues;
pub use response::{Problem, Response};
pub use reviews::Rating;
pub use rows::Rows;
pub use shop::Shop;
pub use stack::{Login, Stack, Stripe};
pub use tokens::{ForeignIssuer, claims, encoded, in_seconds, kid};
pub use unique::{unique, unique_email};
pub use webhooks::Webhooks;
