//! The service of promotions, and what its use cases share.

use aws_kit::{Aws, OptimisticWrite};
use values::{Clock, Error, ExpectedVersion, PromotionId, Result};

use crate::promotions::promotion::Promotion;
use crate::store::Promotions;

/// The use cases of admins. Each is in a file of its own. Clones are cheap.
#[derive(Debug, Clone)]
pub struct PromotionService {
    pub(crate) promotions: Promotions,
    pub(crate) clock: Clock,
}

impl PromotionService {
    /// A service on the table `SOUK_TABLE_PROMOTIONS`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(Promotions::from_env(aws)?, Clock::System))
    }

    /// A service on given promotions, with a clock that tests may set.
    pub fn new(promotions: Promotions, clock: Clock) -> Self {
        Self { promotions, clock }
    }

    /// The promotions, as orders and carts use them.
    pub fn promotions(&self) -> &Promotions {
        &self.promotions
    }

    /// The write of all use cases: it decides again after a concurrent update.
    pub(crate) fn write(&self) -> OptimisticWrite<'_> {
        OptimisticWrite::new(self.promotions.table(), &self.clock)
    }

    /// The promotion that is to be changed. 404; 412 `version_mismatch` if it is not at the `expected` version. 1 round trip.
    pub(crate) async fn at_version(&self, id: PromotionId, expected: &ExpectedVersion) -> Result<Promotion> {
        match self.promotions.read(id).await? {
            None => Err(Error::not_found("promotion")),
            Some(promotion) if expected.matches(promotion.version) => Ok(promotion),
            Some(_) => Err(Error::version_mismatch("promotion")),
        }
    }
}
