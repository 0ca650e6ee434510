//! All zones of a shop, and what keeps them consistent.

use std::collections::BTreeMap;

use values::{Error, ExpectedVersion, Result};

use crate::destination::Destination;
use crate::expected::{check_change, check_put};
use crate::shipping::method::Method;
use crate::shipping::zone::{Zone, ZoneContent};
use crate::slug::{MethodKey, ZoneKey};

/// The most zones of a shop.
pub const MAX_ZONES: u32 = 50;
/// The most methods of a zone, of all markets together.
pub const MAX_METHODS: usize = 20;

/// The zones of a shop, by key.
#[derive(Debug)]
pub(crate) struct ZoneSet(BTreeMap<ZoneKey, Zone>);

impl ZoneSet {
    pub(crate) fn new(rows: Vec<Zone>) -> Self {
        Self(rows.into_iter().map(|zone| (zone.key.clone(), zone)).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The zone that has a destination: the one that names it most precisely.
    pub(crate) fn find(&self, destination: &Destination) -> Option<&Zone> {
        let precise = self.0.values().filter_map(|zone| Some((zone.content.precision(destination)?, zone)));
        // No two zones name it equally precisely.
        precise.max_by_key(|(precision, _)| *precision).map(|(_, zone)| zone)
    }

    /// Creates a zone, or replaces one that is at the `expected` version and keeps its methods. It gets this `version`. Its content was
    /// checked. 404; 412 `version_mismatch`; 409 `zone_exists`, `too_many_zones` or `zones_overlap`.
    pub(crate) fn put(
        &self,
        key: &ZoneKey,
        content: &ZoneContent,
        expected: Option<&ExpectedVersion>,
        version: u64,
    ) -> Result<Zone> {
        let before = self.0.get(key);
        check_put("zone", "zone_exists", before.map(|before| before.version), expected)?;
        if before.is_none() && self.0.len() >= MAX_ZONES as usize {
            let detail = format!("The shop has {MAX_ZONES} zones, the most allowed. Delete one first.");
            return Err(Error::conflict("too_many_zones", detail));
        }
        for other in self.0.values().filter(|other| other.key != *key) {
            if let Some(place) = content.common_place(&other.content) {
                let detail = format!("The zone {} has {place} already. Remove it there first.", other.key);
                return Err(Error::conflict("zones_overlap", detail));
            }
        }
        let methods = before.map(|before| before.methods.clone()).unwrap_or_default();
        Ok(Zone { key: key.clone(), content: content.clone(), methods, version })
    }

    /// Checks that a zone can be deleted: 404; 412 `version_mismatch`.
    pub(crate) fn check_deletion(&self, key: &ZoneKey, expected: &ExpectedVersion) -> Result<()> {
        check_change("zone", self.0.get(key).map(|zone| zone.version), expected)
    }

    /// Creates a method in a zone that is at the `expected` version, or replaces the one with its id. The zone gets this `version`. The
    /// method was checked. 404; 412 `version_mismatch`; 409 `too_many_methods`.
    pub(crate) fn put_method(
        &self,
        key: &ZoneKey,
        method: &Method,
        expected: &ExpectedVersion,
        version: u64,
    ) -> Result<Zone> {
        let mut zone = self.zone_at(key, expected)?;
        match zone.methods.iter().position(|before| before.id == method.id) {
            Some(index) => zone.methods[index] = method.clone(),
            None if zone.methods.len() >= MAX_METHODS => {
                let detail = format!("The zone has {MAX_METHODS} methods, the most allowed. Delete one first.");
                return Err(Error::conflict("too_many_methods", detail));
            }
            None => zone.methods.push(method.clone()),
        }
        Ok(Zone { version, ..zone })
    }

    /// Removes a method from a zone that is at the `expected` version. The zone gets this `version`. 404; 412 `version_mismatch`.
    pub(crate) fn remove_method(
        &self,
        key: &ZoneKey,
        method: &MethodKey,
        expected: &ExpectedVersion,
        version: u64,
    ) -> Result<Zone> {
        let mut zone = self.zone_at(key, expected)?;
        let index = zone.methods.iter().position(|other| other.id == *method);
        zone.methods.remove(index.ok_or_else(|| Error::not_found("shipping method"))?);
        Ok(Zone { version, ..zone })
    }

    fn zone_at(&self, key: &ZoneKey, expected: &ExpectedVersion) -> Result<Zone> {
        let zone = self.0.get(key).ok_or_else(|| Error::not_found("zone"))?;
        check_change("zone", Some(zone.version), expected)?;
        Ok(zone.clone())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::destination::tests::destination;
    use crate::shipping::method::tests::method;
    use crate::shipping::place::tests::{range, region};
    use crate::shipping::rate::Rate;
    use crate::shipping::rate::tests::eur;
    use crate::shipping::zone::Precision;
    use crate::shipping::zone::tests::zone_of;
    use crate::slug::tests::slug;
    use proptest::prelude::*;

    impl ZoneSet {
        /// The zones with this one.
        pub(crate) fn with(mut self, zone: Zone) -> Self {
            self.0.insert(zone.key.clone(), zone);
            self
        }

        pub(crate) fn adding(self, key: &str, content: &ZoneContent) -> Self {
            let zone = self.put(&slug(key), content, None, 1).unwrap();
            self.with(zone)
        }

        fn key_of(&self, country: &str, region: &str, postal_code: &str) -> Option<&str> {
            self.find(&destination(country, region, postal_code)).map(|zone| zone.key.as_str())
        }
    }

    pub(crate) fn no_zones() -> ZoneSet {
        ZoneSet::new(Vec::new())
    }

    fn parcel(id: &str) -> Method {
        method(id, "eu", Rate::Flat { price: eur(490) })
    }

    #[test]
    fn postal_code_comes_before_region_country_and_the_rest_of_the_world() {
        let zones = no_zones()
            .adding("world", &ZoneContent { is_rest_of_world: true, ..zone_of(&[]) })
            .adding("us", &zone_of(&["US"]))
            .adding("california", &ZoneContent { regions: vec![region("US", "CA")], ..zone_of(&[]) })
            .adding("downtown", &ZoneContent { postal_ranges: vec![range("US", "900", "901")], ..zone_of(&[]) });
        assert_eq!(zones.key_of("US", "CA", "90001"), Some("downtown"));
        assert_eq!(zones.key_of("US", "CA", "95014"), Some("california"));
        assert_eq!(zones.key_of("US", "NV", "89501"), Some("us"));
        assert_eq!(zones.key_of("JP", "", "90001"), Some("world"));
        assert_eq!(no_zones().adding("us", &zone_of(&["US"])).key_of("JP", "", ""), None);
    }

    #[test]
    fn zones_have_no_place_in_common() {
        let zones = no_zones().adding("benelux", &zone_of(&["BE", "NL", "LU"]));
        let put = |key: &str, countries: &[&str], expected: Option<u64>| {
            let expected = expected.map(ExpectedVersion::from);
            zones.put(&slug(key), &zone_of(countries), expected.as_ref(), 9).map(|_| ()).map_err(|error| error.code)
        };
        assert_eq!(put("west", &["FR", "BE"], None), Err("zones_overlap"));
        assert_eq!(put("west", &["FR"], None), Ok(()));
        assert_eq!(put("benelux", &["BE", "FR"], Some(1)), Ok(()), "a zone can keep its places");
        assert_eq!(put("benelux", &["FR"], None), Err("zone_exists"));
        assert_eq!(put("benelux", &["FR"], Some(2)), Err("version_mismatch"));
    }

    #[test]
    fn zone_beyond_the_50th_is_refused() {
        let at = |number: u32| {
            let code = format!("{number:02}");
            ZoneContent { postal_ranges: vec![range("BE", &code, &code)], ..zone_of(&[]) }
        };
        let zones = (0..MAX_ZONES).fold(no_zones(), |zones, number| zones.adding(&format!("z{number}"), &at(number)));
        assert_eq!(zones.put(&slug("more"), &at(99), None, 9).unwrap_err().code, "too_many_zones");
        assert!(zones.put(&slug("z0"), &at(99), Some(&ExpectedVersion::from(1)), 9).is_ok());
    }

    #[test]
    fn methods_are_put_and_removed_under_the_version_of_their_zone() {
        let (key, at_one): (ZoneKey, _) = (slug("be"), ExpectedVersion::from(1));
        let zones = no_zones().adding("be", &zone_of(&["BE"]));
        let zone = zones.put_method(&key, &parcel("parcel"), &at_one, 2).unwrap();
        assert_eq!((zone.methods.as_slice(), zone.version), ([parcel("parcel")].as_slice(), 2));
        let zones = zones.with(zone);
        assert_eq!(zones.put_method(&key, &parcel("express"), &at_one, 3).unwrap_err().code, "version_mismatch");
        let at_two = ExpectedVersion::from(2);
        let replaced = zones.put_method(&key, &parcel("parcel"), &at_two, 3).unwrap();
        assert_eq!(replaced.methods.len(), 1);
        let kept = zones.put(&key, &zone_of(&["BE", "NL"]), Some(&at_two), 3).unwrap();
        assert_eq!(kept.methods, [parcel("parcel")], "a zone keeps its methods");
        assert!(zones.remove_method(&key, &slug("parcel"), &at_two, 3).unwrap().methods.is_empty());
        assert_eq!(zones.remove_method(&key, &slug("express"), &at_two, 3).unwrap_err().code, "not_found");
        assert_eq!(zones.put_method(&slug("nl"), &parcel("parcel"), &at_two, 3).unwrap_err().code, "not_found");
        assert!(zones.check_deletion(&key, &at_two).is_ok());
        assert_eq!(zones.check_deletion(&key, &at_one).unwrap_err().code, "version_mismatch");
    }

    #[test]
    fn method_beyond_the_20th_is_refused() {
        let (key, at_one): (ZoneKey, _) = (slug("be"), ExpectedVersion::from(1));
        let full = (0..MAX_METHODS).fold(no_zones().adding("be", &zone_of(&["BE"])), |zones, number| {
            let zone = zones.put_method(&key, &parcel(&format!("m{number}")), &at_one, 1).unwrap();
            zones.with(zone)
        });
        assert_eq!(full.put_method(&key, &parcel("more"), &at_one, 2).unwrap_err().code, "too_many_methods");
        assert!(full.put_method(&key, &parcel("m0"), &at_one, 2).is_ok());
    }

    fn any_zone() -> impl Strategy<Value = ZoneContent> {
        let countries = prop::collection::vec(prop::sample::select(vec!["BE", "US", "JP"]), 0..2);
        let regions = prop::collection::vec(prop::sample::select(vec!["CA", "NV"]), 0..2);
        let ranges = prop::collection::vec((0u32..100, 0u32..30), 0..2);
        (countries, regions, ranges, any::<bool>()).prop_map(|(countries, regions, ranges, is_rest_of_world)| {
            ZoneContent {
                regions: regions.into_iter().map(|name| region("US", name)).collect(),
                postal_ranges: ranges
                    .into_iter()
                    .map(|(from, more)| range("US", &format!("{from:02}"), &format!("{:02}", (from + more).min(99))))
                    .collect(),
                is_rest_of_world,
                ..zone_of(&countries)
            }
        })
    }

    proptest! {
        #[test]
        fn destination_is_in_the_one_zone_that_names_it_most_precisely(
            zones in prop::collection::vec(any_zone(), 0..8),
            country in prop::sample::select(vec!["BE", "US", "JP", "FR"]),
            region in prop::sample::select(vec!["", "CA", "NV", "TX"]),
            code in 0u32..100,
        ) {
            let mut accepted = no_zones();
            for (number, content) in zones.iter().enumerate() {
                if let Ok(zone) = accepted.put(&slug(&format!("z{number}")), content, None, 1) {
                    accepted = accepted.with(zone);
                }
            }
            let destination = destination(country, region, &format!("{code:02}"));
            let precisions: Vec<Precision> =
                accepted.0.values().filter_map(|zone| zone.content.precision(&destination)).collect();
            for precision in &precisions {
                prop_assert_eq!(precisions.iter().filter(|other| *other == precision).count(), 1);
            }
            let found = accepted.find(&destination).and_then(|zone| zone.content.precision(&destination));
            prop_assert_eq!(found, precisions.into_iter().max());
        }
    }
}
