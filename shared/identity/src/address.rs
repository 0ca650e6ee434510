//! A postal address, and its place in an account's address book.

use serde::{Deserialize, Serialize};
use values::{AddressId, Text};

use crate::Country;

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

/// An address in a book.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddressEntry {
    /// Its name in the API.
    pub id: AddressId,
    /// What it says.
    #[serde(flatten)]
    pub address: Address,
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
}
