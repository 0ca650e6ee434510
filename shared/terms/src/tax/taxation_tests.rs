//! Which rates a sale has, whatever the order of the rates, and who is exempt.

use proptest::prelude::*;

use super::*;
use crate::day::tests::day;
use crate::destination::tests::destination;
use crate::tax::rate::tests::{ending, rate};
use crate::tax::rate_component::tests::component;
use crate::tax::registrations::RegistrationKind;
use crate::tax::registrations::tests::registrations;
use crate::tax::shipping_rule::tests::shipping_rule;
use crate::tax::shipping_rule::{ShippingRule, ShippingRuleKind};
use crate::tax::tax_key::tests::tax_key;

fn query(destination: Destination, classes: &[&str]) -> TaxQuery {
    let classes = classes.iter().map(|class| (*class).to_owned()).collect();
    let at = "2026-11-21T12:00:00Z".parse().unwrap();
    TaxQuery { destination, classes, buyer: BuyerTax::default(), at }
}

/// The taxes of a sale that is taxed at its destination.
fn decide(query: &TaxQuery, rates: &[TaxRate]) -> Result<Taxation> {
    Taxation::decide(query, &RegistrationsContent::default(), Some(&query.destination), rates)
}

/// The rate of each class, in the order of their names.
fn rates_of(query: &TaxQuery, rates: &[TaxRate]) -> Result<Vec<u32>> {
    Ok(decide(query, rates)?.classes.iter().map(|class| class.components[0].ppm).collect())
}

#[test]
fn longest_postal_prefix_comes_before_a_region_and_that_before_the_country() {
    let mut rates = vec![rate(("ES", "", ""), "standard", "2012-09-01", 210_000)];
    let query = query(destination("ES", "Las Palmas", "35001"), &["standard"]);
    let mut with = |place, ppm| {
        rates.push(rate(place, "standard", "2010-01-01", ppm));
        rates_of(&query, &rates).unwrap()
    };
    assert_eq!(with(("ES", "Madrid", ""), 1), [210_000]);
    assert_eq!(with(("ES", "Las Palmas", ""), 2), [2]);
    assert_eq!(with(("ES", "", "3"), 3), [3]);
    assert_eq!(with(("ES", "", "350"), 4), [4]);
    assert_eq!(with(("ES", "Las Palmas", "35"), 5), [4]);
    assert_eq!(with(("ES", "Las Palmas", "350"), 6), [6]);
    assert_eq!(with(("ES", "", "38"), 7), [6]);
}

#[test]
fn rate_that_began_last_counts_and_after_its_end_the_one_before() {
    let german = |from: &str, ppm: u32| rate(("DE", "", ""), "standard", from, ppm);
    let half_year = ending(german("2020-07-01", 160_000), "2020-12-31");
    let rates = [german("2007-01-01", 190_000), half_year, german("2027-01-01", 210_000)];
    let at = |at: &str| {
        let query = TaxQuery { at: at.parse().unwrap(), ..query(destination("DE", "", ""), &["standard"]) };
        rates_of(&query, &rates).unwrap()[0]
    };
    assert_eq!(at("2020-06-30T23:59:59Z"), 190_000);
    assert_eq!((at("2020-07-01T00:00:00Z"), at("2020-12-31T23:59:59Z")), (160_000, 160_000));
    assert_eq!((at("2021-01-01T00:00:00Z"), at("2026-12-31T23:59:59Z")), (190_000, 190_000));
    assert_eq!(at("2027-01-01T00:00:00Z"), 210_000);
}

#[test]
fn class_without_a_rate_is_taxed_as_standard() {
    let rates = [
        rate(("FR", "", ""), "standard", "2014-01-01", 200_000),
        rate(("FR", "", ""), "reduced", "2014-01-01", 55_000),
        rate(("FR", "", ""), "books", "2030-01-01", 55_000),
    ];
    let to = destination("FR", "", "75008");
    let all = query(to.clone(), &["books", "reduced", "standard"]);
    assert_eq!(rates_of(&all, &rates).unwrap(), [200_000, 55_000, 200_000]);
    let field = decide(&query(to, &["books", "reduced"]), &rates[1..]).unwrap_err().fields.remove(0);
    assert_eq!((field.field.as_str(), field.code), ("shippingAddress.country", "tax_rate_missing"));
    assert!(field.message.contains("books"), "{}", field.message);
}

#[test]
fn rule_for_shipping_is_that_of_the_standard_rate() {
    let mut japan = rate(("JP", "", ""), "standard", "2019-10-01", 100_000);
    let reduced = rate(("JP", "", ""), "reduced", "2019-10-01", 80_000);
    let query = query(destination("JP", "", ""), &["reduced"]);
    let shipping = |rates: &[TaxRate]| decide(&query, rates).unwrap().shipping;
    let components = vec![component("JP", 100_000)];
    japan.content.shipping = Some(ShippingRule { rule: ShippingRuleKind::Always, components });
    let always = ShippingTax::Always(japan.content.tax_components());
    assert_eq!(shipping(&[reduced.clone(), japan.clone()]), always);
    assert_eq!(shipping(std::slice::from_ref(&reduced)), ShippingTax::Proportional);
    for (rule, tax) in [
        (ShippingRuleKind::Proportional, ShippingTax::Proportional),
        (ShippingRuleKind::Principal, ShippingTax::Principal),
        (ShippingRuleKind::Never, ShippingTax::Never),
    ] {
        japan.content.shipping = Some(shipping_rule(rule));
        assert_eq!(shipping(std::slice::from_ref(&japan)), tax);
    }
}

#[test]
fn where_the_shop_collects_no_tax_each_class_has_the_rate_0() {
    let query = query(destination("CH", "", ""), &["reduced", "standard"]);
    let rates = [rate(("CH", "", ""), "standard", "2024-01-01", 81_000)];
    let taxation = Taxation::decide(&query, &RegistrationsContent::default(), None, &rates).unwrap();
    let component = TaxComponent { jurisdiction: "CH".to_owned(), ppm: 0, reason: "not_collecting".to_owned() };
    let class = |key: &str| TaxClass { key: key.to_owned(), components: vec![component.clone()] };
    assert_eq!(taxation.classes, ["reduced", "standard"].map(class));
    assert_eq!((taxation.shipping, taxation.exemption), (ShippingTax::Proportional, None));
}

/// Why a buyer with this verified VAT id pays no tax. An empty country of dispatch is none.
fn exemption_of(vat_id: &str, dispatch: &str, to: &str) -> Option<String> {
    let mut query = query(destination(to, "", ""), &["standard"]);
    query.buyer.verified_vat_id = Some(vat_id.parse().unwrap());
    exemption(&query, &registrations(dispatch, &[("DE", "", RegistrationKind::Local)]))
}

#[test]
fn business_of_another_member_state_is_exempt_in_another_member_state() {
    let (french, german, british) = ("FR40303265045", "DE136695976", "GB980780684");
    for (vat_id, dispatch, to) in [(french, "DE", "FR"), (french, "DE", "AT"), ("EL094259216", "DE", "GR")] {
        let exemption = exemption_of(vat_id, dispatch, to);
        assert_eq!(exemption.as_deref(), Some("intra_community_supply"), "{vat_id} {dispatch} {to}");
    }
    for (vat_id, dispatch, to) in [
        (french, "DE", "DE"),
        (german, "DE", "DE"),
        (german, "DE", "FR"),
        (french, "DE", "CH"),
        (french, "GB", "FR"),
        (british, "DE", "GB"),
        (british, "DE", "FR"),
        (french, "", "FR"),
    ] {
        assert_eq!(exemption_of(vat_id, dispatch, to), None, "{vat_id} {dispatch} {to}");
    }
}

#[test]
fn exempt_buyer_gets_the_rates_that_gross_prices_include() {
    let mut query = query(destination("FR", "", ""), &["standard"]);
    query.buyer.status = TaxStatus::Exempt { reason: tax_key("embassy") };
    let french = rate(("FR", "", ""), "standard", "2014-01-01", 200_000);
    let taxation = decide(&query, std::slice::from_ref(&french)).unwrap();
    assert_eq!(taxation.exemption.as_deref(), Some("embassy"));
    assert_eq!(taxation.classes[0].components, french.content.tax_components());
}

/// Rates of the US that could all be stored. Each has a number of its own as its rate.
fn stored_rates() -> impl Strategy<Value = Vec<TaxRate>> {
    let place = (prop::sample::select(vec!["", "NY", "CA"]), prop::sample::select(vec!["", "1", "10", "100", "9"]));
    let class = prop::sample::select(vec!["standard", "food"]);
    let days = (10..25u32, prop::option::of(10..28u32));
    prop::collection::vec((place, class, days), 0..40).prop_map(|specs| {
        let mut rates: Vec<TaxRate> = Vec::new();
        for (number, ((region, prefix), class, (from, until))) in (1u32..).zip(specs) {
            let mut new = rate(("US", region, prefix), class, &format!("2026-11-{from}"), number);
            new.content.until = until.map(|until| day(&format!("2026-11-{until}")));
            let is_new = rates.iter().all(|rate| rate.content.key() != new.content.key());
            if is_new && new.content.check().is_ok() && new.content.check_overlap(&rates).is_ok() {
                rates.push(new);
            }
        }
        rates
    })
}

/// Rates, and the same in another order.
fn shuffled_rates() -> impl Strategy<Value = (Vec<TaxRate>, Vec<TaxRate>)> {
    stored_rates().prop_flat_map(|rates| (Just(rates.clone()), Just(rates).prop_shuffle()))
}

proptest! {
    #[test]
    fn most_specific_rate_counts_in_any_order(
        (rates, shuffled) in shuffled_rates(),
        region in prop::sample::select(vec!["", "NY", "TX"]),
        postal_code in prop::sample::select(vec!["", "10001", "12345-6789", "90210"]),
    ) {
        let query = query(destination("US", region, postal_code), &["standard"]);
        let found = rates_of(&query, &rates).ok();
        prop_assert_eq!(&found, &rates_of(&query, &shuffled).ok());
        let today = day("2026-11-21");
        let applies = |rate: &&RateContent| {
            let is_there = rate.region.as_ref().is_none_or(|name| name.as_str() == region)
                && rate.postal_prefix.as_deref().is_none_or(|prefix| postal_code.starts_with(prefix));
            let is_now = rate.from <= today && rate.until.is_none_or(|until| until >= today);
            is_there && is_now && rate.tax_class.as_str() == "standard"
        };
        let prefix = |rate: &RateContent| rate.postal_prefix.as_deref().unwrap_or_default().len();
        let applying: Vec<&RateContent> = rates.iter().map(|rate| &rate.content).filter(applies).collect();
        let longest = applying.iter().map(|rate| prefix(rate)).max();
        let by_prefix: Vec<&RateContent> = applying.into_iter().filter(|rate| Some(prefix(rate)) == longest).collect();
        let has_region = by_prefix.iter().any(|rate| rate.region.is_some());
        let by_region = by_prefix.into_iter().filter(|rate| rate.region.is_some() == has_region);
        let newest = by_region.max_by_key(|rate| rate.from);
        prop_assert_eq!(found, newest.map(|rate| vec![rate.components[0].ppm]));
    }
}
