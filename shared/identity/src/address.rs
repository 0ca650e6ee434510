//! A postal address, and its place in an account's address book.

use serde::{Deserialize, Serialize};
use values::{AddressId, Error, Result, Text};

use crate::Country;
use crate::phone::e164;
use crate::postal_code::postal_code;

/// As many as one book holds.
pub const MOST_ADDRESSES: u32 = 20;

/// Where a parcel goes. Personal data: it lies in items that can be erased, and never in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    /// Who receives it.
    pub name: Text<100>,
    /// Street and number.
    pub line1: Text<200>,
    /// Floor, company, care of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<Text<200>>,
    /// City, town or village.
    pub city: Text<100>,
    /// State, province or county, where the country writes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Text<100>>,
    /// As the country writes it.
    pub postal_code: Text<16>,
    /// ISO 3166-1 alpha-2.
    pub country: Country,
    /// For the carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Text<32>>,
}

impl Address {
    /// The address as its country writes it: its postal code in the country's shape (422 `postal_code_invalid`), its phone as
    /// E.164 (422 `phone_invalid`). What was stored before is read as it is; what comes in goes through here. `at` is where it
    /// stands in the request: empty, or such as `shippingAddress`.
    pub fn checked(self, at: &str) -> Result<Self> {
        let within = |mut error: Error| {
            for field in error.fields.iter_mut().filter(|_| !at.is_empty()) {
                field.field = format!("{at}.{}", field.field);
            }
            error
        };
        let postal_code = postal_code(self.country, &self.postal_code).map_err(within)?;
        let phone = self.phone.as_ref().map(e164).transpose().map_err(within)?;
        Ok(Self { postal_code, phone, ..self })
    }
}

/// An address in a book.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddressEntry {
    /// Its name in the API.
    pub id: AddressId,
    /// What it says.
    #[serde(flatten)]
    pub address: Address,
    /// Do parcels go there unless another is chosen? At most one of a book is.
    pub default_shipping: bool,
    /// The same of invoices.
    pub default_billing: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_address_needs_its_five_fields_and_takes_no_others() {
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
    fn an_address_is_written_as_its_country_writes_it() {
        let typed = json!({
            "name": "Ada", "line1": "12 St James's Square", "city": "London", "postalCode": "sw1y4jh", "country": "GB",
            "phone": "+44 (0)20 7946 0958",
        });
        let address: Address = serde_json::from_value(typed.clone()).unwrap();
        assert_eq!(
            address.clone().checked("").unwrap_err().fields[0].code,
            "phone_invalid",
            "a zero in brackets is not dialled"
        );
        let mut dialled = typed.clone();
        dialled["phone"] = json!("+44 20-7946 0958");
        let address = serde_json::from_value::<Address>(dialled).unwrap().checked("").unwrap();
        assert_eq!((address.postal_code.as_str(), address.phone.unwrap().as_str()), ("SW1Y 4JH", "+442079460958"));
        let mut elsewhere = typed;
        elsewhere["country"] = json!("DE");
        let refused = serde_json::from_value::<Address>(elsewhere).unwrap().checked("shippingAddress").unwrap_err();
        assert_eq!(
            (refused.fields[0].field.as_str(), refused.fields[0].code),
            ("shippingAddress.postalCode", "postal_code_invalid")
        );
    }
}
