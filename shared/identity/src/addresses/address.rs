//! A postal address. It is personal data: it is stored in rows that can be erased, and never logged.

use serde::{Deserialize, Serialize};
use values::{Error, Result, Text};

use crate::accounts::new_name::NewName;
use crate::addresses::country::Country;
use crate::addresses::phone::e164;
use crate::addresses::postal_code::postal_code;

/// A postal address. Unknown members are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    /// The name of the recipient. A request in which it contains a URL or a domain is refused.
    pub name: Text<100>,
    /// Street and number.
    pub line1: Text<200>,
    /// Floor, company or "care of".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<Text<200>>,
    /// City, town or village.
    pub city: Text<100>,
    /// State, province or county, where addresses of the country have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Text<100>>,
    /// In the format of the country. Spaces, dashes and letter case are corrected.
    pub postal_code: Text<16>,
    /// The country code (ISO 3166-1 alpha-2).
    pub country: Country,
    /// The number for the carrier, in E.164 format. In an address book, the number must be valid in its country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "+32 2 555 12 12")))]
    pub phone: Option<Text<32>>,
}

impl Address {
    /// The address with its postal code in the country's format (422 `postal_code_invalid`) and its phone as E.164 (422
    /// `phone_invalid`). Its name must not contain a URL (422 `invalid_value`). Requests are checked; stored addresses are read as they are. `at` is the address's field in the request,
    /// such as `shippingAddress`, or empty.
    pub fn checked(self, at: &str) -> Result<Self> {
        let at_field = |mut error: Error| {
            for field in error.fields.iter_mut().filter(|_| !at.is_empty()) {
                field.field = format!("{at}.{}", field.field);
            }
            error
        };
        NewName::check("name", &self.name).map_err(at_field)?;
        let postal_code = postal_code(self.country, &self.postal_code).map_err(at_field)?;
        let phone = self.phone.as_ref().map(e164).transpose().map_err(at_field)?;
        Ok(Self { postal_code, phone, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn address_needs_its_five_fields_and_refuses_others() {
        let full = json!({"name": "Ada", "line1": "Rue du Marché 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE"});
        assert!(serde_json::from_value::<Address>(full.clone()).is_ok());
        for field in ["name", "line1", "city", "postalCode", "country"] {
            let mut without = full.clone();
            without.as_object_mut().unwrap().remove(field);
            assert!(serde_json::from_value::<Address>(without).is_err(), "{field} must be required");
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
        assert_eq!((address.postal_code.as_str(), address.phone.unwrap().as_str()), ("SW1Y 4JH", "+442079460958"));
        let mut elsewhere = input;
        elsewhere["country"] = json!("DE");
        let error = serde_json::from_value::<Address>(elsewhere).unwrap().checked("shippingAddress").unwrap_err();
        assert_eq!(
            (error.fields[0].field.as_str(), error.fields[0].code),
            ("shippingAddress.postalCode", "postal_code_invalid")
        );
    }
}
