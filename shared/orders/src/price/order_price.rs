//! What is kept of the price of an order beside its lines and sums: the market, the discounts, the taxes, the shipping method, and the
//! uses of promotions that a cancellation returns. Pure.

use pricing::{Breakdown, DiscountShare, PricedShipping, TaxShare, TaxSum};
use promotions::{CouponCode, Found, OrderUses};
use serde::Serialize;
use terms::markets::Market;
use terms::shipping::{DeliveryEstimate, OfferedMethod};
use terms::tax::NOT_COLLECTING;
use terms::{Destination, MarketKey, MethodKey};
use values::{Error, Money, PromotionId, Result, Text};

/// What is kept of a price.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrderPrice {
    /// None: the shop had stored no market.
    pub market: Option<MarketKey>,
    /// In the order in which they apply.
    pub discounts: Vec<Discount>,
    /// One for each tax group and jurisdiction.
    pub taxes: Vec<TaxSum>,
    /// Where a tax provider records the taxes. None: none does.
    pub(crate) tax_place: Option<Destination>,
    /// None: the shop had no shipping methods, or a quote has not chosen one.
    pub shipping_method: Option<ShippingChoice>,
    /// The shares of the lines in discounts and taxes, in the order of the lines.
    pub(crate) lines: Vec<LineShares>,
    /// What the order has counted.
    pub(crate) uses: OrderUses,
}

/// A promotion that applies to an order, as it was then.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Discount {
    pub promotion: PromotionId,
    /// The version of the promotion. Buyers do not see it.
    #[serde(skip)]
    pub version: u64,
    pub name: Text<100>,
    /// The code that the buyer has entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<CouponCode>,
    /// Off the lines or off shipping.
    pub amount: Money,
}

/// The shipping method of an order, as it was then.
#[derive(Debug, Clone, PartialEq)]
pub struct ShippingChoice {
    pub id: MethodKey,
    pub name: Text<100>,
    /// Before its discount.
    pub price: Money,
    pub discount: Money,
    /// When the goods arrive.
    pub delivery: DeliveryEstimate,
    pub(crate) taxes: Vec<TaxShare>,
}

/// The shares of a line.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LineShares {
    pub(crate) discounts: Vec<DiscountShare>,
    pub(crate) taxes: Vec<TaxShare>,
}

impl OrderPrice {
    /// What is to be kept of a price in that market, with the promotions and the shipping method by which it was computed. No use is counted
    /// yet.
    pub(crate) fn new(
        market: &Market,
        breakdown: &Breakdown,
        found: &Found,
        method: Option<&OfferedMethod>,
    ) -> Result<Self> {
        let is_stored = market.version > 0;
        let shares =
            |line: &pricing::PricedLine| LineShares { discounts: line.discounts.clone(), taxes: line.taxes.clone() };
        let shipped = method.zip(breakdown.shipping_method.as_ref());
        Ok(Self {
            market: is_stored.then(|| market.key.clone()),
            discounts: discounts(breakdown, found)?,
            taxes: breakdown.taxes.clone(),
            tax_place: None,
            shipping_method: shipped.map(|(method, priced)| ShippingChoice::new(method, priced)),
            lines: breakdown.lines.iter().map(shares).collect(),
            uses: OrderUses::default(),
        })
    }

    /// Does it say nothing that the lines and sums of the order do not? So it is with every order of a shop without markets, promotions,
    /// taxes and shipping methods.
    pub(crate) fn is_plain(&self) -> bool {
        let is_untaxed = self.tax_place.is_none() && self.taxes.iter().all(|tax| tax.reason == NOT_COLLECTING);
        self.market.is_none() && self.discounts.is_empty() && self.shipping_method.is_none() && is_untaxed
    }

    /// The taxes of a line.
    pub(crate) fn taxes_of(&self, line: usize) -> &[TaxShare] {
        self.lines.get(line).map_or(&[], |shares| &shares.taxes)
    }

    /// The tax that the price of a line includes, if there is any. `added` is the tax that is added to the line.
    pub(crate) fn included_in(&self, line: usize, added: Money) -> Option<Money> {
        above(self.taxes_of(line).iter().map(|share| share.amount), added)
    }

    /// The tax that the total includes, if there is any. `added` is the tax of the order that is added.
    pub fn included_tax(&self, added: Money) -> Option<Money> {
        above(self.taxes.iter().map(|tax| tax.amount), added)
    }
}

impl ShippingChoice {
    fn new(method: &OfferedMethod, priced: &PricedShipping) -> Self {
        Self {
            id: method.id.clone(),
            name: method.name.clone(),
            price: priced.price,
            discount: priced.discount,
            delivery: method.delivery,
            taxes: priced.taxes.clone(),
        }
    }
}

/// The discounts of a price, with the promotions that give them.
fn discounts(breakdown: &Breakdown, found: &Found) -> Result<Vec<Discount>> {
    let discount = |applied: &pricing::AppliedPromotion| {
        let promotion = found.promotion(&applied.id);
        let promotion = promotion.ok_or_else(|| Error::internal(format!("promotion {} was not found", applied.id)))?;
        Ok(Discount {
            promotion: promotion.id,
            version: promotion.version,
            name: promotion.content.name.clone(),
            code: applied.code.as_deref().map(str::parse).transpose()?,
            amount: applied.amount,
        })
    };
    breakdown.promotions.iter().map(discount).collect()
}

/// By how much the sum of amounts is above another amount. None if it is not above it.
fn above(mut amounts: impl Iterator<Item = Money>, other: Money) -> Option<Money> {
    let sum = amounts.try_fold(0i64, |sum, amount| sum.checked_add(amount.amount))?;
    let amount = sum.checked_sub(other.amount).filter(|above| *above > 0)?;
    Some(Money { amount, ..other })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;
    use values::Clock;

    fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn share(amount: i64) -> TaxShare {
        TaxShare { tax: 0, base: eur(900), amount: eur(amount) }
    }

    pub(crate) fn tax(ppm: u32, reason: &str, amount: i64) -> TaxSum {
        TaxSum { jurisdiction: "BE".into(), ppm, reason: reason.into(), base: eur(900), amount: eur(amount) }
    }

    /// A place of a tax provider.
    pub(crate) fn place() -> Destination {
        serde_json::from_value(json!({ "country": "CA", "region": "ON", "postalCode": "M5V 2T6" })).unwrap()
    }

    /// The price of an order of a shop that has stored no terms.
    pub(crate) fn plain() -> OrderPrice {
        OrderPrice {
            market: None,
            discounts: vec![],
            taxes: vec![tax(0, NOT_COLLECTING, 0)],
            tax_place: None,
            shipping_method: None,
            lines: vec![LineShares { discounts: vec![], taxes: vec![share(0)] }],
            uses: OrderUses::default(),
        }
    }

    /// A price of one line with everything: a market, a coupon that is counted, a tax of 189 + 85 and shipping.
    pub(crate) fn full() -> OrderPrice {
        let uses = json!({
            "customer": "0123456789abcdef0123456789abcdef", "firstOrder": true,
            "promotions": [{ "promotion": "prm_01h455vb4pex5vsknk084sn02q", "shard": 3, "perCustomer": true, "code": "WELCOME10" }],
        });
        OrderPrice {
            market: Some("eu".to_owned().try_into().unwrap()),
            discounts: vec![Discount {
                promotion: "prm_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
                version: 3,
                name: Text::new("Welcome").unwrap(),
                code: "WELCOME10".parse().ok(),
                amount: eur(100),
            }],
            taxes: vec![tax(210_000, "standard", 274)],
            tax_place: None,
            shipping_method: Some(ShippingChoice {
                id: "parcel".to_owned().try_into().unwrap(),
                name: Text::new("Parcel").unwrap(),
                price: eur(490),
                discount: eur(0),
                delivery: DeliveryEstimate {
                    earliest: "2026-11-23".parse().unwrap(),
                    latest: "2026-11-25".parse().unwrap(),
                },
                taxes: vec![TaxShare { tax: 0, base: eur(405), amount: eur(85) }],
            }),
            lines: vec![LineShares {
                discounts: vec![DiscountShare { promotion: 0, amount: eur(100) }],
                taxes: vec![share(189)],
            }],
            uses: serde_json::from_value(uses).unwrap(),
        }
    }

    #[test]
    fn price_of_a_shop_without_terms_is_plain() {
        assert!(plain().is_plain());
        let eu = Some("eu".to_owned().try_into().unwrap());
        assert!(!OrderPrice { market: eu, ..plain() }.is_plain());
        assert!(!OrderPrice { discounts: full().discounts, ..plain() }.is_plain());
        assert!(!OrderPrice { shipping_method: full().shipping_method, ..plain() }.is_plain());
        assert!(!OrderPrice { taxes: full().taxes, ..plain() }.is_plain());
        let exempt = vec![tax(0, "exempt", 0)];
        assert!(!OrderPrice { taxes: exempt, ..plain() }.is_plain(), "an invoice needs the reason");
        assert!(!OrderPrice { tax_place: Some(place()), ..plain() }.is_plain(), "its taxes are to be recorded");
    }

    #[test]
    fn tax_is_added_or_included() {
        assert_eq!((full().included_in(0, eur(0)), full().included_tax(eur(0))), (Some(eur(189)), Some(eur(274))));
        assert_eq!((full().included_in(0, eur(189)), full().included_tax(eur(274))), (None, None));
        assert_eq!((plain().included_in(0, eur(0)), plain().included_in(7, eur(0))), (None, None));
    }

    #[test]
    fn price_keeps_the_promotions_that_apply_and_nothing_else_of_a_plain_shop() {
        let market: Market =
            serde_json::from_value(json!({ "key": "default", "version": 0, "currency": "EUR", "prices": "net" }))
                .unwrap();
        let breakdown = crate::price::changed_part::tests::breakdown();
        let found = Found::nothing();
        assert!(OrderPrice::new(&market, &breakdown, &found, None).unwrap().is_plain());
        let id: PromotionId = Clock::System.mint();
        let applied = pricing::AppliedPromotion { id: id.to_string(), code: None, amount: eur(1) };
        let discounted = Breakdown { promotions: vec![applied], ..breakdown };
        assert!(OrderPrice::new(&market, &discounted, &found, None).is_err(), "a promotion that was not found");
        let stored = Market { version: 7, ..market };
        let kept = OrderPrice::new(&stored, &Breakdown { promotions: vec![], ..discounted }, &found, None).unwrap();
        assert_eq!(kept.market.as_ref(), Some(&stored.key));
    }
}
