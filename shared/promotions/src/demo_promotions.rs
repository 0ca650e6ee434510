//! Can the promotions of the demo shop be published?

use pricing::{Market, PriceMode, Step};
use serde_json::Value;
use values::{Clock, read_json_value};

use crate::codes::coupon_code::CouponCode;
use crate::promotions::check::check_listed;
use crate::promotions::content::{PromotionContent, Trigger};
use crate::promotions::promotion::Promotion;
use crate::promotions::promotion::tests::now;

const DEMO: &str = include_str!("../../../infra/local/demo/promotions.json");

/// A promotion, which is live, and its code.
fn live(mut demo: Value) -> (Promotion, Option<CouponCode>) {
    let code = demo.as_object_mut().unwrap().remove("code");
    let content: PromotionContent = read_json_value(demo).unwrap();
    let market = Market { currency: "EUR".parse().unwrap(), step: Step::ONE, prices: PriceMode::Gross };
    content.check(market).unwrap();
    let live = Promotion::draft(Clock::System.mint(), content, now()).publish(now()).unwrap();
    (live, code.map(|code| code.as_str().unwrap().parse().unwrap()))
}

#[test]
fn promotions_of_the_demo_shop_can_be_published() {
    let demo: Vec<Value> = serde_json::from_str(DEMO).unwrap();
    let mut listed: Vec<Promotion> = Vec::new();
    let mut codes = Vec::new();
    for (promotion, code) in demo.into_iter().map(live) {
        assert_eq!(code.is_some(), promotion.content.trigger == Trigger::Code, "{promotion:?}");
        codes.extend(code.map(|code| code.to_string()));
        if promotion.is_automatic() {
            check_listed(&listed, &promotion, now()).unwrap();
            listed.push(promotion);
        }
    }
    assert_eq!(listed.len(), 3);
    assert_eq!(codes, ["WELCOME10"]);
}
