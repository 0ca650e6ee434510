//! All functions lose their streams. Housekeeping finds the events in the outboxes, the orders that nobody has charged, the mails that
//! nobody has sent, and the stock movements that nobody has logged.

use std::time::Duration;

use super::long_holds;
use super::workload::Workload;
use crate::run::Run;

/// Buyers order while no function has a stream and housekeeping runs. Then the streams are restored.
pub(super) async fn play(run: &Run) {
    let workload = Workload::prepare(run, "buyer without streams", 6).await;
    let outage = async {
        long_holds::play(run).await;
        let shopping = workload.run(1);
        let housekeeping = async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(4)).await;
                run.run_housekeeping().await;
            }
        };
        futures::join!(shopping, housekeeping);
    };
    run.faults.streams.run_without(outage).await;
    workload.run(1).await;
}
