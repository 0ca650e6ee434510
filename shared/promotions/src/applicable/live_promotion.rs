//! A published promotion as it was read for a price.

use values::Result;

use crate::promotions::promotion::Promotion;

/// A published promotion.
#[derive(Debug)]
pub(crate) struct LivePromotion {
    pub(crate) promotion: Promotion,
    /// The same as a value of `pricing`, without a code.
    pub(crate) rule: pricing::Promotion,
    /// Was an automatic promotion used up when it was read? That of a code is read with each quote.
    pub(crate) is_exhausted: bool,
}

impl LivePromotion {
    /// A promotion that was read. Fails if its content is not valid any more.
    pub(crate) fn new(promotion: Promotion, is_exhausted: bool) -> Result<Self> {
        Ok(Self { rule: promotion.rule()?, promotion, is_exhausted })
    }
}
