//! What an admin may write and publish. Pure.

use pricing::{Market, check_competing};
use values::{Error, Result, Timestamp};

use crate::promotions::content::{MAX_PER_CUSTOMER, MAX_TOTAL, PromotionContent};
use crate::promotions::promotion::Promotion;

/// Names in all scopes of a promotion together.
const MAX_NAMES: usize = 100;
const MAX_GROUPS: usize = 20;
const MAX_COUNTRIES: usize = 250;
/// Rows of the list of automatic promotions of a market. Those that have ended leave it late.
pub(crate) const MAX_LISTED: u32 = 200;

impl PromotionContent {
    /// Fails with 422 for the field if the promotion cannot apply in its market, which is `market`: `market_unknown`, `scope_empty`,
    /// `scope_ambiguous`, `too_many_names`, `required`, `effect_ambiguous`, `effect_of_other_stage`, `percentage_out_of_range`,
    /// `too_many_parts`, `too_many_tiers`, `tiers_overlap`, `quantity_out_of_range`, `currency_mismatch`, `step_mismatch`,
    /// `amount_out_of_range`, `customer_group_invalid`, `country_invalid`, `uses_out_of_range`, `ends_before_start`, `end_required`.
    pub fn check(&self, market: Market) -> Result<()> {
        if !is_key(&self.market, 16) {
            return Err(Error::invalid("market", "market_unknown", "must be the key of a market"));
        }
        self.check_conditions()?;
        self.check_limits()?;
        if self.scopes().map(|scope| scope.name_count()).sum::<usize>() > MAX_NAMES {
            let message = format!("must be at most {MAX_NAMES} names in all scopes together; use a category or a tag");
            return Err(Error::invalid("scope", "too_many_names", message));
        }
        self.rule(String::new(), None)?.check(market)
    }

    fn check_conditions(&self) -> Result<()> {
        let groups = &self.conditions.customer_groups;
        if groups.len() > MAX_GROUPS || !groups.iter().all(|group| is_key(group, 32)) {
            let message = format!("must be at most {MAX_GROUPS} keys of 1 to 32 lower-case letters, digits or hyphens");
            return Err(Error::invalid("conditions.customerGroups", "customer_group_invalid", message));
        }
        let is_country = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        let countries = &self.conditions.countries;
        if countries.len() > MAX_COUNTRIES || !countries.iter().all(is_country) {
            let message = "must be country codes of ISO 3166-1, such as BE";
            return Err(Error::invalid("conditions.countries", "country_invalid", message));
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<()> {
        check_uses("limits.total", self.limits.total, MAX_TOTAL)?;
        check_uses("limits.perCustomer", self.limits.per_customer, MAX_PER_CUSTOMER)?;
        if self.limits.counts_customers() && self.ends_at.is_none() {
            let message = "is missing; what counts customers is personal data, which is deleted 30 days after the end";
            return Err(Error::invalid("endsAt", "end_required", message));
        }
        Ok(())
    }

    /// Fails with 422 for the field if a live promotion must not change so: `fixed_when_live`, `limit_lowered`, `end_later`. Its counts
    /// would no longer be right.
    pub(crate) fn check_change(&self, next: &Self) -> Result<()> {
        let (limits, next_limits) = (&self.limits, &next.limits);
        let fixed = [
            ("market", self.market == next.market),
            ("trigger", self.trigger == next.trigger),
            ("limits.total", limits.total.is_some() == next_limits.total.is_some()),
            ("limits.perCustomer", limits.per_customer.is_some() == next_limits.per_customer.is_some()),
            ("limits.firstOrder", limits.is_first_order == next_limits.is_first_order),
        ];
        if let Some((field, _)) = fixed.into_iter().find(|(_, is_same)| !is_same) {
            let message = "cannot change while the promotion is live; stop it and publish another one";
            return Err(Error::invalid(field, "fixed_when_live", message));
        }
        if next_limits.total < limits.total {
            let message = "cannot fall while the promotion is live; stop it and publish another one";
            return Err(Error::invalid("limits.total", "limit_lowered", message));
        }
        if limits.counts_customers() && next.ends_at > self.ends_at {
            let message =
                "cannot be later while the promotion is live, because what counts customers is deleted after the end";
            return Err(Error::invalid("endsAt", "end_later", message));
        }
        Ok(())
    }
}

/// Checks a live automatic promotion together with the others that are listed for its market. 422 `too_many_promotions`,
/// `too_many_competing`.
pub(crate) fn check_listed(listed: &[Promotion], promotion: &Promotion, now: Timestamp) -> Result<()> {
    let others: Vec<&Promotion> = listed.iter().filter(|other| other.id != promotion.id).collect();
    if others.len() >= MAX_LISTED as usize {
        let message = "a market has too many automatic promotions; stop those that have ended";
        return Err(Error::invalid("promotions", "too_many_promotions", message));
    }
    let live = others.into_iter().filter(|other| !other.has_ended(now)).chain([promotion]);
    check_competing(&live.map(Promotion::rule).collect::<Result<Vec<_>>>()?)
}

/// Checks a number of uses. 422 `uses_out_of_range`.
pub(crate) fn check_uses(field: &str, uses: Option<u32>, max: u32) -> Result<()> {
    match uses {
        None => Ok(()),
        Some(uses) if (1..=max).contains(&uses) => Ok(()),
        Some(_) => Err(Error::invalid(field, "uses_out_of_range", format!("must be from 1 to {max}"))),
    }
}

/// Is it a key of lower-case letters, digits and hyphens?
fn is_key(text: &str, max: usize) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=max).contains(&text.len()) && text.bytes().all(is_legal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotions::content::tests::{content, content_with};
    use crate::promotions::promotion::tests::live;
    use pricing::{PriceMode, Step};
    use serde_json::{Value, json};
    use values::read_json_value;

    fn refused(fields: Value) -> Option<(String, &'static str)> {
        let market = Market { currency: "EUR".parse().unwrap(), step: Step::ONE, prices: PriceMode::Gross };
        let error = content_with(fields).check(market).err()?;
        Some((error.fields[0].field.clone(), error.fields[0].code))
    }

    fn money(amount: i64, currency: &str) -> Value {
        json!({ "amount": amount, "currency": currency })
    }

    #[test]
    fn promotion_that_cannot_apply_is_refused() {
        let off = |amount: Value| json!({ "effect": { "kind": "amount", "amount": amount } });
        let tier = |quantity: u32| json!({ "minQuantity": quantity, "ppm": 1 });
        let tiers = |tiers: Vec<Value>| json!({ "stage": "line", "effect": { "kind": "tiers", "tiers": tiers } });
        let names: Vec<String> = (0..101).map(|at| format!("SKU-{at}")).collect();
        let groups = vec!["vip"; 21];
        for (fields, field, code) in [
            (json!({ "market": "EU" }), "market", "market_unknown"),
            (json!({ "market": "a".repeat(17) }), "market", "market_unknown"),
            (json!({ "scope": {} }), "scope", "scope_empty"),
            (json!({ "scope": { "skus": names } }), "scope", "too_many_names"),
            (json!({ "effect": { "kind": "percentage", "ppm": 1_000_001 } }), "effect.ppm", "percentage_out_of_range"),
            (off(money(-1, "EUR")), "effect.amount", "amount_out_of_range"),
            (off(money(1, "USD")), "effect.amount", "currency_mismatch"),
            (tiers(vec![tier(2), tier(2)]), "effect.tiers", "tiers_overlap"),
            (tiers(vec![]), "effect.tiers", "quantity_out_of_range"),
            (
                json!({ "startsAt": "2026-12-24T00:00:00Z", "endsAt": "2026-12-24T00:00:00Z" }),
                "endsAt",
                "ends_before_start",
            ),
            (json!({ "limits": { "total": 0 } }), "limits.total", "uses_out_of_range"),
            (json!({ "limits": { "total": 1_000_001 } }), "limits.total", "uses_out_of_range"),
            (json!({ "limits": { "perCustomer": 101 } }), "limits.perCustomer", "uses_out_of_range"),
            (json!({ "limits": { "perCustomer": 1 } }), "endsAt", "end_required"),
            (json!({ "limits": { "firstOrder": true } }), "endsAt", "end_required"),
            (
                json!({ "conditions": { "customerGroups": ["VIP"] } }),
                "conditions.customerGroups",
                "customer_group_invalid",
            ),
            (
                json!({ "conditions": { "customerGroups": groups } }),
                "conditions.customerGroups",
                "customer_group_invalid",
            ),
            (json!({ "conditions": { "countries": ["be"] } }), "conditions.countries", "country_invalid"),
            (
                json!({ "conditions": { "minimum": { "amount": money(-1, "EUR") } } }),
                "conditions.minimum",
                "amount_out_of_range",
            ),
        ] {
            assert_eq!(refused(fields.clone()), Some((field.to_owned(), code)), "{fields}");
        }
        assert_eq!(refused(json!({})), None);
        let limits = json!({ "total": 1_000_000, "perCustomer": 100, "firstOrder": true });
        assert_eq!(refused(json!({ "limits": limits, "endsAt": "2026-12-24T00:00:00Z" })), None);
    }

    #[test]
    fn live_promotion_keeps_what_its_counts_rest_on() {
        let end = "2026-12-24T00:00:00Z";
        let before =
            content_with(json!({ "limits": { "total": 10, "perCustomer": 2 }, "endsAt": end, "trigger": "code" }));
        let code = |change: Value| {
            let mut next = serde_json::to_value(&before).unwrap();
            for (name, value) in change.as_object().unwrap() {
                next[name] = value.clone();
            }
            let next: PromotionContent = read_json_value(next).unwrap();
            before.check_change(&next).err().map(|error| error.fields[0].code)
        };
        assert_eq!(code(json!({})), None);
        assert_eq!(code(json!({ "limits": { "total": 11, "perCustomer": 1 } })), None);
        assert_eq!(code(json!({ "endsAt": "2026-12-01T00:00:00Z", "name": "Other" })), None);
        for (change, refusal) in [
            (json!({ "market": "uk" }), "fixed_when_live"),
            (json!({ "trigger": "automatic" }), "fixed_when_live"),
            (json!({ "limits": { "perCustomer": 2 } }), "fixed_when_live"),
            (json!({ "limits": { "total": 10 } }), "fixed_when_live"),
            (json!({ "limits": { "total": 10, "perCustomer": 2, "firstOrder": true } }), "fixed_when_live"),
            (json!({ "limits": { "total": 9, "perCustomer": 2 } }), "limit_lowered"),
            (json!({ "endsAt": "2026-12-25T00:00:00Z" }), "end_later"),
        ] {
            assert_eq!(code(change.clone()), Some(refusal), "{change}");
        }
        let open = content();
        let later = content_with(json!({ "endsAt": end }));
        assert!(open.check_change(&later).is_ok() && later.check_change(&open).is_ok(), "no customer is counted");
    }

    #[test]
    fn market_has_100_automatic_promotions_and_ended_ones_do_not_count() {
        let now = Timestamp::from_millis(1_764_000_000_000);
        let code = |listed: &[Promotion], promotion: &Promotion| {
            check_listed(listed, promotion, now).err().map(|error| error.fields[0].code)
        };
        let many = |count: usize, fields: Value| (0..count).map(|_| live(fields.clone())).collect::<Vec<_>>();
        let stack = || json!({ "combine": "stack" });
        assert_eq!(code(&many(99, stack()), &live(stack())), None);
        assert_eq!(code(&many(100, stack()), &live(stack())), Some("too_many_promotions"));
        let listed = many(100, stack());
        assert_eq!(code(&listed, &listed[7]), None, "it is one of them");
        assert_eq!(code(&many(5, json!({})), &live(json!({}))), Some("too_many_competing"));
        let ended = || json!({ "endsAt": "2025-11-24T15:00:00Z" });
        assert_eq!(code(&many(199, ended()), &live(stack())), None);
        assert_eq!(code(&many(200, ended()), &live(stack())), Some("too_many_promotions"));
    }
}
