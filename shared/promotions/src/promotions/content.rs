//! A promotion as admins write it. It is stored in the same form, so an admin reads what was written.

use serde::{Deserialize, Serialize};
use values::{Money, Result, Text, Timestamp};

use crate::codes::coupon_code::CouponCode;
use crate::promotions::effect::{EffectContent, Stage};
use crate::promotions::scope::{ScopeContent, ScopeNames};

/// The largest limit of all orders together, and of a code.
pub const MAX_TOTAL: u32 = 1_000_000;
/// The largest limit of a customer. The row of a customer has the ids of the orders.
pub(crate) const MAX_PER_CUSTOMER: u32 = 100;

/// What an admin sets about a promotion. Amounts are in the currency and in the net or gross mode of the market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionInput"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PromotionContent {
    /// The key of a market. It cannot change once the promotion is published.
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = "^[a-z0-9-]{1,16}$")))]
    pub market: String,
    /// Customers read it as the reason of a discount.
    pub name: Text<100>,
    pub stage: Stage,
    pub effect: EffectContent,
    #[serde(default)]
    pub scope: ScopeContent,
    #[serde(default)]
    pub conditions: ConditionsContent,
    #[serde(default)]
    pub combine: CombineRule,
    /// Smaller numbers come first.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(range(max = u32::MAX)))]
    pub priority: u32,
    /// It applies from this time on. Without it, from its publication on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// It applies before this time. Without it, until it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub trigger: Trigger,
}

/// What makes a promotion apply. It cannot change once the promotion is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionTrigger"))]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// Its conditions alone.
    #[default]
    Automatic,
    /// The buyer has to enter a code, too.
    Code,
}

/// How a promotion combines with others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionCombination"))]
#[serde(rename_all = "lowercase")]
pub enum CombineRule {
    /// Of the stage `order`, at most one of these applies. In other stages the same as `stack`.
    #[default]
    Best,
    /// With all that are not alone.
    Stack,
    /// With no other promotion.
    Alone,
}

/// When a promotion applies. Without any condition: always.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionConditions"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionsContent {
    /// The least value of the lines in scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<MinimumContent>,
    /// The keys of customer groups. Empty: all customers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub customer_groups: Vec<String>,
    /// Of the destination (ISO 3166-1 alpha-2). Empty: all countries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
}

/// The least value of the lines in scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionMinimum"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MinimumContent {
    pub amount: Money,
    #[serde(default, skip_serializing_if = "MinimumBasis::is_default")]
    pub of: MinimumBasis,
}

/// Which value a minimum is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionMinimumBasis"))]
#[serde(rename_all = "lowercase")]
pub enum MinimumBasis {
    /// Before discounts.
    #[default]
    Listed,
    /// After the discounts that apply before it.
    Discounted,
}

/// How often a promotion can be used. Whether there is such a limit cannot change once the promotion is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PromotionLimits"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// By all orders together. It cannot fall once the promotion is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_TOTAL)))]
    pub total: Option<u32>,
    /// By the orders of one customer, who is known by the email address. Such a promotion needs an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_PER_CUSTOMER)))]
    pub per_customer: Option<u32>,
    /// By the first order of a customer only. Such a promotion needs an end.
    #[serde(default, rename = "firstOrder", skip_serializing_if = "std::ops::Not::not")]
    pub is_first_order: bool,
}

impl MinimumBasis {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Limits {
    /// Is the customer counted?
    pub fn counts_customers(&self) -> bool {
        self.per_customer.is_some() || self.is_first_order
    }
}

impl PromotionContent {
    /// The promotion as a value of `pricing`, for buyers who have entered the code. Fails with 422 as [`EffectContent`] and
    /// [`ScopeContent`] are read; a promotion that was checked can be read.
    pub(crate) fn rule(&self, id: String, code: Option<&CouponCode>) -> Result<pricing::Promotion> {
        Ok(pricing::Promotion {
            id,
            priority: self.priority,
            effect: self.effect.read(self.stage)?,
            combine: match self.combine {
                CombineRule::Best => pricing::Combine::Best,
                CombineRule::Stack => pricing::Combine::Stack,
                CombineRule::Alone => pricing::Combine::Alone,
            },
            code: code.map(|code| code.as_str().to_owned()),
            scope: self.scope.read("scope")?,
            conditions: pricing::Conditions {
                minimum: self.conditions.minimum.map(MinimumContent::read),
                is_for_first_order: self.limits.is_first_order,
                customer_groups: self.conditions.customer_groups.clone(),
                countries: self.conditions.countries.clone(),
            },
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        })
    }

    /// All names in its scopes, and the SKU of a gift. The function that serves admins looks for them in the catalog
    /// ([`ScopeNames::check`]).
    pub fn names(&self) -> ScopeNames {
        let mut names = ScopeNames::default();
        for scope in self.scopes() {
            names.add(scope);
        }
        names.skus.extend(self.effect.sku.clone());
        names
    }

    /// Its own scope, and those of the parts of a bundle.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &ScopeContent> {
        std::iter::once(&self.scope).chain(self.effect.parts.iter().map(|part| &part.scope))
    }
}

impl MinimumContent {
    fn read(self) -> pricing::Minimum {
        let of = match self.of {
            MinimumBasis::Listed => pricing::MinimumOf::Listed,
            MinimumBasis::Discounted => pricing::MinimumOf::Discounted,
        };
        pricing::Minimum { amount: self.amount, of }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use pricing::{Combine, Effect, Minimum, MinimumOf, OrderEffect, Percentage, Scope};
    use serde_json::{Value, json};
    use std::collections::BTreeSet;
    use values::{Sku, read_json_value};

    /// A body with everything that has no default: 10 % off an order.
    pub(crate) fn body() -> Value {
        json!({
            "market": "eu",
            "name": "Ten percent",
            "stage": "order",
            "effect": { "kind": "percentage", "ppm": 100_000 },
            "scope": { "everything": true },
        })
    }

    /// The same, with other fields.
    pub(crate) fn content_with(fields: Value) -> PromotionContent {
        let mut body = body();
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        read_json_value(body).unwrap()
    }

    pub(crate) fn content() -> PromotionContent {
        content_with(json!({}))
    }

    #[test]
    fn plain_promotion_becomes_a_rule() {
        let rule = content().rule("prm_1".to_owned(), None).unwrap();
        assert_eq!((rule.id.as_str(), rule.code, rule.priority, rule.combine), ("prm_1", None, 0, Combine::Best));
        assert_eq!(rule.effect, Effect::Order(OrderEffect::Percentage(Percentage::new(100_000).unwrap())));
        assert_eq!((rule.scope, rule.conditions), (Scope::Everything, pricing::Conditions::default()));
        assert_eq!((rule.starts_at, rule.ends_at), (None, None));
    }

    #[test]
    fn conditions_code_and_schedule_are_in_the_rule() {
        let amount = json!({ "amount": 5_000, "currency": "EUR" });
        let content = content_with(json!({
            "combine": "alone",
            "priority": 7,
            "conditions": {
                "minimum": { "amount": amount, "of": "discounted" }, "customerGroups": ["vip"], "countries": ["BE"],
            },
            "limits": { "total": 10, "perCustomer": 1, "firstOrder": true },
            "startsAt": "2026-12-01T00:00:00Z",
            "endsAt": "2026-12-24T00:00:00Z",
            "trigger": "code",
        }));
        let code: CouponCode = "WELCOME10".parse().unwrap();
        let rule = content.rule(String::new(), Some(&code)).unwrap();
        let amount = Money::new(5_000, "EUR".parse().unwrap());
        let conditions = pricing::Conditions {
            minimum: Some(Minimum { amount, of: MinimumOf::Discounted }),
            is_for_first_order: true,
            customer_groups: vec!["vip".to_owned()],
            countries: vec!["BE".to_owned()],
        };
        assert_eq!((rule.conditions, rule.combine, rule.priority), (conditions, Combine::Alone, 7));
        assert_eq!(rule.code.as_deref(), Some("WELCOME10"));
        assert_eq!((rule.starts_at, rule.ends_at), (content.starts_at, content.ends_at));
        assert!(rule.starts_at < rule.ends_at);
    }

    #[test]
    fn stored_content_is_what_was_written() {
        let content = content_with(json!({ "limits": { "total": 5 }, "trigger": "code", "priority": 3 }));
        let row = serde_json::to_value(&content).unwrap();
        assert_eq!(row["limits"], json!({ "total": 5 }));
        assert_eq!(serde_json::from_value::<PromotionContent>(row).unwrap(), content);
        let mut more = body();
        more["colour"] = json!("red");
        assert_eq!(read_json_value::<PromotionContent>(more).unwrap_err().fields[0].code, "unknown_field");
    }

    #[test]
    fn names_are_those_of_all_scopes() {
        let parts =
            json!([{ "scope": { "tags": ["Tea"] }, "quantity": 1 }, { "scope": { "skus": ["A"] }, "quantity": 1 }]);
        let price = json!({ "amount": 900, "currency": "EUR" });
        let bundle = content_with(json!({
            "stage": "set",
            "effect": { "kind": "bundle", "parts": parts, "price": price },
            "scope": { "skus": ["B"], "categories": ["Mugs"] },
        }));
        let skus = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<BTreeSet<Sku>>();
        let names = bundle.names();
        assert_eq!(names.skus, skus(&["A", "B"]));
        assert_eq!((names.tags, names.categories), (["tea".to_owned()].into(), ["mugs".to_owned()].into()));
        let gift = content_with(json!({ "stage": "set", "effect": { "kind": "gift", "sku": "MUG" } }));
        assert_eq!(gift.names().skus, skus(&["MUG"]));
    }
}
