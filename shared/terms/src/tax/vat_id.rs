//! VAT ids, as buyers write them.

use std::fmt;
use std::str::FromStr;

use values::{Error, Result};

use crate::tax::vat_rules::{RULES, VatRule};

/// The longest input, with spaces and dots.
const MAX_INPUT_BYTES: usize = 32;

/// What people write behind a number of these countries.
const SUFFIXES: [(&str, &str); 4] = [("CH", "MWST"), ("CH", "TVA"), ("CH", "IVA"), ("NO", "MVA")];

/// A plausible VAT id of an EU member state, Great Britain, Switzerland or Norway, in capitals and without spaces: it has the form of its
/// country, and its check digits fit. That it was ever issued, and to whom, only an authority knows; so a plausible id changes no tax. It
/// can be personal data: `Debug` hides it from logs.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VatId {
    text: String,
    country: &'static str,
}

impl VatId {
    /// The id with its prefix, such as `DE136695976`. Never log it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The country of its prefix (ISO 3166-1 alpha-2): `GR` for `EL`.
    pub fn country(&self) -> &'static str {
        self.country
    }
}

impl FromStr for VatId {
    type Err = Error;

    /// Ignores spaces, dots, dashes, slashes and letter case. 422 `vat_id_invalid`.
    fn from_str(input: &str) -> Result<Self> {
        let text = compact(input).ok_or_else(|| invalid("must be a VAT id, such as DE136695976"))?;
        let of_prefix = |rule: &&VatRule| text.starts_with(rule.prefix);
        let Some(rule) = RULES.iter().find(of_prefix) else {
            return Err(invalid("must begin with the letters of a country, such as DE, or EL for Greece"));
        };
        let suffix = SUFFIXES.iter().find(|(prefix, suffix)| *prefix == rule.prefix && text.ends_with(suffix));
        let end = text.len() - suffix.map_or(0, |(_, suffix)| suffix.len());
        let text = &text[..end];
        if !(rule.fits)(&text[rule.prefix.len()..]) {
            let (prefix, form) = (rule.prefix, rule.form);
            return Err(invalid(format!("is mistyped: {prefix} is followed by {form}, with check digits that fit")));
        }
        Ok(Self { text: text.to_owned(), country: rule.country })
    }
}

impl fmt::Debug for VatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VatId(…)")
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::invalid("vatId", "vat_id_invalid", message)
}

/// The letters and digits in capitals; none if there are other characters than separators.
fn compact(input: &str) -> Option<String> {
    if input.len() > MAX_INPUT_BYTES {
        return None;
    }
    let written = input.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-' | '/'));
    written.map(|c| c.is_ascii_alphanumeric().then(|| c.to_ascii_uppercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Ids that companies and authorities have published, at least one for each form.
    const PUBLISHED: [&str; 63] = [
        "ATU13585627",
        "ATU57194903",
        "BE0428759497",
        "BE0202239951",
        "BG175074752",
        "BG131202360",
        "BG7523169263",
        "BG8032056031",
        "BG7111042925",
        "CHE107787577",
        "CHE100155212",
        "CY10259033P",
        "CY00632993F",
        "CZ25123891",
        "CZ640903926",
        "CZ6306150004",
        "CZ8058012314",
        "DE136695976",
        "DE113866163",
        "DE811125440",
        "DK13585628",
        "DK10150817",
        "EE100594102",
        "EL094259216",
        "EL999107669",
        "ESB58378431",
        "ES54362315K",
        "ESX5253868R",
        "ESY5277343F",
        "ESZ5277343K",
        "ESQ0818001J",
        "ESW4003922D",
        "FI20774740",
        "FI02459042",
        "FR40303265045",
        "FR04409414364",
        "FRK7399859412",
        "FR23000047372",
        "GB980780684",
        "GB100190874",
        "GB242338087388",
        "GBGD100",
        "GBHA501",
        "HR33392005961",
        "HU12892312",
        "IE6433435F",
        "IE6433435OA",
        "IE8D79739I",
        "IT00743110157",
        "LT119511515",
        "LT100001919017",
        "LU15027442",
        "LV40003521600",
        "MT11679112",
        "NL004495445B01",
        "NL002455799B11",
        "NO995525828",
        "PL8567346215",
        "PT501964843",
        "RO18547290",
        "SE556188840401",
        "SI50223054",
        "SK2022749619",
    ];

    /// Rules that notice every single digit that is wrong.
    const STRICT: [&str; 11] = [
        "BE0428759497",
        "CHE107787577",
        "DE136695976",
        "DK13585628",
        "FI20774740",
        "HR33392005961",
        "IT00743110157",
        "LU15027442",
        "MT11679112",
        "NO995525828",
        "SK2022749619",
    ];

    fn parse(text: &str) -> Result<String, &'static str> {
        text.parse::<VatId>().map(|id| id.as_str().to_owned()).map_err(|error| error.fields[0].code)
    }

    #[test]
    fn published_ids_are_plausible() {
        for id in PUBLISHED {
            assert_eq!(parse(id).as_deref(), Ok(id));
        }
        let missing: Vec<&str> = RULES
            .iter()
            .map(|rule| rule.prefix)
            .filter(|prefix| !PUBLISHED.iter().any(|id| id.starts_with(prefix)))
            .collect();
        assert!(missing.is_empty(), "no example of {missing:?}");
    }

    #[test]
    fn separators_and_case_make_no_difference() {
        for (written, id) in [
            ("de 136 695 976", "DE136695976"),
            ("ATU 135.856/27", "ATU13585627"),
            ("CHE-107.787.577 IVA", "CHE107787577"),
            ("CHE-107.787.577 MWST", "CHE107787577"),
            ("NO 995 525 828 MVA", "NO995525828"),
            ("\u{a0}NL 0044.95.445.B.01", "NL004495445B01"),
        ] {
            assert_eq!(parse(written).as_deref(), Ok(id));
        }
        assert_eq!("EL094259216".parse::<VatId>().unwrap().country(), "GR");
        assert_eq!(format!("{:?}", "DE136695976".parse::<VatId>()), "Ok(VatId(…))");
    }

    #[test]
    fn mistyped_ids_are_refused() {
        for id in [
            "ATU15169209",
            "BE0406139583",
            "BG131172009",
            "CHE107787578",
            "CY10246672F",
            "CZ25557481",
            "CZ640913926",
            "DE125014855",
            "DE011125440",
            "DK11965658",
            "EE100941558",
            "EL094013834",
            "ES54362415K",
            "ESA48951310",
            "FI20774741",
            "FR04409414264",
            "FRL7399859412",
            "GB802311781",
            "GBGD500",
            "GBHA499",
            "HR33392005962",
            "HU12892313",
            "IE4731823H",
            "IE8D79729I",
            "IT00687129980",
            "LT100001509922",
            "LU15027443",
            "LV40003189715",
            "MT11679113",
            "NL123456789B90",
            "NL009122746B00",
            "NO995525829",
            "PL8567346216",
            "PT501964842",
            "RO18547291",
            "SE556188840400",
            "SI50223055",
            "SK1078449164",
        ] {
            assert_eq!(parse(id), Err("vat_id_invalid"), "{id}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let long = format!("DE136695976{}", " ".repeat(22));
        for text in [
            "",
            "D",
            "DE",
            "136695976",
            "GR094259216",
            "US123456789",
            "EU372022452",
            "DE13669597",
            "DE1366959760",
            "DE13669597G",
            "ES€6695976",
            "DE136695976\u{202e}",
            "DE+36695976",
            "CHE107787577MVA",
            "IE1",
            "RO0",
            &long,
        ] {
            assert_eq!(parse(text), Err("vat_id_invalid"), "{text:?}");
        }
        let message = "GB1".parse::<VatId>().unwrap_err().fields.remove(0).message;
        assert_eq!(
            message,
            "is mistyped: GB is followed by 9 or 12 digits, or GD or HA and 3 digits, with check digits that fit"
        );
    }

    proptest! {
        #[test]
        fn wrong_digit_is_noticed(id in prop::sample::select(STRICT.to_vec()), place in any::<prop::sample::Index>(), more in 1..10u8) {
            let mut bytes = id.as_bytes().to_vec();
            let places: Vec<usize> = (0..bytes.len()).filter(|place| bytes[*place].is_ascii_digit()).collect();
            let place = *place.get(&places);
            bytes[place] = b'0' + (bytes[place] - b'0' + more) % 10;
            prop_assert_eq!(parse(&String::from_utf8(bytes).unwrap()), Err("vat_id_invalid"));
        }

        #[test]
        fn no_text_makes_it_panic(prefix in prop::sample::select(RULES.iter().map(|rule| rule.prefix).collect::<Vec<_>>()), rest in "[A-Z0-9é]{0,13}") {
            let _ = parse(&format!("{prefix}{rest}"));
        }
    }
}
