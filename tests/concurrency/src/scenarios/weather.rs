//! What souk stands on fails: DynamoDB and the payment provider.

use std::time::Duration;

use super::spree::Spree;
use crate::levers::Webhooks;
use crate::run::Run;

/// How often a call to DynamoDB goes wrong, and how. Some of them are worse luck than any table ever had.
pub(super) const DATABASE: [(&str, f64); 4] =
    [("transaction_conflict", 0.10), ("throttle", 0.03), ("internal_error", 0.02), ("timeout_after_commit", 0.03)];

/// Every kind of fault by chance, for everybody: the functions that answer, the workers, the relay, housekeeping.
pub(super) async fn database(run: &Run) {
    let spree = Spree::of(run, "database buyer", 10).await;
    run.levers.database.fails_by_chance(&DATABASE, run.seed).await;
    spree.begins(2).await;
    run.levers.database.mend().await;
}

/// In the middle of it, nobody reaches any table for ten seconds.
pub(super) async fn database_gone(run: &Run) {
    let spree = Spree::of(run, "outage buyer", 8).await;
    let outage = async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        run.levers.database.is_gone_for(10_000).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
    };
    futures::join!(spree.begins(2), outage);
}

/// Each kind of fault at each kind of call, while webhooks come in any order.
pub(super) async fn provider(run: &Run) {
    let spree = Spree::of(run, "provider buyer", 10).await;
    let mut random = run.source("provider");
    // Longer than souk waits for an answer.
    let too_long = Some(6_500);
    let mut faults = Vec::new();
    for path in ["/v1/payment_intents", "/confirm", "/capture", "/cancel", "/v1/refunds"] {
        faults.extend([
            ("fail_before", path, 2, None),
            ("fail_after", path, 2, None),
            ("drop_connection_after", path, 2, None),
            ("delay", path, 1, Some(1500)),
        ]);
    }
    faults.extend([("timeout_after", "/confirm", 1, too_long), ("timeout_after", "/capture", 1, too_long)]);
    random.shuffle(&mut faults);
    for (kind, path, times, ms) in faults {
        run.levers.provider.fails(kind, path, times, ms).await;
    }
    let news = async {
        for how in [Webhooks::Shuffled(3000), Webhooks::Twice(1500), Webhooks::Never, Webhooks::Late(2500)] {
            run.levers.provider.webhooks(how, run.seed).await;
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
    };
    futures::join!(spree.begins(2), news);
}
