//! The relay loses its streams. The events are still in the outboxes, where housekeeping finds them. The stock movements are lost, and
//! housekeeping finds the orders without them.

use std::time::Duration;

use super::workload::Workload;
use crate::run::Run;

/// Buyers order while the relay has no streams and housekeeping runs. Then the streams are restored.
pub(super) async fn play(run: &Run) {
    let workload = Workload::prepare(run, "relay buyer", 6).await;
    let outage = async {
        let shopping = workload.run(1);
        let housekeeping = async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(4)).await;
                run.run_housekeeping().await;
            }
        };
        futures::join!(shopping, housekeeping);
    };
    run.faults.relay.run_without_streams(outage).await;
    workload.run(1).await;
}
