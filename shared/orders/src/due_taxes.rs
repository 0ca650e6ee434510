//! The taxes of an order that a tax provider is to record when its payment is captured. Pure.

use serde::{Deserialize, Serialize};
use terms::tax::TaxRecord;
use values::{OrderId, PaymentId, Timestamp};

use crate::order::Order;

/// The taxes of an order that a tax provider is to record. What was placed has the taxes themselves, and never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DueTaxes {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    /// When the payment was captured. Each attempt to record them says the same time.
    pub(crate) at: Timestamp,
    /// None: they are to be recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<TaxOutcome>,
}

/// What has become of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaxOutcome {
    Recorded,
    /// The provider has refused them for good, and the message is on its way to the dead-letter queue.
    Refused,
}

impl DueTaxes {
    /// Those of the version of an order with which its payment was captured. None if no tax provider records them.
    pub(crate) fn of(order: &Order) -> Option<Self> {
        let Order { id: order_id, payment_id, updated_at: at, .. } = *order;
        order.has_taxes_to_record().then_some(Self { order_id, payment_id, at, outcome: None })
    }

    /// The message to the provider: each time the same. None if the order has no taxes to record.
    pub(crate) fn record(&self, order: &Order) -> Option<TaxRecord> {
        let price = order.price.as_ref()?;
        let destination = price.tax_place.clone()?;
        Some(TaxRecord { order: self.order_id, destination, taxes: price.taxes.clone(), at: self.at })
    }
}

impl Order {
    /// Does a tax provider record its taxes? This is decided when the order is placed.
    pub fn has_taxes_to_record(&self) -> bool {
        self.price.as_ref().is_some_and(|price| price.tax_place.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use crate::price::order_price::OrderPrice;
    use crate::price::order_price::tests::{full, place};
    use serde_json::{from_value, json, to_value};

    fn with_price(price: OrderPrice) -> Order {
        Order { price: Some(price), ..order() }
    }

    #[test]
    fn only_taxes_of_a_provider_are_due() {
        assert_eq!(DueTaxes::of(&order()), None);
        assert_eq!(DueTaxes::of(&with_price(full())), None, "by the shop's own rates");
        let order = with_price(OrderPrice { tax_place: Some(place()), ..full() });
        let due = DueTaxes::of(&order).unwrap();
        assert_eq!((due.order_id, due.at, due.outcome), (order.id, order.updated_at, None));
    }

    #[test]
    fn message_is_the_same_after_the_order_has_changed() {
        let captured = with_price(OrderPrice { tax_place: Some(place()), ..full() });
        let due = DueTaxes::of(&captured).unwrap();
        let later = captured.next_version(captured.updated_at.plus_seconds(60));
        let record = due.record(&later).unwrap();
        assert_eq!((record.order, record.at, &record.destination), (captured.id, captured.updated_at, &place()));
        assert_eq!(record.taxes, full().taxes);
        assert!(due.record(&order()).is_none());
    }

    #[test]
    fn row_has_neither_place_nor_amounts() {
        let due = DueTaxes::of(&with_price(OrderPrice { tax_place: Some(place()), ..full() })).unwrap();
        let row = json!({ "orderId": due.order_id, "paymentId": due.payment_id, "at": due.at });
        assert_eq!(to_value(&due).unwrap(), row);
        let refused = DueTaxes { outcome: Some(TaxOutcome::Refused), ..due };
        assert_eq!(to_value(&refused).unwrap()["outcome"], "refused");
        assert_eq!(from_value::<DueTaxes>(to_value(&refused).unwrap()).unwrap(), refused);
    }
}
