//! The proof, a few scenarios to a run: each ends with everything at rest and every check content. `SOUK_SEED` makes a run
//! again; what was asked and answered lies beside `stack.json` in `concurrency/`. They run one after another, since each has
//! the stack for itself.

use concurrency::checks::orders_with_wrong_history;
use concurrency::harness::assert_invariants_hold;
use concurrency::run::Run;
use concurrency::scenarios::Scenario;
use e2e::{SOON, await_until};

#[tokio::test]
async fn people_at_once() {
    assert_invariants_hold("people", &Scenario::WITHOUT_FAULTS).await;
}

#[tokio::test]
async fn messages_that_come_twice_late_and_in_any_order() {
    assert_invariants_hold("messages", &[Scenario::Messages]).await;
}

#[tokio::test]
async fn a_database_that_conflicts_throttles_breaks_and_loses_answers() {
    assert_invariants_hold("database", &[Scenario::Database]).await;
}

#[tokio::test]
async fn a_database_that_is_gone_for_ten_seconds() {
    assert_invariants_hold("database-gone", &[Scenario::DatabaseGone]).await;
}

#[tokio::test]
async fn a_provider_that_is_slow_breaks_and_tells_late() {
    assert_invariants_hold("provider", &[Scenario::Provider]).await;
}

#[tokio::test]
async fn a_relay_whose_streams_are_lost() {
    assert_invariants_hold("relay", &[Scenario::RelayLost]).await;
}

#[tokio::test]
async fn power_cuts_at_every_labelled_point() {
    assert_invariants_hold("kills", &[Scenario::Kills]).await;
}

#[tokio::test]
async fn the_history_of_every_order_that_any_suite_made_folds_to_it() {
    let run = Run::open("every-order", 0).await;
    // The tables are read one after the other, and an order may move meanwhile.
    let orders = await_until("every history folds to its order", SOON, async || {
        let orders = run.read_every_order().await;
        let wrong = orders_with_wrong_history(&orders);
        if wrong.is_empty() { Ok(orders.len()) } else { Err(wrong.join("\n")) }
    })
    .await;
    eprintln!("every-order: {orders} histories fold");
}
