//! Which promotions are chosen for a price, and which uses an order counts.

use super::*;
use crate::promotions::promotion::tests::{live, now};
use aws_kit::DigestKey;
use pricing::Refusal;
use serde_json::{Value, json};
use values::Money;

fn automatic(fields: Value) -> Arc<LivePromotion> {
    Arc::new(LivePromotion::new(live(fields), false).unwrap())
}

fn with_code(mut fields: Value) -> Arc<LivePromotion> {
    fields["trigger"] = json!("code");
    automatic(fields)
}

fn code(text: &str) -> CouponCode {
    text.parse().unwrap()
}

fn entered(text: &str, live: &Arc<LivePromotion>, max_uses: Option<u32>) -> EnteredCode {
    let terms = CodeTerms { code: code(text), promotion: live.promotion.id, max_uses };
    (code(text), Some((live.clone(), terms)))
}

fn found(automatic: &[Arc<LivePromotion>], entered: Vec<EnteredCode>) -> Found {
    Found::choose("eu", automatic, entered, now())
}

fn refusals(found: &Found) -> Vec<(&str, CouponRefusal)> {
    found.refused.iter().map(|refused| (refused.code.as_str(), refused.refusal)).collect()
}

fn applied(live: &LivePromotion) -> AppliedPromotion {
    let amount = Money::new(1, "EUR".parse().unwrap());
    AppliedPromotion { id: live.rule.id.clone(), code: None, amount }
}

fn customer() -> CustomerKey {
    CustomerKey::of(&DigestKey::new("a key of the test"), &"ada@example.com".parse().unwrap())
}

fn end() -> Timestamp {
    now().plus_seconds(3_600)
}

#[test]
fn code_that_cannot_be_used_is_refused_with_its_reason() {
    let late = with_code(json!({ "startsAt": now().plus_seconds(1) }));
    let over = with_code(json!({ "endsAt": now() }));
    let elsewhere = with_code(json!({ "market": "uk" }));
    let stopped = live(json!({ "trigger": "code" })).stop(now()).unwrap();
    let stopped = Arc::new(LivePromotion::new(stopped, false).unwrap());
    let good = with_code(json!({}));
    let found = found(
        &[],
        vec![
            (code("NONE"), None),
            entered("LATE", &late, None),
            entered("OVER", &over, None),
            entered("ELSEWHERE", &elsewhere, None),
            entered("STOPPED", &stopped, None),
            entered("GOOD", &good, None),
            entered("AGAIN", &good, None),
        ],
    );
    let expected = [
        ("NONE", CouponRefusal::Unknown),
        ("LATE", CouponRefusal::NotStarted),
        ("OVER", CouponRefusal::Expired),
        ("ELSEWHERE", CouponRefusal::NotApplicable),
        ("STOPPED", CouponRefusal::Expired),
        ("AGAIN", CouponRefusal::Excluded),
    ];
    assert_eq!(refusals(&found), expected);
    assert_eq!((found.codes(), found.rules().len()), (vec!["GOOD".to_owned()], 1));
    assert_eq!(found.rules()[0].code.as_deref(), Some("GOOD"));
}

#[test]
fn automatic_promotions_apply_within_their_schedule_and_market() {
    let promotions = [
        automatic(json!({})),
        automatic(json!({ "startsAt": now().plus_seconds(1) })),
        automatic(json!({ "endsAt": now() })),
        automatic(json!({ "market": "uk" })),
        Arc::new(LivePromotion::new(live(json!({})), true).unwrap()),
    ];
    let rules = found(&promotions, Vec::new()).rules();
    assert_eq!(rules.iter().map(|rule| &rule.id).collect::<Vec<_>>(), [&promotions[0].rule.id]);
}

#[test]
fn order_counts_five_promotions_at_most_and_coupons_first() {
    let limited = || json!({ "limits": { "total": 5 } });
    let promotions: Vec<_> = (0..6).map(|_| automatic(limited())).chain([automatic(json!({}))]).collect();
    let (one, two) = (with_code(limited()), with_code(json!({})));
    let found = found(&promotions, vec![entered("ONE", &one, None), entered("TWO", &two, Some(1))]);
    let ids: Vec<String> = found.rules().into_iter().map(|rule| rule.id).collect();
    let expected = [&one, &two, &promotions[0], &promotions[1], &promotions[2], &promotions[6]];
    assert_eq!(ids, expected.map(|live| live.rule.id.clone()));
    assert_eq!(found.counted().count(), MAX_COUNTED);
}

#[test]
fn order_counts_what_applies_and_has_a_limit() {
    let total = automatic(json!({ "limits": { "total": 600 } }));
    let plain = automatic(json!({}));
    let coupon = with_code(json!({}));
    let unused = automatic(json!({ "limits": { "total": 5 } }));
    let found = found(&[total.clone(), plain.clone(), unused], vec![entered("TEN", &coupon, Some(2))]);
    let uses = found.uses(&[applied(&total), applied(&plain), applied(&coupon)], None).unwrap();
    assert_eq!(uses.uses.len(), 2);
    let (first, second) = (&uses.uses[0], &uses.uses[1]);
    assert_eq!((first.promotion, first.shards, first.version), (total.promotion.id, 16, 2));
    assert!(first.limited_code.is_none() && first.per_customer.is_none() && uses.customer.is_none());
    let limit = second.limited_code.as_ref().and_then(|terms| terms.max_uses);
    assert_eq!((second.promotion, second.shards, limit), (coupon.promotion.id, 0, Some(2)));
    assert!(found.uses(&[applied(&plain)], None).unwrap().is_empty());
}

#[test]
fn limit_of_a_customer_needs_the_email_address() {
    for limits in [json!({ "perCustomer": 1 }), json!({ "firstOrder": true })] {
        let coupon = with_code(json!({ "limits": limits, "endsAt": end() }));
        let found = found(&[], vec![entered("TEN", &coupon, None)]);
        assert!(found.counts_customers());
        let error = found.uses(&[applied(&coupon)], None).unwrap_err();
        assert_eq!(error.code, "coupon_email_required");
        assert_eq!(found.uses(&[applied(&coupon)], Some(&customer())).unwrap().customer, Some(customer()));
        assert!(found.uses(&[], None).unwrap().is_empty(), "it does not apply");
    }
}

#[test]
fn first_order_is_claimed_once_for_all_promotions() {
    let later = end().plus_seconds(9);
    let first = automatic(json!({ "limits": { "firstOrder": true }, "endsAt": end() }));
    let coupon = with_code(json!({ "limits": { "firstOrder": true }, "endsAt": later }));
    let found = found(std::slice::from_ref(&first), vec![entered("TEN", &coupon, None)]);
    let uses = found.uses(&[applied(&first), applied(&coupon)], Some(&customer())).unwrap();
    let claim = uses.first_order.as_ref().unwrap();
    assert_eq!((claim.promotions.len(), claim.expires_at), (2, later.seconds() + 30 * 24 * 3600));
    assert!(uses.uses.is_empty() && !uses.is_empty() && found.has_first_order());
}

#[test]
fn promotion_that_is_used_up_is_left_out_and_its_coupon_refused() {
    let limits = json!({ "total": 5, "perCustomer": 2 });
    let coupon = with_code(json!({ "limits": limits, "endsAt": end() }));
    let silent = automatic(json!({ "limits": limits, "endsAt": end() }));
    let plain = automatic(json!({}));
    let count = |counts: Counts| {
        let found = found(&[silent.clone(), plain.clone()], vec![entered("TEN", &coupon, Some(3))]);
        let left = found.without_used(|_| counts);
        (left.rules().len(), refusals(&left).first().map(|(_, refusal)| *refusal))
    };
    let none = Counts::default();
    assert_eq!(count(none), (3, None));
    assert_eq!(count(Counts { by_code: 2, by_customer: 1, ..none }), (3, None));
    assert_eq!(count(Counts { by_code: 3, ..none }), (2, Some(CouponRefusal::Used)), "the code is the coupon's");
    assert_eq!(count(Counts { by_customer: 2, ..none }), (1, Some(CouponRefusal::Used)));
    assert_eq!(count(Counts { is_exhausted: true, ..none }), (1, Some(CouponRefusal::Exhausted)));
}

#[test]
fn coupon_that_a_price_refuses_has_its_reason() {
    let coupon = with_code(json!({}));
    let plain = automatic(json!({}));
    let found = found(std::slice::from_ref(&plain), vec![entered("TEN", &coupon, None)]);
    let refused = |live: &LivePromotion| RefusedPromotion { id: live.rule.id.clone(), refusal: Refusal::Excluded };
    let coupons = found.refused_by_price(&[refused(&plain), refused(&coupon)]);
    assert_eq!(coupons, [RefusedCoupon { code: code("TEN"), refusal: CouponRefusal::Excluded }]);
    assert_eq!(found.promotion(&plain.rule.id).map(|promotion| promotion.id), Some(plain.promotion.id));
}
