//! Export the payments of an order for the account that paid them, without what names a means of payment at the provider.

use serde_json::{Value, json};
use values::{OrderId, PageRequest, Result};

use crate::payment::Payment;
use crate::refund::Refund;
use crate::store::Payments;

/// Refunds of one payment in an export; no shop makes more.
const MAX_REFUNDS: u32 = 100;

impl Payments {
    /// The payments of an order with their refunds, oldest first. 1 read, 1 more for each payment.
    pub async fn export(&self, order: OrderId) -> Result<Vec<Value>> {
        let mut documents = Vec::new();
        for payment in self.list_of_order(order).await? {
            let request = PageRequest { limit: MAX_REFUNDS, after: None };
            let refunds = self.list_refunds(payment.id, &request).await?.rows;
            documents.push(payment_document(&payment, &refunds));
        }
        Ok(documents)
    }
}

fn payment_document(payment: &Payment, refunds: &[Refund]) -> Value {
    let refunds: Vec<Value> = refunds.iter().map(refund_document).collect();
    json!({
        "id": payment.id, "orderId": payment.order_id, "orderNumber": payment.order_number, "amount": payment.amount,
        "captured": payment.balance.captured.amount, "refunded": payment.balance.refunded.amount, "status": payment.status,
        "refunds": refunds, "createdAt": payment.created_at, "updatedAt": payment.updated_at,
    })
}

fn refund_document(refund: &Refund) -> Value {
    json!({
        "id": refund.id, "amount": refund.amount, "reason": refund.reason, "status": refund.status,
        "createdAt": refund.created_at, "updatedAt": refund.updated_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::tests::payment;

    #[test]
    fn export_does_not_name_the_card_at_the_provider() {
        let mut paid = payment();
        paid.token_digest = Some("a digest".into());
        let text = payment_document(&paid, &[]).to_string();
        assert!(text.contains(&paid.id.to_string()) && !text.contains("pm_") && !text.contains("a digest"), "{text}");
    }
}
