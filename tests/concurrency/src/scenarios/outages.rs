//! Outages of DynamoDB and of the payment provider.

use std::time::Duration;

use super::workload::Workload;
use crate::fault_injection::WebhookDelivery;
use crate::run::Run;

/// The kinds of database faults and their probabilities. They are higher than in production.
pub(super) const DATABASE_FAULTS: [(&str, f64); 4] =
    [("transaction_conflict", 0.10), ("throttle", 0.03), ("internal_error", 0.02), ("timeout_after_commit", 0.03)];

/// Database faults for all functions: API, workers, relay and housekeeping.
pub(super) async fn database(run: &Run) {
    let workload = Workload::prepare(run, "database buyer", 10).await;
    run.faults.database.inject_by_chance(&DATABASE_FAULTS, run.seed).await;
    workload.run(2).await;
    run.faults.database.reset().await;
}

/// All tables are unreachable for ten seconds in the middle of the workload.
pub(super) async fn database_gone(run: &Run) {
    let workload = Workload::prepare(run, "outage buyer", 8).await;
    let outage = async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        run.faults.database.make_unavailable_for(10_000).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
    };
    futures::join!(workload.run(2), outage);
}

/// Each kind of fault for each kind of call, while webhooks are delayed, repeated, reordered or lost.
pub(super) async fn provider(run: &Run) {
    let workload = Workload::prepare(run, "provider buyer", 10).await;
    let mut random = run.rng("provider");
    // Longer than souk waits for a response.
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
        run.faults.provider.inject(kind, path, times, ms).await;
    }
    let webhooks = async {
        for delivery in [
            WebhookDelivery::Shuffled(3000),
            WebhookDelivery::Twice(1500),
            WebhookDelivery::Never,
            WebhookDelivery::Late(2500),
        ] {
            run.faults.provider.set_webhook_delivery(delivery, run.seed).await;
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
    };
    futures::join!(workload.run(2), webhooks);
}
