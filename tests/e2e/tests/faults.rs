//! The tests that disturb a part of the stack: they kill a worker, pause or close a queue, or make DynamoDB slow. They are a test program of
//! their own, so that other tests need not wait for them. Tests that disturb different parts run side by side
//! (`Shop::open_disturbing`).

mod erasure_faults;
mod flash_faults;
mod import_faults;
mod lost_mails;
mod order_faults;
mod rate_limit_faults;
mod release_messages;
mod reset_faults;
mod search_faults;
mod settle_faults;
mod stock_log;
mod unpaid_faults;
