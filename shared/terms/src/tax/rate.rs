//! A tax rate: what goods of a tax class are taxed with at a place, from a day on.

use pricing::{ShippingTax, TaxComponent};
use serde::{Deserialize, Serialize};
use values::{Error, Result, Text};

use crate::day::Day;
use crate::destination::{Destination, region_key};
use crate::tax::rate_component::{RateComponent, check_components, tax_components};
use crate::tax::rate_key::RateKey;
use crate::tax::shipping_rule::ShippingRule;
use crate::tax::tax_key::TaxKey;

/// The rates of a country.
pub const MAX_RATES: u32 = 1_000;
/// The tax class of ordinary goods. A class without a rate is taxed like it, and it has the rule for shipping.
pub(crate) const STANDARD: &str = "standard";

/// What an admin sets about a rate. Without an end it is valid until a newer one of its place and class begins. If the newer one has an end,
/// the older one is valid again after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "TaxRateContent"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateContent {
    /// The country code (ISO 3166-1 alpha-2), or `XK` for Kosovo.
    pub country: String,
    /// The region as souk stores it in a postal address: the abbreviation that the country's post uses, or else its name. Letter case
    /// makes no difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Text<100>>,
    /// How the postal codes of the place begin: 1 to 10 capital letters and digits. Spaces and dashes in a code do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_prefix: Option<String>,
    pub tax_class: TaxKey,
    /// Its first day, in UTC.
    pub from: Day,
    /// Its last day, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// One for each jurisdiction, 1 to 8.
    pub components: Vec<RateComponent>,
    /// Why this rate, such as `reduced` or `zero_rated`.
    pub reason: TaxKey,
    /// How shipping is taxed, in orders of all classes: so only a rate of the class `standard` says it. The default is `proportional`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<ShippingRule>,
}

/// A tax rate, as its row and as admins see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct TaxRate {
    #[serde(flatten)]
    pub content: RateContent,
    /// Goes up with each change.
    pub version: u64,
}

impl RateContent {
    /// What identifies the rate.
    pub fn key(&self) -> RateKey {
        let (region, prefix) = (self.region.as_ref().map(Text::as_str), self.postal_prefix.as_deref());
        RateKey::new(&self.country, region, prefix, self.tax_class.clone(), self.from)
    }

    /// Checks input. 422 `country_unknown`, `invalid_value`, `ends_before_start`, `components_out_of_range`, `tax_rate_out_of_range` or
    /// `shipping_rule_misplaced`.
    pub(crate) fn check(&self) -> Result<()> {
        self.key().check()?;
        if self.until.is_some_and(|until| until < self.from) {
            return Err(Error::invalid("until", "ends_before_start", "must not be before `from`"));
        }
        check_components(&self.components, "components")?;
        match &self.shipping {
            Some(_) if self.tax_class.as_str() != STANDARD => {
                let message = "belongs to the rate of the class `standard`, which says it for all classes";
                Err(Error::invalid("shipping", "shipping_rule_misplaced", message))
            }
            Some(shipping) => shipping.check(),
            None => Ok(()),
        }
    }

    /// Checks that no other rate of the place and class claims a day of this one. 422 `tax_overlap`.
    pub(crate) fn check_overlap(&self, others: &[TaxRate]) -> Result<()> {
        match others.iter().find(|other| self.overlaps(&other.content)) {
            None => Ok(()),
            Some(other) => {
                let from = other.content.from;
                let message =
                    format!("overlaps the rate of this place and class from {from}; end one before the other begins");
                Err(Error::invalid("from", "tax_overlap", message))
            }
        }
    }

    /// Does the first of two rates of the same place and class end when the second is valid already? A rate without an end gives way to a
    /// newer one, so it overlaps none.
    fn overlaps(&self, other: &Self) -> bool {
        if self.from == other.from || !self.key().has_subject_of(&other.key()) {
            return false;
        }
        let (first, second) = if self.from < other.from { (self, other) } else { (other, self) };
        first.until.is_some_and(|until| until >= second.from)
    }

    /// Is it valid on that day?
    pub(crate) fn is_valid_on(&self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// Does it apply to the destination? `postal_code` is that of the destination in its bare form, empty if there is none.
    pub(crate) fn applies_to(&self, destination: &Destination, postal_code: &str) -> bool {
        let key = |region: &str| region_key(&self.country, region);
        let is_region =
            |region: &Text<100>| destination.region.as_deref().is_some_and(|other| key(other) == key(region.as_str()));
        self.country == destination.country
            && self.region.as_ref().is_none_or(is_region)
            && self.postal_prefix.as_deref().is_none_or(|prefix| postal_code.starts_with(prefix))
    }

    /// How specific its place is. Two places that apply to one destination and are equally specific are the same place.
    pub(crate) fn specificity(&self) -> (usize, bool) {
        (self.postal_prefix.as_ref().map_or(0, String::len), self.region.is_some())
    }

    /// The components as the price of an order uses them.
    pub(crate) fn tax_components(&self) -> Vec<TaxComponent> {
        tax_components(&self.components, &self.reason)
    }

    /// How shipping is taxed, as the price of an order uses it.
    pub(crate) fn shipping_tax(&self) -> ShippingTax {
        self.shipping.as_ref().map(|shipping| shipping.shipping_tax(&self.reason)).unwrap_or_default()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::day::tests::day;
    use crate::destination::tests::destination;
    use crate::tax::postal_prefix::bare_postal_code;
    use crate::tax::rate_component::tests::component;
    use crate::tax::shipping_rule::ShippingRuleKind;
    use crate::tax::shipping_rule::tests::shipping_rule;
    use crate::tax::tax_key::tests::tax_key;
    use serde_json::json;

    /// A rate of a place `(country, region, postal prefix)`, without an end. An empty text is none.
    pub(crate) fn rate((country, region, prefix): (&str, &str, &str), class: &str, from: &str, ppm: u32) -> TaxRate {
        let content = RateContent {
            country: country.to_owned(),
            region: Text::new(region).ok(),
            postal_prefix: Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty()),
            tax_class: tax_key(class),
            from: day(from),
            until: None,
            components: vec![component(country, ppm)],
            reason: tax_key(class),
            shipping: None,
        };
        TaxRate { content, version: 1 }
    }

    /// The same rate with a last day.
    pub(crate) fn ending(mut rate: TaxRate, until: &str) -> TaxRate {
        rate.content.until = Some(day(until));
        rate
    }

    fn german(from: &str) -> TaxRate {
        rate(("DE", "", ""), "standard", from, 190_000)
    }

    fn half_year() -> TaxRate {
        ending(german("2020-07-01"), "2020-12-31")
    }

    #[test]
    fn rate_of_an_admin_is_valid() {
        let code = |change: fn(&mut RateContent)| {
            let mut content = ending(german("2021-01-01"), "2021-01-01").content;
            change(&mut content);
            content.check().err().map(|error| (error.fields[0].field.clone(), error.fields[0].code))
        };
        let error = |field: &str, code: &'static str| Some((field.to_owned(), code));
        assert_eq!(code(|_| {}), None);
        assert_eq!(code(|content| content.region = Text::new("Las Palmas").ok()), None);
        assert_eq!(code(|content| content.postal_prefix = Some("SW1Y4".to_owned())), None);
        assert_eq!(code(|content| content.shipping = Some(shipping_rule(ShippingRuleKind::Never))), None);
        assert_eq!(code(|content| content.country = "EU".to_owned()), error("country", "country_unknown"));
        for region in ["a#b", "a＃b", &"ﷺ".repeat(100)] {
            let mut content = german("2021-01-01").content;
            content.region = Text::new(region).ok();
            assert_eq!(content.check().unwrap_err().fields[0].field, "region", "{region}");
        }
        assert_eq!(
            code(|content| content.postal_prefix = Some("94 1".to_owned())),
            error("postalPrefix", "invalid_value")
        );
        assert_eq!(code(|content| content.until = Some(day("2020-12-31"))), error("until", "ends_before_start"));
        assert_eq!(code(|content| content.components.clear()), error("components", "components_out_of_range"));
        let always = |content: &mut RateContent| content.shipping = Some(shipping_rule(ShippingRuleKind::Always));
        assert_eq!(code(always), error("shipping.components", "components_out_of_range"));
        let reduced = |content: &mut RateContent| {
            content.tax_class = tax_key("reduced");
            content.shipping = Some(shipping_rule(ShippingRuleKind::Never));
        };
        assert_eq!(code(reduced), error("shipping", "shipping_rule_misplaced"));
    }

    #[test]
    fn rates_that_claim_the_same_day_overlap() {
        for other in [
            ending(german("2020-01-01"), "2020-07-01"),
            german("2020-12-31"),
            ending(german("2020-08-01"), "2020-09-01"),
            ending(german("2020-01-01"), "2021-12-31"),
        ] {
            for (new, stored) in [(half_year(), other.clone()), (other, half_year())] {
                let field = new.content.check_overlap(std::slice::from_ref(&stored)).unwrap_err().fields.remove(0);
                assert_eq!((field.field.as_str(), field.code), ("from", "tax_overlap"), "{new:?} and {stored:?}");
            }
        }
        let upper = rate(("US", "NY", ""), "standard", "2020-08-01", 0);
        let lower = ending(rate(("US", "ny", ""), "standard", "2020-07-01", 0), "2020-12-31");
        assert!(upper.content.check_overlap(std::slice::from_ref(&lower)).is_err(), "letter case makes no other place");
        let by_code = rate(("US", "US-NY", ""), "standard", "2020-08-01", 0).content;
        assert!(by_code.check_overlap(&[lower]).is_err(), "the country in front makes no other place");
        assert!(by_code.applies_to(&destination("US", "NY", ""), ""));
    }

    #[test]
    fn rates_of_other_times_places_and_classes_do_not_overlap() {
        let in_2020 = |place, class, from| ending(rate(place, class, from, 0), "2020-12-31");
        let others = [
            german("2007-01-01"),
            german("2021-01-01"),
            ending(german("2020-01-01"), "2020-06-30"),
            in_2020(("DE", "", ""), "reduced", "2020-07-02"),
            in_2020(("DE", "", "27498"), "standard", "2020-07-02"),
            in_2020(("DE", "Bayern", ""), "standard", "2020-07-02"),
            in_2020(("AT", "", ""), "standard", "2020-07-02"),
            // The stored version of the same rate.
            half_year(),
        ];
        assert!(half_year().content.check_overlap(&others).is_ok());
    }

    #[test]
    fn rate_is_valid_from_its_first_day_to_its_last() {
        let is_valid = |on: &str| half_year().content.is_valid_on(day(on));
        assert_eq!(["2020-06-30", "2020-07-01", "2020-12-31", "2021-01-01"].map(is_valid), [false, true, true, false]);
        assert!(german("2021-01-01").content.is_valid_on(day("2999-01-01")));
    }

    #[test]
    fn rate_applies_to_destinations_that_have_all_parts_of_its_place() {
        let applies = |place: (&str, &str, &str), to: &Destination| {
            let postal_code = bare_postal_code(to.postal_code.as_deref().unwrap_or_default());
            rate(place, "standard", "2020-01-01", 0).content.applies_to(to, &postal_code)
        };
        let to = destination("ES", "Las Palmas", "35 001");
        for place in [("ES", "", ""), ("ES", "las palmas", ""), ("ES", "", "35"), ("ES", "Las Palmas", "35001")] {
            assert!(applies(place, &to), "{place:?}");
        }
        for place in
            [("PT", "", ""), ("ES", "Madrid", ""), ("ES", "", "38"), ("ES", "Madrid", "35"), ("ES", "", "350011")]
        {
            assert!(!applies(place, &to), "{place:?}");
        }
        let unknown = destination("ES", "", "");
        assert!(applies(("ES", "", ""), &unknown));
        assert!(!applies(("ES", "Madrid", ""), &unknown) && !applies(("ES", "", "3"), &unknown));
    }

    #[test]
    fn row_is_read_and_input_with_an_unknown_field_is_refused() {
        let mut rate = half_year();
        rate.content.shipping =
            Some(ShippingRule { rule: ShippingRuleKind::Always, components: vec![component("DE", 1)] });
        for rate in [rate, german("2021-01-01")] {
            let mut row = serde_json::to_value(&rate).unwrap();
            row["pk"] = json!("TAX#DE");
            row["mark"] = json!("1");
            assert_eq!(serde_json::from_value::<TaxRate>(row).unwrap(), rate);
        }
        let mut input = serde_json::to_value(&half_year().content).unwrap();
        assert!(serde_json::from_value::<RateContent>(input.clone()).is_ok());
        input["rate"] = json!(19);
        assert!(serde_json::from_value::<RateContent>(input).is_err());
    }
}
