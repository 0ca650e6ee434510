//! Use case: price a sample cart with a promotion, before it is published.

use pricing::{Breakdown, Context, Line, Rules, price};
use values::Result;

use crate::promotions::promotion::Promotion;
use crate::service::PromotionService;

/// A sample cart, and what it is priced for. The time of the context may be one at which the promotion is to apply.
#[derive(Debug, Clone)]
pub struct Sample {
    pub lines: Vec<Line>,
    pub context: Context,
    /// The taxes. Promotions in it are left out.
    pub rules: Rules,
}

/// The price of a sample cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// With the live automatic promotions of the market, and without this one.
    pub without: Breakdown,
    /// With this promotion beside them.
    pub with: Breakdown,
}

impl PromotionService {
    /// Prices a sample cart without and with a promotion of any status. One with codes counts as entered. No limit is looked at. 422 as
    /// [`pricing::price`]. 1 round trip.
    pub async fn preview(&self, promotion: &Promotion, sample: &Sample) -> Result<Preview> {
        let listed = self.promotions.listed(&promotion.content.market).await?;
        preview(promotion, &listed, sample)
    }
}

/// Prices a sample cart without and with a promotion, beside those that are listed for its market.
fn preview(promotion: &Promotion, listed: &[Promotion], sample: &Sample) -> Result<Preview> {
    let others = listed.iter().filter(|other| other.id != promotion.id);
    let others = others.map(Promotion::rule).collect::<Result<Vec<_>>>()?;
    let price_with = |promotions: Vec<pricing::Promotion>| {
        price(&sample.lines, &sample.context, &Rules { promotions, ..sample.rules.clone() })
    };
    let all = others.iter().cloned().chain([promotion.rule()?]).collect();
    Ok(Preview { without: price_with(others)?, with: price_with(all)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotions::content::tests::content_with;
    use crate::promotions::promotion::tests::{live, now};
    use pricing::{ListPrice, Market, PriceMode, Step, TaxClass};
    use serde_json::json;
    use values::{Clock, Money, Quantity, Timestamp};

    fn sample(now: Timestamp) -> Sample {
        let currency = "EUR".parse().unwrap();
        let prices = vec![ListPrice { list: "eu".to_owned(), min_quantity: 1, price: Money::new(1_000, currency) }];
        let line = Line {
            sku: "MUG".parse().unwrap(),
            quantity: Quantity::new(2).unwrap(),
            prices,
            product_id: None,
            categories: Vec::new(),
            tags: Vec::new(),
            brand: None,
            tax_class: "standard".to_owned(),
            is_discountable: true,
        };
        let context = Context {
            market: Market { currency, step: Step::ONE, prices: PriceMode::Gross },
            price_lists: vec!["eu".to_owned()],
            country: None,
            customer_group: None,
            is_first_order: true,
            exemption: None,
            now,
            codes: Vec::new(),
            shipping: None,
        };
        let class = TaxClass { key: "standard".to_owned(), components: Vec::new() };
        Sample { lines: vec![line], context, rules: Rules { tax_classes: vec![class], ..Rules::default() } }
    }

    fn totals(promotion: &Promotion, listed: &[Promotion], now: Timestamp) -> (i64, i64) {
        let preview = preview(promotion, listed, &sample(now)).unwrap();
        (preview.without.total.amount, preview.with.total.amount)
    }

    #[test]
    fn draft_is_priced_beside_live_promotions() {
        let listed = [live(json!({ "effect": { "kind": "percentage", "ppm": 200_000 }, "combine": "stack" }))];
        let with = |fields| {
            let draft = Promotion::draft(Clock::System.mint(), content_with(fields), now());
            totals(&draft, &listed, now())
        };
        assert_eq!(with(json!({})), (1_600, 1_440));
        assert_eq!(with(json!({ "trigger": "code" })), (1_600, 1_440), "as if its code was entered");
        assert_eq!(with(json!({ "startsAt": now().plus_seconds(1) })), (1_600, 1_600));
    }

    #[test]
    fn changed_live_promotion_replaces_itself() {
        let promotion = live(json!({}));
        let content = content_with(json!({ "effect": { "kind": "percentage", "ppm": 500_000 } }));
        let changed = promotion.change(content, now()).unwrap();
        assert_eq!(totals(&changed, &[promotion], now()), (2_000, 1_000));
    }
}
