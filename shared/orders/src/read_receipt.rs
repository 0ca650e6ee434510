//! Read the receipt of an order, for a mail to its buyer.

use events::{Line, Recipient};
use values::{Money, OrderId, Result};

use crate::order::{Order, OrderDetails};
use crate::store::Orders;

/// What a mail about a paid order shows of it.
#[derive(Debug, Clone, Default)]
pub struct Receipt {
    pub lines: Vec<Line>,
    /// Off the lines. None if there is none.
    pub discount: Option<Money>,
    /// The name of the shipping method, and what it costs after its discount. None without a method.
    pub shipping: Option<(String, Money)>,
    /// The tax that is added. None if there is none.
    pub tax: Option<Money>,
    /// The tax that the total includes. None if there is none.
    pub included_tax: Option<Money>,
    /// The lines of the postal address. Empty after an erasure.
    pub label: Vec<String>,
}

impl Orders {
    /// The receipt of the order. None if another buyer placed it, because a forged event must not mail an address to a stranger. 1 read.
    pub async fn read_receipt(&self, id: OrderId, buyer: Recipient) -> Result<Option<Receipt>> {
        let details = self.read_details(id).await?.filter(|details| details.order.buyer == buyer);
        Ok(details.map(|OrderDetails { order, personal }| Receipt {
            label: personal.map(|personal| personal.shipping_address.lines()).unwrap_or_default(),
            ..order.receipt()
        }))
    }
}

impl Order {
    /// Its receipt without the label.
    fn receipt(&self) -> Receipt {
        let unless_zero = |amount: Money| Some(amount).filter(|amount| amount.amount != 0);
        let method = self.price.as_ref().and_then(|price| price.shipping_method.as_ref());
        Receipt {
            lines: self.event_lines(),
            discount: unless_zero(self.discount),
            shipping: method.map(|method| (method.name.as_str().to_owned(), self.shipping)),
            tax: unless_zero(self.tax),
            included_tax: self.included_tax(),
            label: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use crate::price::order_price::tests::full;

    #[test]
    fn receipt_has_the_sums_that_the_order_has() {
        let plain = order().receipt();
        assert_eq!((plain.lines.len(), plain.discount, plain.tax, plain.included_tax), (1, None, None, None));
        assert!(plain.shipping.is_none() && plain.label.is_empty());
        let mut priced = Order { price: Some(full()), ..order() };
        (priced.discount.amount, priced.shipping.amount) = (100, 490);
        let receipt = priced.receipt();
        assert_eq!((receipt.discount, receipt.included_tax.map(|tax| tax.amount)), (Some(priced.discount), Some(274)));
        assert_eq!(receipt.shipping, Some(("Parcel".to_owned(), priced.shipping)));
    }
}
