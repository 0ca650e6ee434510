//! A shipping zone: places that are shipped to by the same methods.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use values::{Error, Result, Text, TimeZone};

use crate::country::check_country;
use crate::day::Day;
use crate::destination::Destination;
use crate::markets::market::Market;
use crate::shipping::delivery::WorkingDays;
use crate::shipping::method::Method;
use crate::shipping::place::{PostalRange, Region};
use crate::slug::ZoneKey;

/// Regions of a zone, and as many ranges of postal codes.
const MAX_PLACES: usize = 100;
const MAX_HOLIDAYS: usize = 100;

/// What an admin sets about a zone, without its methods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ShippingZoneContent"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZoneContent {
    /// The name for admins.
    pub name: Text<100>,
    /// Whole countries (ISO 3166-1 alpha-2).
    #[serde(default)]
    pub countries: BTreeSet<String>,
    #[serde(default)]
    pub regions: Vec<Region>,
    #[serde(default)]
    pub postal_ranges: Vec<PostalRange>,
    /// Whether it has all destinations that no zone names.
    #[serde(default)]
    pub is_rest_of_world: bool,
    /// Where the goods are dispatched: a name of the IANA time zone database, such as `Europe/Brussels`.
    pub time_zone: String,
    /// Days from Monday to Friday that are no working days.
    #[serde(default)]
    pub holidays: BTreeSet<Day>,
}

/// A zone with its methods, as its row and as admins see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Zone {
    pub key: ZoneKey,
    #[serde(flatten)]
    pub content: ZoneContent,
    #[serde(default)]
    pub methods: Vec<Method>,
    /// Goes up with each change of the zone or of a method.
    pub version: u64,
}

impl Zone {
    /// Is one of its methods offered in the market?
    pub fn serves(&self, market: &Market) -> bool {
        self.methods.iter().any(|method| method.content.is_offered_in(market))
    }
}

/// How precisely a zone names a destination. The most precise zone has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Precision {
    RestOfWorld,
    Country,
    Region,
    PostalCode,
}

impl ZoneContent {
    /// Checks input. 422 `places_empty`, `country_unknown`, `too_many_places`, `postal_range_invalid`, `time_zone_unknown` or
    /// `too_many_holidays`.
    pub(crate) fn check(&self) -> Result<()> {
        let names_none = self.countries.is_empty() && self.regions.is_empty() && self.postal_ranges.is_empty();
        if names_none && !self.is_rest_of_world {
            let message = "must name a country, a region or a range of postal codes, or be the rest of the world";
            return Err(Error::invalid("countries", "places_empty", message));
        }
        for (field, count) in [("regions", self.regions.len()), ("postalRanges", self.postal_ranges.len())] {
            if count > MAX_PLACES {
                return Err(Error::invalid(field, "too_many_places", format!("must be at most {MAX_PLACES}")));
            }
        }
        self.countries.iter().try_for_each(|country| check_country(country, "countries"))?;
        self.regions.iter().try_for_each(Region::check)?;
        self.postal_ranges.iter().try_for_each(PostalRange::check)?;
        self.time_zone.parse::<TimeZone>()?;
        match self.holidays.len() <= MAX_HOLIDAYS {
            true => Ok(()),
            false => {
                let message = format!("must be at most {MAX_HOLIDAYS} days; leave out those that have passed");
                Err(Error::invalid("holidays", "too_many_holidays", message))
            }
        }
    }

    /// How precisely the zone names a destination; none if it does not have it.
    pub(crate) fn precision(&self, destination: &Destination) -> Option<Precision> {
        if self.postal_ranges.iter().any(|range| range.contains(destination)) {
            Some(Precision::PostalCode)
        } else if self.regions.iter().any(|region| region.contains(destination)) {
            Some(Precision::Region)
        } else if self.countries.contains(&destination.country) {
            Some(Precision::Country)
        } else {
            self.is_rest_of_world.then_some(Precision::RestOfWorld)
        }
    }

    /// A place that both zones name, for an admin. They would not be told apart for its destinations.
    pub(crate) fn common_place(&self, other: &Self) -> Option<String> {
        let country = self.countries.intersection(&other.countries).next().cloned();
        let region = || {
            let common = self.regions.iter().find(|region| other.regions.iter().any(|their| region.overlaps(their)))?;
            Some(format!("{} of {}", common.region.as_str(), common.country))
        };
        let range = || {
            let common = self
                .postal_ranges
                .iter()
                .find(|range| other.postal_ranges.iter().any(|their| range.overlaps(their)))?;
            Some(format!("postal codes from {} to {} of {}", common.from, common.to, common.country))
        };
        let rest = || (self.is_rest_of_world && other.is_rest_of_world).then(|| "the rest of the world".to_owned());
        country.or_else(region).or_else(range).or_else(rest)
    }

    /// The working days of the zone. A time zone that a later release does not know counts as UTC.
    pub(crate) fn working_days(&self) -> WorkingDays<'_> {
        WorkingDays { time_zone: self.time_zone.parse().unwrap_or(TimeZone::UTC), holidays: &self.holidays }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::day::tests::day;
    use crate::destination::tests::destination;
    use crate::markets::market::tests::market;
    use crate::shipping::place::tests::{range, region};
    use crate::shipping::rate::Rate;
    use crate::shipping::rate::tests::eur;
    use crate::slug::tests::slug;
    use serde_json::json;

    /// A zone of these countries.
    pub(crate) fn zone_of(countries: &[&str]) -> ZoneContent {
        ZoneContent {
            name: Text::new("Zone").unwrap(),
            countries: countries.iter().map(|country| (*country).to_owned()).collect(),
            regions: Vec::new(),
            postal_ranges: Vec::new(),
            is_rest_of_world: false,
            time_zone: "Europe/Brussels".to_owned(),
            holidays: BTreeSet::new(),
        }
    }

    fn code(content: &ZoneContent) -> Option<&'static str> {
        content.check().err().map(|error| error.fields[0].code)
    }

    #[test]
    fn zone_names_known_places_or_is_the_rest_of_the_world() {
        assert_eq!(code(&zone_of(&["BE", "NL"])), None);
        assert_eq!(code(&zone_of(&[])), Some("places_empty"));
        assert_eq!(code(&ZoneContent { is_rest_of_world: true, ..zone_of(&[]) }), None);
        assert_eq!(code(&zone_of(&["EU"])), Some("country_unknown"));
        assert_eq!(code(&ZoneContent { regions: vec![region("XX", "CA")], ..zone_of(&[]) }), Some("country_unknown"));
        let reversed = ZoneContent { postal_ranges: vec![range("BE", "2", "1")], ..zone_of(&[]) };
        assert_eq!(code(&reversed), Some("postal_range_invalid"));
        let elsewhere = ZoneContent { time_zone: "Mars/Olympus".to_owned(), ..zone_of(&["BE"]) };
        assert_eq!(code(&elsewhere), Some("time_zone_unknown"));
    }

    #[test]
    fn places_and_holidays_are_limited() {
        let regions = |count| ZoneContent { regions: vec![region("US", "CA"); count], ..zone_of(&[]) };
        assert_eq!([code(&regions(100)), code(&regions(101))], [None, Some("too_many_places")]);
        let ranges = |count| ZoneContent { postal_ranges: vec![range("US", "1", "2"); count], ..zone_of(&[]) };
        assert_eq!([code(&ranges(100)), code(&ranges(101))], [None, Some("too_many_places")]);
        let days = std::iter::successors(Some(day("2026-01-01")), |day| Some(day.following()));
        let closed = |count| ZoneContent { holidays: days.clone().take(count).collect(), ..zone_of(&["BE"]) };
        assert_eq!([code(&closed(100)), code(&closed(101))], [None, Some("too_many_holidays")]);
    }

    #[test]
    fn precision_is_that_of_the_most_precise_place() {
        let zone = ZoneContent {
            regions: vec![region("US", "CA")],
            postal_ranges: vec![range("US", "900", "901")],
            is_rest_of_world: true,
            ..zone_of(&["US"])
        };
        for (destination, precision) in [
            (destination("US", "CA", "90001"), Precision::PostalCode),
            (destination("US", "CA", "95014"), Precision::Region),
            (destination("US", "NV", "89501"), Precision::Country),
            (destination("JP", "", "100-0001"), Precision::RestOfWorld),
        ] {
            assert_eq!(zone.precision(&destination), Some(precision), "{destination:?}");
        }
        assert_eq!(zone_of(&["US"]).precision(&destination("JP", "", "")), None);
    }

    #[test]
    fn common_place_is_named() {
        let zone = ZoneContent {
            regions: vec![region("US", "CA")],
            postal_ranges: vec![range("US", "900", "919")],
            is_rest_of_world: true,
            ..zone_of(&["BE", "NL"])
        };
        let common = |other: ZoneContent| zone.common_place(&other);
        assert_eq!(common(zone_of(&["NL", "LU"])).as_deref(), Some("NL"));
        let regions = vec![region("US", "NV"), region("US", "ca")];
        assert_eq!(common(ZoneContent { regions, ..zone_of(&[]) }).as_deref(), Some("CA of US"));
        let postal_ranges = vec![range("US", "91", "99")];
        let expected = "postal codes from 900 to 919 of US";
        assert_eq!(common(ZoneContent { postal_ranges, ..zone_of(&[]) }).as_deref(), Some(expected));
        let rest = ZoneContent { is_rest_of_world: true, ..zone_of(&[]) };
        assert_eq!(common(rest).as_deref(), Some("the rest of the world"));
        // A country and its parts are told apart.
        assert_eq!(common(zone_of(&["US"])), None);
    }

    #[test]
    fn zone_serves_the_markets_in_which_a_method_is_offered() {
        let method =
            |market: &str| crate::shipping::method::tests::method("parcel", market, Rate::Flat { price: eur(490) });
        let zone = |methods| Zone { key: slug("be"), content: zone_of(&["BE"]), methods, version: 1 };
        let (eu, us) = (market("eu", "EUR"), market("us", "USD"));
        assert!(zone(vec![method("us"), method("eu")]).serves(&eu));
        assert!(!zone(vec![method("us")]).serves(&us), "its price is in another currency than that of the market");
        assert!(!zone(vec![method("us")]).serves(&eu) && !zone(Vec::new()).serves(&eu));
    }

    #[test]
    fn row_round_trips() {
        let method = crate::shipping::method::tests::method("parcel", "eu", Rate::Flat { price: eur(490) });
        let content = ZoneContent { holidays: [day("2026-12-25")].into(), ..zone_of(&["BE"]) };
        let zone = Zone { key: slug("be"), content, methods: vec![method], version: 3 };
        let mut row = serde_json::to_value(&zone).unwrap();
        assert_eq!((&row["methods"][0]["id"], &row["holidays"]), (&json!("parcel"), &json!(["2026-12-25"])));
        row["pk"] = json!("ZONES");
        row["sk"] = json!("be");
        assert_eq!(serde_json::from_value::<Zone>(row).unwrap(), zone);
    }
}
