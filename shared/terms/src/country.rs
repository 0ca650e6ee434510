//! The countries of ISO 3166-1.

use values::{Error, Result};

/// The officially assigned codes of ISO 3166-1 alpha-2, and `XK` for Kosovo, which has none: the countries that postal addresses know.
const CODES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY \
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR \
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK \
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// Checks the country of a field. 422 `country_unknown`.
pub(crate) fn check_country(code: &str, field: &str) -> Result<()> {
    match CODES.split(' ').any(|known| known == code) {
        true => Ok(()),
        false => {
            let message = "must be two capital letters of ISO 3166-1, such as BE, or XK for Kosovo";
            Err(Error::invalid(field, "country_unknown", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn country_is_a_code_of_iso_3166() {
        assert_eq!(CODES.split(' ').count(), 250);
        assert!(CODES.split(' ').is_sorted() && CODES.split(' ').all(|code| code.len() == 2));
        for good in ["BE", "XK", "ZW"] {
            assert!(check_country(good, "countries").is_ok(), "{good}");
        }
        for bad in ["", "be", "BEL", "EU", "UK", "B E", "BE BF"] {
            assert_eq!(check_country(bad, "countries").unwrap_err().fields[0].code, "country_unknown", "{bad:?}");
        }
    }
}
