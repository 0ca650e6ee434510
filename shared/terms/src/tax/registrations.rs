//! Where the shop is registered for taxes, and from where it dispatches.

use serde::{Deserialize, Serialize};
use values::{Error, Result, Text};

use crate::country::check_country;
use crate::day::Day;
use crate::destination::{Destination, region_key};
use crate::tax::eu::is_member_state;

/// The registrations of a shop.
pub const MAX_REGISTRATIONS: usize = 200;

/// What an admin sets about the taxes of the shop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "TaxRegistrationsContent"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistrationsContent {
    /// The country from which the shop dispatches (ISO 3166-1 alpha-2). Supplies to other member states of the EU depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispatch_country: Option<String>,
    /// At most 200.
    #[serde(default)]
    pub registrations: Vec<Registration>,
}

/// Where the shop is registered, as its row and as admins see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "TaxRegistrations"))]
pub struct Registrations {
    #[serde(flatten)]
    pub content: RegistrationsContent,
    /// Goes up with each change. 0: nothing is stored.
    pub version: u64,
}

/// A registration for taxes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "TaxRegistration"))]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The country code (ISO 3166-1 alpha-2), or `XK` for Kosovo.
    pub country: String,
    /// The region whose tax it is for, as souk stores it in a postal address. Letter case makes no difference. Without a region it is for
    /// the whole country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Text<100>>,
    pub kind: RegistrationKind,
    /// Its first day, in UTC.
    pub from: Day,
}

/// What a registration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "TaxRegistrationKind"))]
#[serde(rename_all = "lowercase")]
pub enum RegistrationKind {
    /// For sales to the country, or to its region.
    Local,
    /// The one-stop shop (Directive 2006/112/EC, Art. 369a to 369k): in one member state, for sales to all of them.
    Oss,
}

impl RegistrationsContent {
    /// Checks input. 422 `too_many_registrations`, `country_unknown`, `oss_outside_eu` or `registration_doubled`.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(country) = &self.dispatch_country {
            check_country(country, "dispatchCountry")?;
        }
        if self.registrations.len() > MAX_REGISTRATIONS {
            let message = format!("must be at most {MAX_REGISTRATIONS} registrations");
            return Err(Error::invalid("registrations", "too_many_registrations", message));
        }
        self.registrations.iter().enumerate().try_for_each(|(index, registration)| {
            registration.check(&format!("registrations[{index}]"))?;
            match self.registrations[..index].iter().any(|earlier| earlier.is_for_the_same(registration)) {
                false => Ok(()),
                true => {
                    let message = "is there twice; a country, or a region, has one of a kind";
                    Err(Error::invalid(&format!("registrations[{index}]"), "registration_doubled", message))
                }
            }
        })
    }

    /// Where a sale to the destination is taxed on that day; none if the shop collects no tax for it. That is the destination if the shop is
    /// registered there. Otherwise, between member states of the EU, it is the country of dispatch: there a shop pays the tax of
    /// distance sales until they pass 10,000 EUR a year, from which on it has to register (Directive 2006/112/EC, Art. 33 and 59c).
    pub(crate) fn place_of_taxation(&self, destination: &Destination, day: Day) -> Option<Destination> {
        if self.cover(destination, day) {
            return Some(destination.clone());
        }
        let home = self.dispatch_country.clone().filter(|home| is_between_member_states(home, &destination.country))?;
        let home = Destination { country: home, region: None, postal_code: None };
        self.cover(&home, day).then_some(home)
    }

    fn cover(&self, destination: &Destination, day: Day) -> bool {
        self.registrations.iter().any(|registration| registration.from <= day && registration.covers(destination))
    }
}

/// Are these two different member states of the EU?
pub(crate) fn is_between_member_states(from: &str, to: &str) -> bool {
    from != to && is_member_state(from) && is_member_state(to)
}

impl Registration {
    fn check(&self, field: &str) -> Result<()> {
        check_country(&self.country, &format!("{field}.country"))?;
        match self.kind {
            RegistrationKind::Oss if self.region.is_some() || !is_member_state(&self.country) => {
                let message = "must be in a member state of the EU, without a region";
                Err(Error::invalid(&format!("{field}.country"), "oss_outside_eu", message))
            }
            _ => Ok(()),
        }
    }

    fn is_for_the_same(&self, other: &Self) -> bool {
        self.country == other.country && self.region_key() == other.region_key() && self.kind == other.kind
    }

    fn region_key(&self) -> Option<String> {
        self.region.as_ref().map(|region| region_key(&self.country, region.as_str()))
    }

    fn covers(&self, destination: &Destination) -> bool {
        match self.kind {
            RegistrationKind::Oss => is_member_state(&destination.country),
            RegistrationKind::Local => {
                let is_region = |region: String| {
                    destination.region.as_deref().is_some_and(|other| region_key(&self.country, other) == region)
                };
                self.country == destination.country && self.region_key().is_none_or(is_region)
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::day::tests::day;
    use crate::destination::tests::destination;
    use serde_json::json;

    /// Registrations `(country, region, kind)` since 2020. An empty text is none.
    pub(crate) fn registrations(dispatch: &str, list: &[(&str, &str, RegistrationKind)]) -> RegistrationsContent {
        let registration = |(country, region, kind): &(&str, &str, RegistrationKind)| Registration {
            country: (*country).to_owned(),
            region: Text::new(region).ok(),
            kind: *kind,
            from: day("2020-01-01"),
        };
        let registrations = list.iter().map(registration).collect();
        let dispatch_country = Some(dispatch.to_owned()).filter(|country| !country.is_empty());
        RegistrationsContent { dispatch_country, registrations }
    }

    const LOCAL: RegistrationKind = RegistrationKind::Local;
    const OSS: RegistrationKind = RegistrationKind::Oss;

    /// The country that taxes a sale, such as `FR`; `-` if none does.
    fn taxed(registrations: &RegistrationsContent, country: &str, region: &str) -> String {
        let place = registrations.place_of_taxation(&destination(country, region, ""), day("2026-11-21"));
        place.map_or("-".to_owned(), |place| place.country)
    }

    #[test]
    fn tax_is_collected_only_where_the_shop_is_registered() {
        let none = RegistrationsContent::default();
        assert_eq!(["DE", "US", "JP"].map(|country| taxed(&none, country, "")), ["-", "-", "-"]);
        let two = registrations("DE", &[("DE", "", LOCAL), ("US", "NY", LOCAL)]);
        assert_eq!(["DE", "FR", "CH"].map(|country| taxed(&two, country, "")), ["DE", "DE", "-"]);
        let destinations =
            [("DE", ""), ("DE", "Bayern"), ("US", "ny"), ("US", "CA"), ("US", ""), ("CH", ""), ("GB", "")];
        let countries = destinations.map(|(country, region)| taxed(&two, country, region));
        assert_eq!(countries, ["DE", "DE", "US", "-", "-", "-", "-"]);
        assert_eq!(taxed(&registrations("DE", &[("US", "US-NY", LOCAL)]), "US", "NY"), "US", "a code with its country");
    }

    #[test]
    fn one_stop_shop_covers_all_member_states_and_no_other_country() {
        let oss = registrations("DE", &[("DE", "", LOCAL), ("DE", "", OSS)]);
        let countries = ["FR", "GR", "HR", "DE", "CH", "NO", "GB", "MC"].map(|country| taxed(&oss, country, ""));
        assert_eq!(countries, ["FR", "GR", "HR", "DE", "-", "-", "-", "-"]);
    }

    #[test]
    fn without_it_the_country_of_dispatch_taxes_sales_to_other_member_states() {
        let local = registrations("DE", &[("DE", "", LOCAL), ("AT", "", LOCAL), ("GB", "", LOCAL)]);
        let countries = ["FR", "AT", "GB", "CH"].map(|country| taxed(&local, country, ""));
        assert_eq!(countries, ["DE", "AT", "GB", "-"]);
        let elsewhere = registrations("GB", &[("GB", "", LOCAL)]);
        assert_eq!(taxed(&elsewhere, "FR", ""), "-");
        let unregistered = registrations("DE", &[("AT", "", LOCAL)]);
        assert_eq!((taxed(&unregistered, "FR", ""), taxed(&unregistered, "DE", "")), ("-".to_owned(), "-".to_owned()));
    }

    #[test]
    fn registration_counts_from_its_first_day() {
        let mut local = registrations("", &[("DE", "", LOCAL)]);
        local.registrations[0].from = day("2026-11-21");
        let is_taxed = |on: &str| local.place_of_taxation(&destination("DE", "", ""), day(on)).is_some();
        assert_eq!(["2026-11-20", "2026-11-21"].map(is_taxed), [false, true]);
    }

    #[test]
    fn registrations_of_an_admin_are_valid() {
        let code = |registrations: RegistrationsContent| {
            let field = registrations.check().unwrap_err().fields.remove(0);
            (field.field, field.code)
        };
        let error = |field: &str, code: &'static str| (field.to_owned(), code);
        let good = [("DE", "", LOCAL), ("DE", "", OSS), ("US", "NY", LOCAL), ("US", "CA", LOCAL)];
        assert!(registrations("DE", &good).check().is_ok());
        assert_eq!(code(registrations("EU", &[])), error("dispatchCountry", "country_unknown"));
        assert_eq!(code(registrations("", &[("XX", "", LOCAL)])), error("registrations[0].country", "country_unknown"));
        for oss in [("GB", "", OSS), ("DE", "Bayern", OSS)] {
            assert_eq!(code(registrations("", &[oss])), error("registrations[0].country", "oss_outside_eu"));
        }
        let twice = [("US", "NY", LOCAL), ("FR", "", LOCAL), ("US", "ny", LOCAL)];
        assert_eq!(code(registrations("", &twice)), error("registrations[2]", "registration_doubled"));
        let many = vec![("DE", "", LOCAL); MAX_REGISTRATIONS + 1];
        assert_eq!(code(registrations("", &many)), error("registrations", "too_many_registrations"));
    }

    #[test]
    fn row_is_read_and_input_with_an_unknown_field_is_refused() {
        let content = registrations("DE", &[("DE", "", OSS), ("US", "NY", LOCAL)]);
        let stored = Registrations { content, version: 3 };
        let mut row = serde_json::to_value(&stored).unwrap();
        row["pk"] = json!("REGISTRATIONS");
        assert_eq!(serde_json::from_value::<Registrations>(row).unwrap(), stored);
        assert!(serde_json::from_value::<RegistrationsContent>(json!({ "dispatch": "DE" })).is_err());
    }
}
