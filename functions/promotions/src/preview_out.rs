//! The prices of a sample cart, as admins see them.

use std::collections::BTreeMap;

use pricing::{Breakdown, PricedLine, Refusal};
use promotions::Preview;
use serde::Serialize;
use values::{Money, PromotionId, Quantity, Sku, Text};

/// A sample cart without and with a promotion: the answer of `POST /promotions/{id}/preview`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionPreview"))]
pub(crate) struct PreviewOut {
    /// Does the promotion apply to the sample cart?
    applies: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalOut>,
    /// What the goods in scope cost too little, for `below_minimum`.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<Money>,
    /// The gift that would be free if it were in the cart.
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<RewardOut>,
    /// The price with the live promotions of the market and those of the coupons.
    without: SamplePriceOut,
    /// The price with this promotion beside them.
    with: SamplePriceOut,
}

/// Why a promotion does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionRefusal"))]
#[serde(rename_all = "snake_case")]
enum RefusalOut {
    /// Its time has not begun.
    NotStarted,
    /// Its time is over.
    Expired,
    /// It is for first orders.
    FirstOrderOnly,
    /// It is for other customer groups.
    OtherGroup,
    /// It is for other countries, or the country is not known.
    OtherCountry,
    /// No line in scope can have a discount; or it is for shipping, and no shipping method is chosen.
    NothingInScope,
    /// The goods in scope cost too little.
    BelowMinimum,
    /// More promotions compete than are tried.
    TooManyCompeting,
    /// It would change nothing, or others together are better for the buyer.
    Excluded,
}

/// The missing pieces of a gift.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PreviewReward"))]
struct RewardOut {
    sku: Sku,
    quantity: u32,
}

/// The price of a sample cart: `total` is `subtotal` − `discount` + `shipping` + `tax`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SamplePrice"))]
#[serde(rename_all = "camelCase")]
struct SamplePriceOut {
    items: Vec<SampleLineOut>,
    discounts: Vec<SampleDiscountOut>,
    subtotal: Money,
    /// Of the items. The discount of shipping is in `shipping`.
    discount: Money,
    /// After its discount.
    shipping: Money,
    /// The tax that is added to the prices.
    tax: Money,
    /// The tax that the prices include.
    #[serde(skip_serializing_if = "Option::is_none")]
    included_tax: Option<Money>,
    total: Money,
}

/// A line of a sample cart.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SampleLine"))]
#[serde(rename_all = "camelCase")]
struct SampleLineOut {
    sku: Sku,
    quantity: Quantity,
    unit_price: Money,
    subtotal: Money,
    discount: Money,
    total: Money,
}

/// What a promotion gives to a sample cart.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SampleDiscount"))]
struct SampleDiscountOut {
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PromotionId"))]
    promotion: String,
    name: String,
    /// The code that was entered for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    amount: Money,
}

impl PreviewOut {
    /// The preview of the promotion with this id.
    pub(crate) fn new(id: PromotionId, preview: Preview) -> Self {
        let Preview { without, with, names } = preview;
        let id = id.to_string();
        let applies = with.promotions.iter().any(|applied| applied.id == id);
        let refused = with.refused.iter().find(|refused| refused.id == id).map(|refused| refused.refusal);
        let missing = match refused {
            Some(Refusal::BelowMinimum { missing }) => Some(missing),
            _ => None,
        };
        let reward = with.rewards.iter().find(|reward| reward.promotion == id);
        let reward = reward.map(|reward| RewardOut { sku: reward.sku.clone(), quantity: reward.quantity });
        let [without, with] = [without, with].map(|price| SamplePriceOut::new(price, &names));
        Self { applies, refusal: refused.map(RefusalOut::from), missing, reward, without, with }
    }
}

impl From<Refusal> for RefusalOut {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotStarted => Self::NotStarted,
            Refusal::Expired => Self::Expired,
            Refusal::FirstOrderOnly => Self::FirstOrderOnly,
            Refusal::OtherGroup => Self::OtherGroup,
            Refusal::OtherCountry => Self::OtherCountry,
            Refusal::NothingInScope => Self::NothingInScope,
            Refusal::BelowMinimum { .. } => Self::BelowMinimum,
            Refusal::TooManyCompeting => Self::TooManyCompeting,
            Refusal::Excluded => Self::Excluded,
        }
    }
}

impl SamplePriceOut {
    fn new(price: Breakdown, names: &BTreeMap<String, Text<100>>) -> Self {
        let discounts = price.promotions.into_iter().map(|applied| {
            let name = names.get(&applied.id).map_or_else(String::new, |name| name.as_str().to_owned());
            SampleDiscountOut { promotion: applied.id, name, code: applied.code, amount: applied.amount }
        });
        Self {
            items: price.lines.into_iter().map(SampleLineOut::from).collect(),
            discounts: discounts.collect(),
            subtotal: price.subtotal,
            discount: price.discount,
            shipping: price.shipping,
            tax: price.tax,
            included_tax: Some(price.included_tax).filter(|tax| tax.amount > 0),
            total: price.total,
        }
    }
}

impl From<PricedLine> for SampleLineOut {
    fn from(line: PricedLine) -> Self {
        let PricedLine { sku, quantity, unit_price, subtotal, discount, total, .. } = line;
        Self { sku, quantity, unit_price, subtotal, discount, total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pricing::{AppliedPromotion, RefusedPromotion, Reward};
    use serde_json::{Value, json};

    const ID: &str = "prm_01h455vb4pex5vsknk084sn02q";

    fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    /// A price of 10.00 without lines, which gross prices include 1.60 of tax in.
    fn price(amount_off: Option<i64>) -> Breakdown {
        let applied = |amount: i64| AppliedPromotion { id: ID.to_owned(), code: None, amount: eur(amount) };
        let off = amount_off.unwrap_or(0);
        Breakdown {
            currency: "EUR".parse().unwrap(),
            lines: Vec::new(),
            shipping_method: None,
            promotions: amount_off.map(applied).into_iter().collect(),
            refused: Vec::new(),
            rewards: Vec::new(),
            taxes: Vec::new(),
            subtotal: eur(1_000),
            discount: eur(off),
            shipping: eur(0),
            tax: eur(0),
            included_tax: eur(160),
            total: eur(1_000 - off),
        }
    }

    fn shown(with: Breakdown) -> Value {
        let names = BTreeMap::from([(ID.to_owned(), serde_json::from_value(json!("Ten percent")).unwrap())]);
        let preview = Preview { without: price(None), with, names };
        serde_json::to_value(PreviewOut::new(ID.parse().unwrap(), preview)).unwrap()
    }

    #[test]
    fn promotion_that_applies_is_named() {
        let shown = shown(price(Some(100)));
        assert_eq!((&shown["applies"], shown.get("refusal")), (&json!(true), None));
        let discount =
            json!({ "promotion": ID, "name": "Ten percent", "amount": { "amount": 100, "currency": "EUR" } });
        assert_eq!(shown["with"]["discounts"], json!([discount]));
        assert_eq!(
            (&shown["without"]["total"]["amount"], &shown["with"]["total"]["amount"]),
            (&json!(1_000), &json!(900))
        );
        assert_eq!(shown["with"]["includedTax"]["amount"], 160);
    }

    #[test]
    fn promotion_that_does_not_apply_says_why() {
        let refused = |refusal: Refusal| Breakdown {
            refused: vec![RefusedPromotion { id: ID.to_owned(), refusal }],
            ..price(None)
        };
        let below = shown(refused(Refusal::BelowMinimum { missing: eur(5) }));
        assert_eq!((&below["applies"], &below["refusal"]), (&json!(false), &json!("below_minimum")));
        assert_eq!(below["missing"]["amount"], 5);
        let other = shown(refused(Refusal::OtherCountry));
        assert_eq!((&other["refusal"], other.get("missing")), (&json!("other_country"), None));
    }

    #[test]
    fn missing_gift_is_shown() {
        let reward = Reward { promotion: ID.to_owned(), sku: "MUG".parse().unwrap(), quantity: 1 };
        let shown = shown(Breakdown { rewards: vec![reward], ..price(None) });
        assert_eq!(shown["reward"], json!({ "sku": "MUG", "quantity": 1 }));
    }
}
