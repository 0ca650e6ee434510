//! The state that the handlers share.

use aws_kit::{Aws, Table};
use axum::extract::FromRef;
use catalog::Catalog;
use http_kit::{Cursors, Verifier};
use promotions::{CodeImportService, PromotionContent, PromotionService};
use terms::markets::Market;
use terms::{MarketKey, Terms};
use values::{Clock, Error, Result};

use crate::scopes::check_names;

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) promotions: PromotionService,
    pub(crate) imports: CodeImportService,
    pub(crate) catalog: Catalog,
    pub(crate) terms: Terms,
    pub(crate) verifier: Verifier,
    pub(crate) cursors: Cursors,
    pub(crate) clock: Clock,
}

impl State {
    /// From the environment variables that the template sets.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self {
            promotions: PromotionService::from_env(aws)?,
            imports: CodeImportService::from_env(aws)?,
            catalog: Catalog::from_env(aws)?,
            terms: Terms::from_env(aws)?,
            verifier: Verifier::from_env(aws)?,
            cursors: Cursors::from_env()?,
            clock: Clock::System,
        })
    }

    /// The table to which a connection is opened at start.
    pub fn table(&self) -> &Table {
        self.promotions.promotions().table()
    }

    /// The active market with that key. 422 `market_unknown`. 0 or 1 round trips.
    pub(crate) async fn market(&self, key: &str) -> Result<Market> {
        let key = MarketKey::try_from(key.to_owned());
        let key = key.map_err(|message| Error::invalid("market", "market_unknown", message))?;
        self.terms.market(Some(&key)).await
    }

    /// What an admin wrote, under the key that its market has itself, and that market. 422 as [`PromotionContent::check`], and
    /// `scope_unknown`. The content is checked before its names, so that their number is limited. 0 to 6 round trips.
    pub(crate) async fn checked(&self, mut content: PromotionContent) -> Result<(PromotionContent, pricing::Market)> {
        let market = self.market(&content.market).await?;
        // `default` is a market's second key. Buyers find the promotion by the first one.
        content.market = market.key.as_str().to_owned();
        let pricing = market.pricing()?;
        content.check(pricing)?;
        check_names(&self.catalog, content.names(), self.clock.now()).await?;
        Ok((content, pricing))
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

impl FromRef<State> for Cursors {
    fn from_ref(state: &State) -> Self {
        state.cursors.clone()
    }
}
