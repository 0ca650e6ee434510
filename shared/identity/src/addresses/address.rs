//! A postal address. It is personal data: it is stored in rows that can be erased, and never logged.

use serde::{Deserialize, Serialize};
use values::{Error, Result, Text};

use crate::accounts::new_name::NewName;
use crate::addresses::area::region;
use crate::addresses::country::Country;
use crate::addresses::optional_text::blank_as_none;
use crate::addresses::phone::e164;
use crate::addresses::postal_code::postal_code;

/// A postal address. Its country decides which fields are required. Unknown members are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    /// The name of the recipient. A request in which it contains a URL or a domain is refused.
    pub name: Text<100>,
    /// Street and number.
    pub line1: Text<200>,
    /// Floor, company, district or "care of".
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "blank_as_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::BlankOrText<200>>"))]
    pub line2: Option<Text<200>>,
    /// City, town or village. Required in most countries. In AE, HK and NR, `city` or `region` is required. Not required in AG, CO, GI,
    /// ID, JP, KY, MO, SG, SM and VG.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "blank_as_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::BlankOrText<100>>"))]
    pub city: Option<Text<100>>,
    /// State, province, prefecture or another region. Required where addresses of the country need one, such as in the US, Canada,
    /// Australia, Brazil, China, India, Italy, Japan, Mexico and Spain. There, if souk has a list of the country's regions, an unknown one
    /// gets `region_unknown`. It has no list for CR, HN, IQ, PF and PG. Send its abbreviation, its code (ISO 3166-2) or its name, in any
    /// case; the answer has the abbreviation that the country's post uses, or else the name in the language of the country.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "blank_as_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::BlankOrText<100>>"))]
    pub region: Option<Text<100>>,
    /// In the format of the country. Required where the country needs one. Spaces, dashes and letter case are corrected, and a prefix for
    /// the country is removed: `CH-8001` becomes `8001`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "blank_as_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::BlankOrText<16>>"))]
    pub postal_code: Option<Text<16>>,
    /// The country code (ISO 3166-1 alpha-2), or `XK` for Kosovo.
    pub country: Country,
    /// The number for the carrier, in E.164 format. In an address book, the number must be valid in its country.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "blank_as_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::BlankOrText<32>>", extend("example" = "+32 2 555 12 12")))]
    pub phone: Option<Text<32>>,
    /// The lines of a label, in the order of the country. They follow from the other fields, so leave them out of requests. Only the lines
    /// of the address that is sent are accepted.
    #[serde(default, rename = "lines", skip_serializing)]
    #[cfg_attr(feature = "openapi", schemars(extend("readOnly" = true), transform = without_write_only))]
    sent_lines: Option<Vec<String>>,
}

impl Address {
    /// The address by the rules of its country: with its postal code in the country's format, its area by its key, and its phone as
    /// E.164. 422 `required`, `postal_code_invalid`, `region_unknown` or `phone_invalid`; `invalid_value` for a name with a URL, and
    /// `read_only` for lines that are not those of the address. Requests are checked; stored addresses are read as they are. `at` is the
    /// address's field in the request, such as `shippingAddress`, or empty.
    pub fn checked(self, at: &str) -> Result<Self> {
        self.check().map_err(|mut error| {
            for field in error.fields.iter_mut().filter(|_| !at.is_empty()) {
                field.field = format!("{at}.{}", field.field);
            }
            error
        })
    }

    fn check(mut self) -> Result<Self> {
        NewName::check("name", &self.name)?;
        self.region = region(self.country, self.region.as_ref())?;
        self.check_city()?;
        self.postal_code = postal_code(self.country, self.postal_code.as_ref())?;
        self.phone = self.phone.as_ref().map(e164).transpose()?;
        match self.sent_lines.take() {
            Some(sent) if sent != self.lines() => {
                Err(Error::invalid("lines", "read_only", "follows from the other fields; leave it out"))
            }
            _ => Ok(self),
        }
    }

    fn check_city(&self) -> Result<()> {
        let rules = self.country.rules();
        if self.city.is_some() || !(rules.requires('C') || (rules.requires('E') && self.region.is_none())) {
            return Ok(());
        }
        let or_area = if rules.requires('E') { format!(" or {}", rules.an_area()) } else { String::new() };
        Err(Error::invalid("city", "required", format!("an address in {} needs a city{or_area}", rules.name)))
    }
}

/// A member that is not serialised is write-only for schemars. But answers have the lines of a label, from another type.
#[cfg(feature = "openapi")]
fn without_write_only(schema: &mut schemars::Schema) {
    schema.remove("writeOnly");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn checked(address: &Value) -> Result<Address> {
        serde_json::from_value::<Address>(address.clone()).unwrap().checked("")
    }

    fn field_error(address: &Value) -> (String, &'static str) {
        let field = checked(address).unwrap_err().fields.remove(0);
        (field.field, field.code)
    }

    #[test]
    fn address_needs_the_fields_of_its_country_and_refuses_others() {
        let full = json!({"name": "Ada", "line1": "Rue du Marché 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE"});
        assert!(checked(&full).is_ok());
        for field in ["name", "line1", "country"] {
            let mut without = full.clone();
            without.as_object_mut().unwrap().remove(field);
            assert!(serde_json::from_value::<Address>(without).is_err(), "{field} must be required");
        }
        for field in ["city", "postalCode"] {
            let mut without = full.clone();
            without.as_object_mut().unwrap().remove(field);
            assert_eq!(field_error(&without), (field.to_owned(), "required"));
            without[field] = json!(" ");
            assert_eq!(field_error(&without), (field.to_owned(), "required"), "an empty field is none");
        }
        let mut with_more = full.clone();
        with_more["planet"] = json!("Earth");
        assert!(serde_json::from_value::<Address>(with_more).is_err());
    }

    #[test]
    fn address_gets_the_format_of_its_country() {
        let input = json!({
            "name": "Ada", "line1": "12 St James's Square", "city": "London", "postalCode": "sw1y4jh", "country": "GB",
            "phone": "+44 (0)20 7946 0958",
        });
        let address: Address = serde_json::from_value(input.clone()).unwrap();
        assert_eq!(
            address.clone().checked("").unwrap_err().fields[0].code,
            "phone_invalid",
            "a zero in brackets is not dialled from abroad"
        );
        let mut dialled = input.clone();
        dialled["phone"] = json!("+44 20-7946 0958");
        let address = serde_json::from_value::<Address>(dialled).unwrap().checked("").unwrap();
        let (code, phone) = (address.postal_code.unwrap(), address.phone.unwrap());
        assert_eq!((code.as_str(), phone.as_str()), ("SW1Y 4JH", "+442079460958"));
        let mut elsewhere = input;
        elsewhere["country"] = json!("DE");
        let error = serde_json::from_value::<Address>(elsewhere).unwrap().checked("shippingAddress").unwrap_err();
        assert_eq!(
            (error.fields[0].field.as_str(), error.fields[0].code),
            ("shippingAddress.postalCode", "postal_code_invalid")
        );
    }

    #[test]
    fn countries_without_postal_codes_or_cities_need_none() {
        for (country, city, region) in [
            ("HK", Some("Central"), None),
            ("HK", None, Some("Kowloon")),
            ("AE", Some("Dubai"), None),
            ("QA", Some("Doha"), None),
            ("BO", Some("La Paz"), None),
            ("UG", Some("Kampala"), None),
            ("AO", Some("Luanda"), None),
            ("ZW", Some("Harare"), None),
            ("BS", Some("Nassau"), None),
            ("JM", Some("Kingston"), None),
            ("FJ", Some("Suva"), None),
            ("PA", Some("Panamá"), None),
            ("IE", Some("Dublin"), None),
            ("XK", Some("Prishtina"), None),
            ("MO", None, None),
        ] {
            let address = json!({"name": "Ada", "line1": "1 Main St", "city": city, "region": region, "postalCode": "", "country": country});
            assert!(checked(&address).is_ok(), "{address}");
        }
        let error = checked(&json!({"name": "Ada", "line1": "1 Main St", "country": "HK"})).unwrap_err();
        assert_eq!(error.fields[0].message, "an address in Hong Kong needs a city or an area");
        assert_eq!(
            field_error(&json!({"name": "Ada", "line1": "1 Main St", "country": "QA"})),
            ("city".to_owned(), "required")
        );
    }

    #[test]
    fn lines_may_be_sent_back_and_not_changed() {
        let mut address = json!({"name": "Ada", "line1": "1 Main St", "city": "Reno", "region": "NV", "postalCode": "89501", "country": "US"});
        address["lines"] = json!(checked(&address).unwrap().lines());
        assert!(checked(&address).is_ok());
        address["city"] = json!("Elko");
        assert_eq!(field_error(&address), ("lines".to_owned(), "read_only"));
        let stored = serde_json::to_value(serde_json::from_value::<Address>(address).unwrap()).unwrap();
        assert!(stored.get("lines").is_none(), "they are not stored");
    }

    /// Rows of older releases, also with a postal code and an area that are refused today.
    #[test]
    fn stored_address_is_read_as_it_is() {
        for row in [
            json!({"name": "Ada", "line1": "1 Main St", "city": "Reno", "postalCode": "8950", "country": "US"}),
            json!({"name": "Ada", "line1": "1 Main St", "city": "Reno", "region": "Nowhere", "postalCode": "89501", "country": "US"}),
            json!({"name": "Ada", "line1": "1 Main St", "city": "Central", "postalCode": "999077", "country": "HK", "phone": "+85221234567"}),
        ] {
            let address: Address = serde_json::from_value(row.clone()).unwrap();
            assert_eq!(serde_json::to_value(&address).unwrap(), row);
            assert_eq!(address.lines()[0], "Ada");
        }
    }
}
