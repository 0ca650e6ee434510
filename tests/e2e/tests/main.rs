//! The black-box suite: souk as its customers, its admin and its operators meet it, deployed, over HTTP and queues only.
//! `make test` starts the stack and runs it. Every test makes its own products and people, so they run side by side and in
//! any order; the few that break something for everybody are in `alone.rs`.

mod accounts;
mod address_book;
mod admin_orders;
mod api_keys;
mod bad_catalog;
mod bad_categories;
mod bad_input;
mod bad_queries;
mod bad_stock;
mod cancel;
mod carts;
mod categories;
mod charges;
mod declined;
mod doors;
mod erasure;
mod events;
mod flow;
mod idempotency;
mod images;
mod imports;
mod late;
mod life;
mod links;
mod merge;
mod messages;
mod mismatch;
mod passwords;
mod people;
mod permissions;
mod preferences;
mod products;
mod quotes;
mod refunds;
mod requires_action;
mod resets;
mod reviews;
mod search;
mod sign_in;
mod stock;
mod throttles;
mod tokens;
mod variants;
mod webhooks;
