//! Use case: create or change a market.

use aws_kit::{Changes, ConditionFailures, Idempotency, Idempotent, Transaction};
use values::{ExpectedVersion, Result};

use crate::TermsService;
use crate::markets::market::{Market, MarketContent};
use crate::markets::market_set::MarketSet;
use crate::slug::MarketKey;
use crate::store::Room;

impl TermsService {
    /// Creates a market, or with an `expected` version replaces one that is at it. It becomes the default market if it says so, or if it is
    /// the first one. Buyers see a change within 30 seconds.
    ///
    /// 404; 412 `version_mismatch`; 409 `market_exists`, `too_many_markets`, `market_currency_fixed`, `market_step_fixed` or
    /// `market_is_default`; 422 `market_key_reserved`, `currency_unknown`, `currency_mismatch`, `step_out_of_range`, `country_unknown`,
    /// `too_many_languages` or `language_invalid`. 3 round trips.
    pub async fn put_market(
        &self,
        key: &MarketKey,
        content: &MarketContent,
        expected: Option<&ExpectedVersion>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Idempotent<Market>> {
        // Invalid content cannot have succeeded before, so no stored response is looked up.
        content.check()?;
        let store = &self.terms.store;
        let decide = |_: Option<ConditionFailures>| async move {
            let (version, rows) = store.read_versioned_markets().await?;
            let markets = MarketSet::new(rows, self.terms.currency)?;
            let put = markets.put(key, content, expected, version + 1)?;
            let mut writes = Transaction::new();
            writes.add(store.put_market(&put.market)?);
            if let Some(former) = &put.former_default {
                writes.add(store.put_market(former)?);
            }
            writes.add(store.raise_version(Room::Markets, version)?);
            Ok(Changes::new(writes, put.market).into())
        };
        let put = self.write().run_idempotent(idempotency, decide).await;
        self.terms.forget_markets();
        put
    }
}
