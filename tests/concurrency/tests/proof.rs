//! The proof, a few scenarios to a run: each ends with everything at rest and every check content. `SOUK_SEED` makes a run
//! again; what was asked and answered lies beside `stack.json` in `concurrency/`. They run one after another, since each has
//! the stack for itself.

use concurrency::run::prove;
use concurrency::scenarios::Scenario;

#[tokio::test]
async fn people_at_once() {
    prove("people", &Scenario::PEACEFUL).await;
}

#[tokio::test]
async fn messages_that_come_twice_late_and_in_any_order() {
    prove("messages", &[Scenario::Messages]).await;
}

#[tokio::test]
async fn a_database_that_conflicts_throttles_breaks_and_loses_answers() {
    prove("database", &[Scenario::Database]).await;
}

#[tokio::test]
async fn a_database_that_is_gone_for_ten_seconds() {
    prove("database-gone", &[Scenario::DatabaseGone]).await;
}

#[tokio::test]
async fn a_provider_that_is_slow_breaks_and_tells_late() {
    prove("provider", &[Scenario::Provider]).await;
}

#[tokio::test]
async fn a_relay_whose_streams_are_lost() {
    prove("relay", &[Scenario::RelayLost]).await;
}

#[tokio::test]
async fn power_cuts_at_every_labelled_point() {
    prove("kills", &[Scenario::Kills]).await;
}
