//! What orders and quotes show of their price: discounts, taxes, shipping methods and hints.

use cart::Hint;
use orders::{Discount, OrderPrice, QuotedMethod, ShippingChoice};
use pricing::TaxSum;
use promotions::CouponCode;
use serde::Serialize;
use terms::{Day, Destination, MethodKey};
use values::{Money, PromotionId, Sku, Text};

/// A discount, with its reason.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "OrderDiscount"))]
pub(crate) struct DiscountOut {
    /// The id of the promotion.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PromotionId"))]
    promotion: PromotionId,
    /// The name of the promotion.
    name: Text<100>,
    /// The coupon that gives the discount. Without one, the promotion is automatic.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<CouponCode>,
    /// Off the items, or off shipping.
    amount: Money,
}

/// A tax: one for each rate and jurisdiction.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "OrderTax"))]
pub(crate) struct TaxOut {
    /// A country, or a part of one.
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "BE")))]
    jurisdiction: String,
    /// The rate in parts per million: 210000 is 21 %.
    ppm: u32,
    /// Why this rate, such as `standard`, `not_collecting` or `intra_community_supply`.
    reason: String,
    /// The taxed value, without tax.
    base: Money,
    amount: Money,
}

/// The shipping method of an order.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "OrderShippingMethod"))]
pub(crate) struct ShippingOut {
    id: MethodKey,
    name: Text<100>,
    /// The price before its discount.
    price: Money,
    discount: Money,
    /// The first day on which the goods can arrive.
    earliest: Day,
    /// The last day on which they should arrive.
    latest: Day,
}

/// A shipping method to choose from.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "QuotedShippingMethod"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct MethodOut {
    /// Send it as `shippingMethod`.
    id: MethodKey,
    name: Text<100>,
    /// The price before its discount.
    price: Money,
    discount: Money,
    /// The price after its discount.
    total: Money,
    /// The tax that is added for it. 0 in a market whose prices include tax.
    tax: Money,
    /// The tax that `total` includes, if there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    included_tax: Option<Money>,
    /// The first day on which the goods can arrive.
    earliest: Day,
    /// The last day on which they should arrive.
    latest: Day,
    /// Where the goods are picked up. They are taxed there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pick_up: Option<Destination>,
}

/// What could be added for a better price.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "QuoteHint"))]
pub(crate) enum HintOut {
    /// The promotion needs items for more money.
    Minimum {
        /// The id of the promotion.
        #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PromotionId"))]
        promotion: String,
        /// The amount that is missing.
        missing: Money,
    },
    /// The promotion gives pieces of a SKU that are not ordered.
    Reward {
        /// The id of the promotion.
        #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PromotionId"))]
        promotion: String,
        sku: Sku,
        /// The pieces that would be free.
        quantity: u32,
    },
}

/// The discounts, taxes and shipping method of a price.
pub(crate) type PriceParts = (Vec<DiscountOut>, Vec<TaxOut>, Option<ShippingOut>);

/// What is shown of a price. An order that has kept nothing has none of it.
pub(crate) fn price_parts(price: Option<OrderPrice>) -> PriceParts {
    let Some(OrderPrice { discounts, taxes, shipping_method, .. }) = price else { return PriceParts::default() };
    let discounts = discounts.into_iter().map(DiscountOut::from).collect();
    let taxes = taxes.into_iter().map(TaxOut::from).collect();
    (discounts, taxes, shipping_method.map(ShippingOut::from))
}

impl From<Discount> for DiscountOut {
    fn from(Discount { promotion, name, code, amount, .. }: Discount) -> Self {
        Self { promotion, name, code, amount }
    }
}

impl From<TaxSum> for TaxOut {
    fn from(TaxSum { jurisdiction, ppm, reason, base, amount }: TaxSum) -> Self {
        Self { jurisdiction, ppm, reason, base, amount }
    }
}

impl From<ShippingChoice> for ShippingOut {
    fn from(ShippingChoice { id, name, price, discount, delivery, .. }: ShippingChoice) -> Self {
        Self { id, name, price, discount, earliest: delivery.earliest, latest: delivery.latest }
    }
}

impl From<QuotedMethod> for MethodOut {
    fn from(QuotedMethod { method, shipping, tax, included_tax }: QuotedMethod) -> Self {
        Self {
            id: method.id,
            name: method.name,
            price: shipping.price,
            discount: shipping.discount,
            total: shipping.total,
            tax,
            included_tax,
            earliest: method.delivery.earliest,
            latest: method.delivery.latest,
            pick_up: method.pick_up,
        }
    }
}

impl From<Hint> for HintOut {
    fn from(hint: Hint) -> Self {
        match hint {
            Hint::Minimum { promotion, missing } => Self::Minimum { promotion, missing },
            Hint::Reward { promotion, sku, quantity } => Self::Reward { promotion, sku, quantity },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pricing::PricedShipping;
    use serde_json::{from_value, json, to_value};

    const PROMOTION: &str = "prm_01h455vb4pex5vsknk084sn02q";

    fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    #[test]
    fn discount_names_a_coupon_only_if_there_is_one() {
        let discount = |code: Option<&str>| {
            let code = code.map(|code| code.parse().unwrap());
            let (promotion, name) = (PROMOTION.parse().unwrap(), Text::new("Ten").unwrap());
            to_value(DiscountOut::from(Discount { promotion, version: 3, name, code, amount: eur(120) })).unwrap()
        };
        assert_eq!(discount(None), json!({ "promotion": PROMOTION, "name": "Ten", "amount": eur(120) }));
        assert_eq!(discount(Some("TEN"))["code"], "TEN");
    }

    #[test]
    fn method_says_what_it_costs_and_when_it_arrives() {
        let method = json!({
            "id": "shop", "name": "Pick-up", "price": eur(490), "delivery": { "earliest": "2026-11-23", "latest": "2026-11-25" },
            "pickUp": { "country": "BE", "postalCode": "1000" },
        });
        let shipping = PricedShipping {
            id: "shop".into(),
            price: eur(490),
            discount: eur(90),
            promotion: None,
            total: eur(400),
            net: eur(331),
            taxes: vec![],
        };
        let quoted =
            QuotedMethod { method: from_value(method).unwrap(), shipping, tax: eur(0), included_tax: Some(eur(69)) };
        let expected = json!({
            "id": "shop", "name": "Pick-up", "price": eur(490), "discount": eur(90), "total": eur(400), "tax": eur(0),
            "includedTax": eur(69), "earliest": "2026-11-23", "latest": "2026-11-25",
            "pickUp": { "country": "BE", "postalCode": "1000" },
        });
        assert_eq!(to_value(MethodOut::from(quoted)).unwrap(), expected);
    }

    #[test]
    fn hint_says_its_kind() {
        let promotion = || PROMOTION.to_owned();
        let minimum = HintOut::from(Hint::Minimum { promotion: promotion(), missing: eur(410) });
        let expected = json!({ "kind": "minimum", "promotion": PROMOTION, "missing": eur(410) });
        assert_eq!(to_value(minimum).unwrap(), expected);
        let reward = HintOut::from(Hint::Reward { promotion: promotion(), sku: "MUG".parse().unwrap(), quantity: 1 });
        let expected = json!({ "kind": "reward", "promotion": PROMOTION, "sku": "MUG", "quantity": 1 });
        assert_eq!(to_value(reward).unwrap(), expected);
    }
}
