//! The relay is off, and what its streams held meanwhile is lost: the outboxes still have it, and housekeeping looks there.

use std::time::Duration;

use super::workload::Workload;
use crate::run::Run;

/// People shop without it. After a while housekeeping is woken, as its schedule would; then the relay comes back.
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
