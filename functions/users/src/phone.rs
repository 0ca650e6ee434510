//! Checks that a phone number can exist in the country of its code, by the numbering plans of Google's libphonenumber. Only this
//! function checks it, because the plans are too large for every function.

use identity::AddressIn;
use rlibphonenumber::PHONE_NUMBER_UTIL;
use values::{Error, Result};

/// 422 `phone_invalid` for a number that is in no numbering plan.
pub(crate) fn check_phone(input: &AddressIn) -> Result<()> {
    let Some(phone) = &input.address.phone else { return Ok(()) };
    let number = PHONE_NUMBER_UTIL.parse(phone.as_str(), None).ok();
    match number.is_some_and(|number| PHONE_NUMBER_UTIL.is_valid_number(&number)) {
        true => Ok(()),
        false => Err(Error::invalid("phone", "phone_invalid", "is not a valid number in the country of its code")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(phone: &str) -> Result<()> {
        let body = json!({
            "name": "Ada", "line1": "Rue 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE", "phone": phone,
        });
        check_phone(&AddressIn::parse(body.as_object().cloned().unwrap())?)
    }

    #[test]
    fn number_must_be_in_the_plan_of_its_country() {
        for good in ["+32 2 555 12 12", "+1 415 555 2671", "+44 20 7946 0958", "+49 30 901820", "+81 3 1234 5678"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["+32 1", "+1 000 000 0000", "+999 1234567", "+44 20 7946 09581234", "+32 2 555 12 12 12 1"] {
            assert_eq!(check(bad).unwrap_err().fields[0].code, "phone_invalid", "{bad}");
        }
    }

    #[test]
    fn address_needs_no_phone() {
        let body =
            json!({ "name": "Ada", "line1": "Rue 1", "city": "Bruxelles", "postalCode": "1000", "country": "BE" });
        assert!(check_phone(&AddressIn::parse(body.as_object().cloned().unwrap()).unwrap()).is_ok());
    }
}
