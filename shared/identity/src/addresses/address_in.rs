//! The request to add or replace an address.

use serde::Deserialize;
use serde_json::{Map, Value};
use values::{Result, read_json_value};

use crate::addresses::address::Address;

/// A postal address for the address book. A default that is left out does not change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "openapi",
    derive(schemars::JsonSchema),
    schemars(rename = "AddressInput", rename_all = "camelCase", deny_unknown_fields)
)]
pub struct AddressIn {
    #[cfg_attr(feature = "openapi", schemars(flatten))]
    pub address: Address,
    /// Whether it becomes the default for shipping. At most one postal address is.
    pub default_shipping: Option<bool>,
    /// Whether it becomes the default for billing. At most one postal address is.
    pub default_billing: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Defaults {
    default_shipping: Option<bool>,
    default_billing: Option<bool>,
}

impl AddressIn {
    /// Parses a body: the fields of the address, checked by [`Address::checked`], and the two defaults. An address refuses unknown
    /// fields, so the defaults are taken out first. 422 with the field at fault.
    pub fn parse(mut body: Map<String, Value>) -> Result<Self> {
        let names = ["defaultShipping", "defaultBilling"];
        let defaults = names.into_iter().filter_map(|name| Some((name.to_owned(), body.remove(name)?))).collect();
        let Defaults { default_shipping, default_billing } = read_json_value(Value::Object(defaults))?;
        let address = read_json_value::<Address>(Value::Object(body))?.checked("")?;
        Ok(Self { address, default_shipping, default_billing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(body: &Value) -> Result<AddressIn> {
        AddressIn::parse(body.as_object().cloned().unwrap())
    }

    #[test]
    fn every_field_at_fault_is_named() {
        let good =
            json!({ "name": "Ada", "line1": "Rue 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE" });
        assert!(parse(&good).is_ok());
        for (field, value, code) in [
            ("country", json!("XX"), "invalid_value"),
            ("postalCode", json!("SW1Y 4JH"), "postal_code_invalid"),
            ("phone", json!("02 555 12 12"), "phone_invalid"),
            ("defaultShipping", json!("yes"), "wrong_type"),
            ("planet", json!("Earth"), "unknown_field"),
            ("city", json!(""), "required"),
            ("city", json!("a\nb"), "invalid_value"),
            ("name", json!("Win at evil.example"), "invalid_value"),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            let error = parse(&bad).unwrap_err().fields.remove(0);
            assert_eq!((error.field.as_str(), error.code), (field, code));
        }
    }
}
