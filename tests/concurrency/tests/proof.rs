//! The proof. Each test plays some scenarios, waits until all work has ended, and runs all checks. `SOUK_SEED` repeats a run. The
//! histories are in `concurrency/` beside `stack.json`. The tests run one after another, since each needs the stack for itself.

use concurrency::checks::orders_with_wrong_history;
use concurrency::harness::assert_invariants_hold;
use concurrency::run::Run;
use concurrency::scenarios::Scenario;
use e2e::{SOON, await_until};

#[tokio::test]
async fn invariants_hold_without_faults() {
    assert_invariants_hold("without-faults", &Scenario::WITHOUT_FAULTS).await;
}

#[tokio::test]
async fn invariants_hold_when_messages_are_duplicated_delayed_and_reordered() {
    assert_invariants_hold("messages", &[Scenario::Messages]).await;
}

#[tokio::test]
async fn invariants_hold_when_database_calls_fail() {
    assert_invariants_hold("database", &[Scenario::Database]).await;
}

#[tokio::test]
async fn invariants_hold_after_a_database_outage() {
    assert_invariants_hold("database-gone", &[Scenario::DatabaseGone]).await;
}

#[tokio::test]
async fn invariants_hold_when_the_provider_fails() {
    assert_invariants_hold("provider", &[Scenario::Provider]).await;
}

#[tokio::test]
async fn invariants_hold_when_functions_lose_their_streams() {
    assert_invariants_hold("streams", &[Scenario::StreamsLost]).await;
}

#[tokio::test]
async fn invariants_hold_when_functions_are_killed() {
    assert_invariants_hold("kills", &[Scenario::Kills]).await;
}

#[tokio::test]
async fn invariants_hold_in_a_flash_sale() {
    assert_invariants_hold("flash-sale", &[Scenario::FlashSale]).await;
}

#[tokio::test]
async fn every_order_equals_the_fold_of_its_history() {
    let run = Run::open("every-order", 0).await;
    // The tables are read one after another, and an order may change meanwhile.
    let orders = await_until("every order equals the fold of its history", SOON, async || {
        let orders = run.read_every_order().await;
        let wrong = orders_with_wrong_history(&orders);
        if wrong.is_empty() { Ok(orders.len()) } else { Err(wrong.join("\n")) }
    })
    .await;
    eprintln!("every-order: {orders} orders equal the fold of their histories");
}
