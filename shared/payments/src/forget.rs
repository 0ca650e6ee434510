//! Forgetting why somebody wanted their money back, in their own words. The refund itself is the books'.

use values::{PageRequest, PaymentId, Result};

use crate::Payments;
use crate::store::overtaken;

/// Refunds that are read together.
const PAGE: u32 = 100;

impl Payments {
    /// Takes that reason out of a payment's refunds. An outage when a worker moves one meanwhile: whoever asks comes again.
    /// 1 read a page, 1 write for each refund with that reason.
    pub async fn forget_reason(&self, payment: PaymentId, reason: &str) -> Result<()> {
        let mut request = PageRequest { limit: PAGE, after: None };
        loop {
            let page = self.refunds(payment, &request).await?;
            for refund in page.rows.iter().filter(|refund| refund.reason == reason) {
                self.reason_erased(refund)?.run().await?.map_err(|_| overtaken())?;
            }
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(()),
            }
        }
    }
}
