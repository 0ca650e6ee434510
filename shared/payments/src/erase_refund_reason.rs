//! Erase the reason that a customer gave for a refund, in their own words. The refund itself stays in the books.

use values::{PageRequest, PaymentId, Result};

use crate::store::{Payments, overtaken};

/// Refunds that are read together.
const PAGE: u32 = 100;

impl Payments {
    /// Erases `reason` in the refunds of a payment. An outage when a worker changes one of them meanwhile: the caller tries
    /// again. 1 read per page, 1 write for each refund with that reason.
    pub async fn erase_refund_reason(&self, payment: PaymentId, reason: &str) -> Result<()> {
        let mut request = PageRequest { limit: PAGE, after: None };
        loop {
            let page = self.list_refunds(payment, &request).await?;
            for refund in page.rows.iter().filter(|refund| refund.reason == reason) {
                self.erase_reason(refund)?.run().await?.map_err(|_| overtaken())?;
            }
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(()),
            }
        }
    }
}
