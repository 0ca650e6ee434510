//! What is kept of a price, as the row of what was placed has it: lists without names, and bare minor units, because the row stays below
//! a kilobyte for an ordinary order. An order without promotions, taxes, shipping and market has none of it. Pure.

use pricing::{DiscountShare, TaxShare, TaxSum};
use promotions::{CouponCode, OrderUses};
use serde::{Deserialize, Serialize};
use terms::shipping::{Day, DeliveryEstimate};
use terms::{Destination, MarketKey, MethodKey};
use values::{Currency, Money, PromotionId, Text};

use crate::price::order_price::{Discount, LineShares, OrderPrice, ShippingChoice};

/// What is kept of a price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PriceRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    market: Option<MarketKey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    promotions: Vec<PromotionRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    taxes: Vec<TaxRow>,
    #[serde(default, rename = "taxPlace", skip_serializing_if = "Option::is_none")]
    tax_place: Option<Destination>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shipping: Option<ShippingRow>,
    /// Empty if no line has a share.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<LineRow>,
    #[serde(default, skip_serializing_if = "OrderUses::is_empty")]
    uses: OrderUses,
}

/// A promotion: id, version, name, code and amount.
type PromotionRow = (PromotionId, u64, Text<100>, Option<CouponCode>, i64);

/// A tax: jurisdiction, parts per million, reason, base and amount.
type TaxRow = (String, u32, String, i64, i64);

/// The shipping method: id, name, price, discount, earliest and latest day, and its shares in taxes.
type ShippingRow = (MethodKey, Text<100>, i64, i64, Day, Day, Vec<ShareRow>);

/// The shares of a line: in discounts, by promotion and amount; and in taxes.
type LineRow = (Vec<(usize, i64)>, Vec<ShareRow>);

/// A share in a tax: the tax, base and amount.
type ShareRow = (usize, i64, i64);

impl PriceRow {
    pub(crate) fn new(price: &OrderPrice) -> Self {
        let promotion = |discount: &Discount| {
            let Discount { promotion, version, name, code, amount } = discount.clone();
            (promotion, version, name, code, amount.amount)
        };
        let tax = |tax: &TaxSum| {
            let TaxSum { jurisdiction, ppm, reason, base, amount } = tax.clone();
            (jurisdiction, ppm, reason, base.amount, amount.amount)
        };
        let line = |shares: &LineShares| {
            let discounts = shares.discounts.iter().map(|share| (share.promotion, share.amount.amount)).collect();
            (discounts, share_rows(&shares.taxes))
        };
        let has_shares = price.lines.iter().any(|shares| *shares != LineShares::default());
        Self {
            market: price.market.clone(),
            promotions: price.discounts.iter().map(promotion).collect(),
            taxes: price.taxes.iter().map(tax).collect(),
            tax_place: price.tax_place.clone(),
            shipping: price.shipping_method.as_ref().map(shipping_row),
            lines: price.lines.iter().filter(|_| has_shares).map(line).collect(),
            uses: price.uses.clone(),
        }
    }

    /// The price of an order of so many lines in that currency.
    pub(crate) fn into_price(self, currency: Currency, line_count: usize) -> OrderPrice {
        let money = |amount| Money::new(amount, currency);
        let shares = |rows: Vec<ShareRow>| -> Vec<TaxShare> {
            let share = |(tax, base, amount)| TaxShare { tax, base: money(base), amount: money(amount) };
            rows.into_iter().map(share).collect()
        };
        let discount = |(promotion, version, name, code, amount): PromotionRow| Discount {
            promotion,
            version,
            name,
            code,
            amount: money(amount),
        };
        let tax = |(jurisdiction, ppm, reason, base, amount): TaxRow| TaxSum {
            jurisdiction,
            ppm,
            reason,
            base: money(base),
            amount: money(amount),
        };
        let line = |(discounts, taxes): LineRow| LineShares {
            discounts: discounts
                .into_iter()
                .map(|(promotion, amount)| DiscountShare { promotion, amount: money(amount) })
                .collect(),
            taxes: shares(taxes),
        };
        let shipping = |(id, name, price, discount, earliest, latest, taxes): ShippingRow| ShippingChoice {
            id,
            name,
            price: money(price),
            discount: money(discount),
            delivery: DeliveryEstimate { earliest, latest },
            taxes: shares(taxes),
        };
        let mut lines: Vec<LineShares> = self.lines.into_iter().map(line).collect();
        lines.resize_with(line_count, LineShares::default);
        OrderPrice {
            market: self.market,
            discounts: self.promotions.into_iter().map(discount).collect(),
            taxes: self.taxes.into_iter().map(tax).collect(),
            tax_place: self.tax_place,
            shipping_method: self.shipping.map(shipping),
            lines,
            uses: self.uses,
        }
    }
}

fn shipping_row(shipping: &ShippingChoice) -> ShippingRow {
    let ShippingChoice { id, name, price, discount, delivery, taxes } = shipping.clone();
    (id, name, price.amount, discount.amount, delivery.earliest, delivery.latest, share_rows(&taxes))
}

fn share_rows(shares: &[TaxShare]) -> Vec<ShareRow> {
    shares.iter().map(|share| (share.tax, share.base.amount, share.amount.amount)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::order_price::tests::{full, place, plain};
    use serde_json::{from_value, json, to_value};

    fn eur() -> Currency {
        "EUR".parse().unwrap()
    }

    #[test]
    fn row_has_bare_amounts_and_no_names() {
        let row = json!({
            "market": "eu",
            "promotions": [["prm_01h455vb4pex5vsknk084sn02q", 3, "Welcome", "WELCOME10", 100]],
            "taxes": [["BE", 210_000, "standard", 900, 274]],
            "shipping": ["parcel", "Parcel", 490, 0, "2026-11-23", "2026-11-25", [[0, 405, 85]]],
            "lines": [[[[0, 100]], [[0, 900, 189]]]],
            "uses": full().uses,
        });
        assert_eq!(to_value(PriceRow::new(&full())).unwrap(), row);
        assert_eq!(from_value::<PriceRow>(row).unwrap().into_price(eur(), 1), full());
    }

    #[test]
    fn price_is_read_back_as_it_was_kept() {
        let prices = [
            plain(),
            OrderPrice { discounts: vec![], ..full() },
            OrderPrice { taxes: vec![], lines: vec![LineShares::default(), LineShares::default()], ..full() },
            OrderPrice { shipping_method: None, uses: OrderUses::default(), ..full() },
            OrderPrice { tax_place: Some(place()), ..full() },
        ];
        for price in prices {
            let row = to_value(PriceRow::new(&price)).unwrap();
            let read: PriceRow = from_value(row).unwrap();
            assert_eq!(read.into_price(eur(), price.lines.len()), price);
        }
    }

    #[test]
    fn row_without_shares_has_no_lines() {
        let price = OrderPrice { taxes: vec![], lines: vec![LineShares::default(); 3], ..plain() };
        assert_eq!(to_value(PriceRow::new(&price)).unwrap(), json!({}));
    }

    #[test]
    fn row_of_a_coupon_tax_and_shipping_is_short() {
        let row = to_value(PriceRow::new(&full())).unwrap().to_string();
        assert!((300..430).contains(&row.len()), "{} bytes", row.len());
    }
}
