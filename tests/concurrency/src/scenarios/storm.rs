//! Everything at once, at random: what `make soak` does for as long as one likes.

use std::time::Duration;

use super::spree::Spree;
use super::weather::DATABASE;
use crate::fault_points;
use crate::levers::Webhooks;
use crate::run::Run;
use crate::seed::weighted;

const CHANGES: usize = 8;

#[derive(Debug, Clone, Copy)]
enum Weather {
    Database,
    DatabaseGone,
    Provider,
    Webhooks,
    Kill,
    RelayLost,
    Fair,
}

/// People shop, and the weather changes every two seconds.
pub(super) async fn play(run: &Run) {
    let spree = Spree::of(run, "storm buyer", 10).await;
    futures::join!(spree.begins(3), changes(run));
}

async fn changes(run: &Run) {
    let mut random = run.source("storm");
    let points = fault_points::of(&run.site);
    for _ in 0..CHANGES {
        let kinds = [
            (3, Weather::Database),
            (1, Weather::DatabaseGone),
            (3, Weather::Provider),
            (2, Weather::Webhooks),
            (2, Weather::Kill),
            (1, Weather::RelayLost),
            (2, Weather::Fair),
        ];
        match weighted(&mut random, &kinds) {
            Weather::Database => {
                // Not on top of what is already failing: one bad day at a time.
                run.levers.database.mend().await;
                run.levers.database.fails_by_chance(&DATABASE, random.u64(..)).await;
            }
            Weather::DatabaseGone => run.levers.database.is_gone_for(random.u64(1000..6000)).await,
            Weather::Provider => {
                let kind =
                    random.choice(["fail_before", "fail_after", "drop_connection_after", "delay"]).unwrap_or("delay");
                let path = random.choice(["/v1/payment_intents", "/confirm", "/capture", "/cancel", "/v1/refunds"]);
                run.levers.provider.fails(kind, path.unwrap_or("/confirm"), random.u32(1..4), None).await;
            }
            Weather::Webhooks => {
                let ms = random.u64(200..4000);
                let modes = [
                    Webhooks::Prompt,
                    Webhooks::Late(ms),
                    Webhooks::Twice(ms),
                    Webhooks::Shuffled(ms),
                    Webhooks::Never,
                ];
                run.levers.provider.webhooks(random.choice(modes).unwrap_or(Webhooks::Prompt), random.u64(..)).await;
            }
            Weather::Kill => {
                if let Some((label, _)) = random.choice(&points) {
                    run.levers.sabotage.kills_at(label);
                }
            }
            Weather::RelayLost => {
                run.levers.relay.while_lost(tokio::time::sleep(Duration::from_millis(random.u64(500..4000)))).await;
            }
            Weather::Fair => run.levers.mend().await,
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}
