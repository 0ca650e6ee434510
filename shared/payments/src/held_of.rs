//! All that payments hold of an order, for whoever paid it: without what names a means of payment at the provider.

use serde_json::{Value, json};
use values::{OrderId, PageRequest, Result};

use crate::{Payment, Payments, Refund};

/// Of one payment: more than anybody gives back in parts.
const MOST_REFUNDS: u32 = 100;

impl Payments {
    /// The payments of an order with their refunds, first to last. 1 read, 1 more for each payment.
    pub async fn held_of(&self, order: OrderId) -> Result<Vec<Value>> {
        let mut held = Vec::new();
        for payment in self.of_order(order).await? {
            let request = PageRequest { limit: MOST_REFUNDS, after: None };
            let refunds = self.refunds(payment.id, &request).await?.rows;
            held.push(shown(&payment, &refunds));
        }
        Ok(held)
    }
}

fn shown(payment: &Payment, refunds: &[Refund]) -> Value {
    let refunds: Vec<Value> = refunds.iter().map(refund).collect();
    json!({
        "id": payment.id, "orderId": payment.order_id, "orderNumber": payment.order_number, "amount": payment.amount,
        "captured": payment.captured, "refunded": payment.refunded, "status": payment.status, "refunds": refunds,
        "createdAt": payment.created_at, "updatedAt": payment.updated_at,
    })
}

fn refund(refund: &Refund) -> Value {
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
    fn what_names_a_card_at_the_provider_is_not_shown() {
        let mut paid = payment();
        paid.token_digest = Some("a digest".into());
        let text = shown(&paid, &[]).to_string();
        assert!(text.contains(&paid.id.to_string()) && !text.contains("pm_") && !text.contains("a digest"), "{text}");
    }
}
