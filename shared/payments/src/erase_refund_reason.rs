//! Erase the reason that a customer gave for a refund, in their own words. The refund itself stays in the books.

use values::{PageRequest, PaymentId, Result};

use crate::store::Payments;

/// Refunds that are read together.
const PAGE: u32 = 100;

impl Payments {
    /// Erases `reason` in the refunds of a payment, also in one that a worker changes meanwhile. 1 read per page, 1 write
    /// for each refund with that reason.
    pub async fn erase_refund_reason(&self, payment: PaymentId, reason: &str) -> Result<()> {
        let mut request = PageRequest { limit: PAGE, after: None };
        loop {
            let page = self.list_refunds(payment, &request).await?;
            for refund in page.rows.iter().filter(|refund| refund.reason == reason) {
                let _already_erased = self.erase_reason(refund)?.run().await?;
            }
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(()),
            }
        }
    }
}
