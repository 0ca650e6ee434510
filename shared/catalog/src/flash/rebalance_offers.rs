//! Use case of housekeeping: bring the buckets of all bucketed offers into order. It writes terms that a request has not written, moves the
//! last pieces into the tail, spreads a tail that has filled, and lowers bounds to what is left.

use std::time::{Duration, Instant};

use values::{Result, Sku};

use crate::flash::choose_rows::{Rebalance, choose_rebalance};
use crate::flash::rebalance::pieces_of_groups;
use crate::{Catalog, CatalogService};

/// For one offer. A sale that is too busy is left for the next run.
const OFFER_TIME: Duration = Duration::from_secs(4);

impl CatalogService {
    /// Visits all bucketed offers until the time is over, and returns an outcome for each. An offer that is too busy is no failure. 2 round
    /// trips for each offer, and 3 for each rebalance.
    pub async fn rebalance_offers(&self, until: Instant) -> Result<Vec<Result<()>>> {
        let (mut outcomes, mut listed) = (Vec::new(), self.catalog.bucketed_skus().await?);
        // Ten busy offers take all the time, and they must not be the same ones in each run.
        fastrand::shuffle(&mut listed);
        for (sku, _) in listed {
            let now = Instant::now();
            if now >= until {
                break;
            }
            let outcome = self.catalog.balance_offer(&sku, until.min(now + OFFER_TIME)).await;
            outcomes.push(match outcome {
                Err(error) if error.code == "too_many_concurrent_updates" => Ok(()),
                outcome => outcome,
            });
        }
        Ok(outcomes)
    }
}

impl Catalog {
    async fn balance_offer(&self, sku: &Sku, until: Instant) -> Result<()> {
        // The list is behind the table: the offer may have no buckets any more.
        let Some(offer) = self.read_offer(sku).await? else { return Ok(()) };
        let Some(flash) = &offer.flash else { return Ok(()) };
        let buckets = self.read_buckets(sku, &offer.all_buckets().collect::<Vec<_>>()).await?;
        let is_behind = |number: &u16| buckets.get(number).is_some_and(|bucket| bucket.terms < flash.terms);
        let behind: Vec<u16> = offer.all_buckets().filter(is_behind).collect();
        self.write_terms(&offer, &behind).await?;
        if !offer.is_active() {
            return self.leave_list(sku).await.map(drop);
        }
        match choose_rebalance(flash, offer.available, &pieces_of_groups(flash, &buckets)) {
            Rebalance::Empty => self.gather(sku, u32::MAX, until).await.map(drop),
            Rebalance::Spread => self.spread(sku, until).await,
            Rebalance::Measure(groups) => {
                for group in groups {
                    self.measure(sku, group, until).await?;
                }
                Ok(())
            }
        }
    }
}
