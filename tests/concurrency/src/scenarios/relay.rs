//! The relay is off, and what its streams held meanwhile is lost: the outboxes still have it, and housekeeping looks there.

use std::time::Duration;

use super::spree::Spree;
use crate::run::Run;

/// People shop without it. After a while housekeeping is woken, as its schedule would; then the relay comes back.
pub(super) async fn play(run: &Run) {
    let spree = Spree::of(run, "relay buyer", 6).await;
    let off = async {
        let shopping = spree.begins(1);
        let keeping = async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(4)).await;
                run.wakes_housekeeping().await;
            }
        };
        futures::join!(shopping, keeping);
    };
    run.levers.relay.while_lost(off).await;
    spree.begins(1).await;
}
