//! The service of admins, and what all its writes share.

use aws_kit::{Aws, OptimisticWrite};
use values::{Clock, Result};

use crate::Terms;

/// The use cases of admins. Each is in a file of its room. Clones are cheap.
#[derive(Debug, Clone)]
pub struct TermsService {
    pub(crate) terms: Terms,
    pub(crate) clock: Clock,
}

impl TermsService {
    /// A service on the table `SOUK_TABLE_TERMS` of a shop with the currency `SOUK_CURRENCY`.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Ok(Self::new(Terms::from_env(aws)?, Clock::System))
    }

    /// A service with given terms and a clock that tests may set.
    pub fn new(terms: Terms, clock: Clock) -> Self {
        Self { terms, clock }
    }

    /// The terms as a sale reads them.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The write of all use cases: it decides again after a concurrent update.
    pub(crate) fn write(&self) -> OptimisticWrite<'_> {
        OptimisticWrite::new(self.terms.table(), &self.clock)
    }
}
