//! Use case: price a sample cart with a promotion, before it is published.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures::future::try_join;
use pricing::{Breakdown, Context, Line, Rules, price};
use values::{PromotionId, Result, Text};

use crate::applicable::coupon_refusal::coupon_error;
use crate::applicable::found::{EnteredCode, Found};
use crate::applicable::live_promotion::LivePromotion;
use crate::codes::code::CodeTerms;
use crate::codes::coupon_code::{CouponCode, check_coupons};
use crate::promotions::promotion::Promotion;
use crate::service::PromotionService;

/// A sample cart, and what it is priced for. The time of the context may be one at which the promotion is to apply.
#[derive(Debug, Clone)]
pub struct Sample {
    pub lines: Vec<Line>,
    /// Codes in it are left out.
    pub context: Context,
    /// The taxes. Promotions in it are left out.
    pub rules: Rules,
    /// The codes of other promotions that the buyer has entered.
    pub coupons: Vec<CouponCode>,
}

/// The price of a sample cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// With the live automatic promotions of the market and those of the coupons, and without this one.
    pub without: Breakdown,
    /// With this promotion beside them.
    pub with: Breakdown,
    /// The names of all these promotions, by their ids.
    pub names: BTreeMap<String, Text<100>>,
}

impl PromotionService {
    /// Prices a sample cart without and with a promotion of any status. One with codes counts as entered. No limit is looked at. 422
    /// `too_many_coupons`, `coupon_doubled`, as [`coupon_error`] for a coupon that cannot be used, and as [`pricing::price`]. 1 round trip;
    /// beside it 2 for coupons.
    pub async fn preview(&self, promotion: &Promotion, sample: &Sample) -> Result<Preview> {
        check_coupons(&sample.coupons)?;
        let listed = self.promotions.listed(&promotion.content.market);
        let (listed, entered) = try_join(listed, self.entered(promotion.id, &sample.coupons)).await?;
        preview(promotion, listed, entered, sample)
    }

    /// What coupons stand for now, without those of the promotion itself. No round trip without coupons, else 2.
    async fn entered(&self, except: PromotionId, coupons: &[CouponCode]) -> Result<Vec<EnteredCode>> {
        if coupons.is_empty() {
            return Ok(Vec::new());
        }
        let terms = self.promotions.read_codes(coupons).await?;
        let mut ids: Vec<PromotionId> = terms.iter().map(|terms| terms.promotion).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut promotions: HashMap<PromotionId, Arc<LivePromotion>> = HashMap::new();
        for promotion in self.promotions.read_all(&ids).await? {
            promotions.insert(promotion.id, Arc::new(LivePromotion::new(promotion, false)?));
        }
        let terms: HashMap<&CouponCode, &CodeTerms> = terms.iter().map(|terms| (&terms.code, terms)).collect();
        let find = |code: &CouponCode| {
            let terms = *terms.get(code)?;
            Some((Arc::clone(promotions.get(&terms.promotion)?), terms.clone()))
        };
        let entered = coupons.iter().map(|code| (code.clone(), find(code)));
        let is_other = |(_, found): &EnteredCode| found.as_ref().is_none_or(|(_, terms)| terms.promotion != except);
        Ok(entered.filter(is_other).collect())
    }
}

/// Prices a sample cart without and with a promotion, beside those that are listed for its market and those of other coupons.
fn preview(
    promotion: &Promotion,
    listed: Vec<Promotion>,
    entered: Vec<EnteredCode>,
    sample: &Sample,
) -> Result<Preview> {
    let at = sample.context.now;
    let others = listed.into_iter().filter(|other| other.id != promotion.id && !other.has_ended(at));
    let others = others.map(|other| LivePromotion::new(other, false).map(Arc::new)).collect::<Result<Vec<_>>>()?;
    let found = Found::choose(&promotion.content.market, &others, entered, at);
    if let Some(error) = coupon_error(&found.refused) {
        return Err(error);
    }
    let (others, own) = (found.rules(), promotion.rule()?);
    let name = |rule: &pricing::Promotion| Some((rule.id.clone(), found.promotion(&rule.id)?.content.name.clone()));
    let own_name = (own.id.clone(), promotion.content.name.clone());
    let names = others.iter().filter_map(name).chain([own_name]).collect();
    let context = Context { codes: found.codes(), ..sample.context.clone() };
    let price_with = |promotions: Vec<pricing::Promotion>| {
        price(&sample.lines, &context, &Rules { promotions, ..sample.rules.clone() })
    };
    let all = others.iter().cloned().chain([own]).collect();
    Ok(Preview { without: price_with(others)?, with: price_with(all)?, names })
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
        let rules = Rules { tax_classes: vec![class], ..Rules::default() };
        Sample { lines: vec![line], context, rules, coupons: Vec::new() }
    }

    fn totals(promotion: &Promotion, listed: &[Promotion], now: Timestamp) -> (i64, i64) {
        let preview = preview(promotion, listed.to_vec(), Vec::new(), &sample(now)).unwrap();
        (preview.without.total.amount, preview.with.total.amount)
    }

    fn draft(fields: serde_json::Value) -> Promotion {
        Promotion::draft(Clock::System.mint(), content_with(fields), now())
    }

    /// A coupon of a promotion, as the buyer has entered it.
    fn coupon(code: &str, promotion: Promotion) -> EnteredCode {
        let terms = CodeTerms { code: code.parse().unwrap(), promotion: promotion.id, max_uses: None };
        let live = Arc::new(LivePromotion::new(promotion, false).unwrap());
        (terms.code.clone(), Some((live, terms)))
    }

    #[test]
    fn draft_is_priced_beside_live_promotions() {
        let listed = [live(json!({ "effect": { "kind": "percentage", "ppm": 200_000 }, "combine": "stack" }))];
        let with = |fields| totals(&draft(fields), &listed, now());
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

    #[test]
    fn draft_is_priced_beside_the_promotions_of_coupons() {
        let fields = json!({ "name": "Half", "trigger": "code", "combine": "stack" });
        let half = coupon("HALF", live(fields));
        let draft = draft(json!({ "name": "Draft" }));
        let priced = preview(&draft, Vec::new(), vec![half], &sample(now())).unwrap();
        assert_eq!((priced.without.total.amount, priced.with.total.amount), (1_800, 1_620));
        assert_eq!(priced.without.promotions[0].code.as_deref(), Some("HALF"));
        let names: Vec<&str> = priced.names.values().map(Text::as_str).collect();
        assert!(names.len() == 2 && names.contains(&"Half") && names.contains(&"Draft"), "{names:?}");
    }

    #[test]
    fn coupon_that_cannot_be_used_is_refused() {
        let unknown = ("NONE".parse().unwrap(), None);
        let ended = coupon("OLD", live(json!({ "trigger": "code", "endsAt": now() })));
        for (entered, code) in [(unknown, "coupon_unknown"), (ended, "coupon_expired")] {
            let error = preview(&draft(json!({})), Vec::new(), vec![entered], &sample(now())).unwrap_err();
            assert_eq!(error.code, code);
        }
    }
}
