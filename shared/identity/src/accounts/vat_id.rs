//! The VAT identification number of a business. It is personal data of a sole trader: it is stored in rows that can be erased, and never
//! logged.

use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use values::{Error, Result};

/// The characters of a VAT id, with the two letters of its country.
const LENGTH: RangeInclusive<usize> = 4..=20;
/// The most characters of one as people write it, with spaces, dots and dashes.
const MAX_WRITTEN: usize = 40;

/// A VAT id: 4 to 20 capital letters and digits, such as `BE0428759497`. Whether its country issues such numbers is not checked here.
/// Input is parsed by [`VatId::from_str`]; a stored one is read as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline, extend("example" = "BE0428759497")))]
pub struct VatId(
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = PATTERN), length(max = MAX_WRITTEN)))] String,
);

/// [`VatId::from_str`] as a regular expression.
#[cfg(feature = "openapi")]
const PATTERN: &str = "^[ .-]*([A-Za-z0-9][ .-]*){4,20}$";

impl VatId {
    /// The VAT id without spaces, dots and dashes, such as `BE0428759497`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VatId {
    type Err = Error;

    /// Removes spaces, dots and dashes, and writes letters as capitals. 422 `vat_id_invalid`.
    fn from_str(written: &str) -> Result<Self> {
        let bare = written.chars().filter(|c| !matches!(c, ' ' | '.' | '-'));
        let id: String = bare.map(|c| c.to_ascii_uppercase()).collect();
        let is_valid = written.chars().count() <= MAX_WRITTEN
            && LENGTH.contains(&id.len())
            && id.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9'));
        match is_valid {
            true => Ok(Self(id)),
            false => {
                let message = "must be 4 to 20 letters and digits, such as BE 0428.759.497, with at most 40 characters";
                Err(Error::invalid("vatId", "vat_id_invalid", message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vat_id_has_one_form() {
        for (written, form) in [
            ("BE0428759497", "BE0428759497"),
            ("be 0428.759.497", "BE0428759497"),
            ("CHE-123.456.788 MWST", "CHE123456788MWST"),
            (" gb-1234 ", "GB1234"),
            ("IE1A", "IE1A"),
            ("DE 12345678901234567.8", "DE123456789012345678"),
        ] {
            assert_eq!(written.parse::<VatId>().unwrap().as_str(), form, "{written:?}");
        }
    }

    #[test]
    fn text_that_is_no_vat_id_is_refused() {
        let (long, padded) = ("1".repeat(21), format!("BE1234{}", " ".repeat(35)));
        for bad in ["", "   ", "BE1", "BE/0428759497", "BE04287594\u{661}7", "\u{d6}1234", "BE\t1234", &long, &padded] {
            assert_eq!(bad.parse::<VatId>().unwrap_err().fields[0].code, "vat_id_invalid", "{bad:?}");
        }
    }
}
