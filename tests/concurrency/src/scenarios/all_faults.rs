//! All kinds of faults, at random. `make soak` repeats this scenario.

use std::time::Duration;

use super::outages::DATABASE_FAULTS;
use super::workload::Workload;
use crate::fault_injection::WebhookDelivery;
use crate::fault_points::FAULT_POINTS;
use crate::run::Run;
use crate::seed::pick_weighted;

const FAULT_COUNT: usize = 8;

#[derive(Debug, Clone, Copy)]
enum FaultKind {
    Database,
    DatabaseGone,
    Provider,
    Webhooks,
    Kill,
    StreamsLost,
    Reset,
}

/// Buyers order, and every two seconds another fault is injected.
pub(super) async fn play(run: &Run) {
    let workload = Workload::prepare(run, "all-faults buyer", 10).await;
    futures::join!(workload.run(3), inject_faults(run));
}

async fn inject_faults(run: &Run) {
    let mut random = run.rng("all faults");
    for _ in 0..FAULT_COUNT {
        let kinds = [
            (3, FaultKind::Database),
            (1, FaultKind::DatabaseGone),
            (3, FaultKind::Provider),
            (2, FaultKind::Webhooks),
            (2, FaultKind::Kill),
            (1, FaultKind::StreamsLost),
            (2, FaultKind::Reset),
        ];
        match pick_weighted(&mut random, &kinds) {
            FaultKind::Database => {
                // Database faults do not add up: the earlier ones end first.
                run.faults.database.reset().await;
                run.faults.database.inject_by_chance(&DATABASE_FAULTS, random.u64(..)).await;
            }
            FaultKind::DatabaseGone => run.faults.database.make_unavailable_for(random.u64(1000..6000)).await,
            FaultKind::Provider => {
                let kind =
                    random.choice(["fail_before", "fail_after", "drop_connection_after", "delay"]).unwrap_or("delay");
                let path = random.choice(["/v1/payment_intents", "/confirm", "/capture", "/cancel", "/v1/refunds"]);
                run.faults.provider.inject(kind, path.unwrap_or("/confirm"), random.u32(1..4), None).await;
            }
            FaultKind::Webhooks => {
                let ms = random.u64(200..4000);
                let modes = [
                    WebhookDelivery::Prompt,
                    WebhookDelivery::Late(ms),
                    WebhookDelivery::Twice(ms),
                    WebhookDelivery::Shuffled(ms),
                    WebhookDelivery::Never,
                ];
                run.faults
                    .provider
                    .set_webhook_delivery(random.choice(modes).unwrap_or(WebhookDelivery::Prompt), random.u64(..))
                    .await;
            }
            FaultKind::Kill => {
                if let Some((label, _)) = random.choice(FAULT_POINTS) {
                    run.faults.process.kill_at(label);
                }
            }
            FaultKind::StreamsLost => {
                let outage = tokio::time::sleep(Duration::from_millis(random.u64(500..4000)));
                run.faults.streams.run_without(outage).await;
            }
            FaultKind::Reset => run.faults.reset().await,
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}
