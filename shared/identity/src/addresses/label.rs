//! The lines of a label: a postal address in the order of its country.

use crate::addresses::address::Address;
use crate::addresses::area::{Area, fold};
use crate::addresses::country::CountryRules;

impl Address {
    /// The lines of a label, in the order and with the capitals of the country, and the country's English name at the end. They have every
    /// field but the phone. An address in Latin script gets the area in Latin script too, and in countries with two orders the Latin one.
    pub fn lines(&self) -> Vec<String> {
        let rules = self.country.rules();
        let is_latin = self.is_latin();
        let order = if is_latin && !rules.latin_lines.is_empty() { rules.latin_lines } else { rules.lines };
        let country = rules.name.strip_prefix("the ").unwrap_or(rules.name);
        let value = |field: char| {
            let value = match field {
                'N' => Some(self.name.as_str().to_owned()),
                'A' => Some(self.street()),
                'C' => self.city.as_ref().map(|city| city.as_str().to_owned()),
                'S' => self.area_label(is_latin),
                'Z' => self.postal_code.as_ref().map(|code| code.as_str().to_owned()),
                _ => None,
            };
            value.map(|value| if rules.capitals.contains(field) { value.to_uppercase() } else { value })
        };
        let lines = order.split("%n").filter(|line| !self.repeats_country(line, &rules, country));
        let lines: Vec<String> = lines.filter_map(|line| fill(line, value)).collect();
        let mut lines: Vec<String> = lines.iter().flat_map(|line| line.split('\n')).map(str::to_owned).collect();
        lines.push(country.to_uppercase());
        lines
    }

    /// Whether a line only has the name that stands at the end: where a territory or a city is the whole country, or is enough without an
    /// area. In other countries the city may have the country's name, such as Panamá, and so may a recipient everywhere.
    fn repeats_country(&self, line: &str, rules: &CountryRules, country: &str) -> bool {
        let is_country = |text: &str| fold(text) == fold(country);
        match line {
            "%C" => !rules.requires('C') && self.city.as_ref().is_some_and(|city| is_country(city.as_str())),
            "%S" => rules.requires('E') && self.region.as_ref().is_some_and(|region| is_country(region.as_str())),
            _ => !line.contains('%') && is_country(line),
        }
    }

    /// Street and number, and the second line if there is one.
    fn street(&self) -> String {
        match &self.line2 {
            Some(line2) => format!("{}\n{}", self.line1.as_str(), line2.as_str()),
            None => self.line1.as_str().to_owned(),
        }
    }

    /// The area as a label names it. None where the country has no areas and it only repeats the city.
    fn area_label(&self, is_latin: bool) -> Option<String> {
        let region = self.region.as_ref()?.as_str();
        let repeats_city = self.city.as_ref().is_some_and(|city| fold(city.as_str()) == fold(region));
        if repeats_city && self.country.rules().area_kind.is_empty() {
            return None;
        }
        let label = Area::find(self.country, region).map(|area| match area.label() {
            label if is_latin && !is_latin_text(label) => area.latin_label(),
            label => label,
        });
        Some(label.unwrap_or(region).to_owned())
    }

    /// Whether street and city are in Latin script.
    fn is_latin(&self) -> bool {
        is_latin_text(&self.street()) && self.city.as_ref().is_none_or(|city| is_latin_text(city.as_str()))
    }
}

fn is_latin_text(text: &str) -> bool {
    text.chars().all(|c| !c.is_alphabetic() || matches!(c, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'))
}

/// A line with the values of its fields; none if it has fields and no value. A text before a field stays if the field has a value, and if
/// the field is the first of its line or another one before it has a value.
fn fill(line: &str, value: impl Fn(char) -> Option<String>) -> Option<String> {
    let mut parts = line.split('%');
    let mut text = parts.next().unwrap_or_default();
    if !line.contains('%') {
        return Some(line.to_owned());
    }
    let (mut filled, mut is_first) = (String::new(), true);
    for part in parts {
        let mut after = part.chars();
        if let Some(value) = after.next().and_then(&value) {
            if is_first || !filled.is_empty() {
                filled.push_str(text);
            }
            filled.push_str(&value);
        }
        (text, is_first) = (after.as_str(), false);
    }
    (!filled.is_empty()).then_some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addresses::country::Country;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn lines(address: Value) -> Vec<String> {
        serde_json::from_value::<Address>(address).unwrap().checked("").unwrap().lines()
    }

    #[test]
    fn lines_are_in_the_order_of_the_country() {
        for (address, expected) in [
            (
                json!({"name": "Ada Lovelace", "line1": "1600 Amphitheatre Pkwy", "city": "Mountain View", "region": "California",
                       "postalCode": "94043", "country": "US"}),
                "Ada Lovelace|1600 Amphitheatre Pkwy|MOUNTAIN VIEW, CA 94043|UNITED STATES",
            ),
            (
                json!({"name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postalCode": "sw1y4jh", "country": "GB"}),
                "Ada Lovelace|12 St James's Square|LONDON|SW1Y 4JH|UNITED KINGDOM",
            ),
            (
                json!({"name": "Ada", "line1": "Torstr. 1", "line2": "c/o Kiln", "city": "Berlin", "region": "Berlin",
                       "postalCode": "D-10115", "country": "DE"}),
                "Ada|Torstr. 1|c/o Kiln|10115 Berlin|GERMANY",
            ),
            (
                json!({"name": "Ada", "line1": "Bahnhofstrasse 1", "city": "Zürich", "postalCode": "8001", "country": "CH"}),
                "Ada|Bahnhofstrasse 1|CH-8001 Zürich|SWITZERLAND",
            ),
            (
                json!({"name": "山田花子", "line1": "六本木1-2-3", "city": "港区", "region": "東京", "postalCode": "1060032", "country": "JP"}),
                "〒106-0032|東京都港区|六本木1-2-3|山田花子|JAPAN",
            ),
            (
                json!({"name": "Hanako", "line1": "1-2-3 Roppongi", "city": "Minato-ku", "region": "東京都", "postalCode": "106-0032",
                       "country": "JP"}),
                "Hanako|1-2-3 Roppongi, Minato-ku, TOKYO|106-0032|JAPAN",
            ),
            (
                json!({"name": "Wei", "line1": "1 Nathan Road", "city": "Tsim Sha Tsui", "region": "九龍", "country": "HK"}),
                "Wei|1 Nathan Road|Tsim Sha Tsui|KOWLOON|HONG KONG",
            ),
            (
                json!({"name": "Wei", "line1": "1 Nathan Road", "city": "Tsim Sha Tsui", "region": "Hong Kong", "country": "HK"}),
                "Wei|1 Nathan Road|Tsim Sha Tsui|HONG KONG",
            ),
            (
                json!({"name": "陳大文", "line1": "彌敦道1號", "city": "尖沙咀", "region": "Kowloon", "country": "HK"}),
                "九龍|尖沙咀|彌敦道1號|陳大文|HONG KONG",
            ),
            (
                json!({"name": "Ana", "line1": "Calle Mayor 1", "city": "Aranjuez", "region": "madrid", "postalCode": "28300", "country": "ES"}),
                "Ana|Calle Mayor 1|28300 ARANJUEZ MADRID|SPAIN",
            ),
            (
                json!({"name": "Ana", "line1": "Via Roma 1", "city": "Tivoli", "region": "Roma", "postalCode": "00019", "country": "IT"}),
                "Ana|Via Roma 1|00019 TIVOLI RM|ITALY",
            ),
            (
                json!({"name": "Mei", "line1": "1 Orchard Road", "city": "Singapore", "postalCode": "238823", "country": "SG"}),
                "Mei|1 Orchard Road|SINGAPORE 238823|SINGAPORE",
            ),
            (
                json!({"name": "Omar", "line1": "Sheikh Zayed Road 1", "city": "Dubai", "country": "AE"}),
                "Omar|Sheikh Zayed Road 1|Dubai|UNITED ARAB EMIRATES",
            ),
            (
                json!({"name": "Sinéad", "line1": "1 Grafton Street", "city": "Dublin", "country": "IE"}),
                "Sinéad|1 Grafton Street|Dublin|IRELAND",
            ),
            (
                json!({"name": "Arta", "line1": "Rruga B 1", "city": "Prishtina", "postalCode": "10000", "country": "XK"}),
                "Arta|Rruga B 1|10000 Prishtina|KOSOVO",
            ),
            (
                json!({"name": "Ivo", "line1": "Ilica 1", "city": "Zagreb", "country": "HR"}),
                "Ivo|Ilica 1|Zagreb|CROATIA",
            ),
            (
                json!({"name": "Juan", "line1": "Calle 1", "city": "San José", "region": "San José", "country": "CR"}),
                "Juan|Calle 1|San José, San José|COSTA RICA",
            ),
            (
                json!({"name": "Omar", "line1": "Sheikh Zayed Road 1", "city": "Deira", "region": "Dubai", "country": "AE"}),
                "Omar|Sheikh Zayed Road 1|Deira|Dubai|UNITED ARAB EMIRATES",
            ),
            (
                json!({"name": "Иван", "line1": "ул. Мира 1", "city": "Химки", "region": "MOS", "postalCode": "141400", "country": "RU"}),
                "Иван|УЛ. МИРА 1|ХИМКИ|Московская область|141400|RUSSIA",
            ),
            (
                json!({"name": "Ivan", "line1": "ul. Mira 1", "city": "Khimki", "region": "MOS", "postalCode": "141400", "country": "RU"}),
                "Ivan|UL. MIRA 1|KHIMKI|Moskovskaya oblast'|141400|RUSSIA",
            ),
            (
                json!({"name": "Linh", "line1": "1 Trang Tien", "city": "Hoan Kiem", "region": "Hanoi", "country": "VN"}),
                "Linh|1 Trang Tien|Hoan Kiem|Hà Nội|VIETNAM",
            ),
            (
                json!({"name": "Rui", "line1": "Av. Lenine 1", "city": "Maputo", "region": "Maputo", "postalCode": "1102", "country": "MZ"}),
                "Rui|Av. Lenine 1|1102 Maputo|Maputo|MOZAMBIQUE",
            ),
            (
                json!({"name": "Ana", "line1": "Calle 50", "city": "Panamá", "country": "PA"}),
                "Ana|Calle 50|PANAMÁ|PANAMA",
            ),
            (
                json!({"name": "Jordan", "line1": "Jordan", "city": "Amman", "postalCode": "11937", "country": "JO"}),
                "Jordan|Jordan|Amman 11937|JORDAN",
            ),
            (
                json!({"name": "Joe", "line1": "1 Main Street", "city": "Gibraltar", "postalCode": "GX111AA", "country": "GI"}),
                "Joe|1 Main Street|GX11 1AA|GIBRALTAR",
            ),
        ] {
            assert_eq!(lines(address.clone()), expected.split('|').collect::<Vec<_>>(), "{address}");
        }
    }

    #[test]
    fn every_area_has_a_name_in_latin_script() {
        for country in Country::all() {
            for area in Area::all(country) {
                assert!(is_latin_text(area.label()) || is_latin_text(area.latin_label()), "{country:?} {}", area.key);
            }
        }
    }

    #[test]
    fn stored_area_of_an_older_release_gets_the_label_of_today() {
        let stored = json!({"name": "Ada", "line1": "1 Main St", "city": "Reno", "region": "Nevada", "postalCode": "89501", "country": "US"});
        let address: Address = serde_json::from_value(stored).unwrap();
        assert_eq!(address.lines()[2], "RENO, NV 89501");
    }

    #[test]
    fn text_around_a_missing_field_leaves_no_trace() {
        let given = |fields: &'static str| move |field: char| fields.contains(field).then(|| field.to_string());
        for (line, fields, filled) in [
            ("%C, %S %Z", "CSZ", Some("C, S Z")),
            ("%C, %S %Z", "CZ", Some("C Z")),
            ("%C, %S %Z", "SZ", Some("S Z")),
            ("%C, %S %Z", "C", Some("C")),
            ("FI-%Z %C", "ZC", Some("FI-Z C")),
            ("FI-%Z %C", "C", Some("C")),
            ("%C, %S %Z", "", None),
            ("GUERNSEY", "", Some("GUERNSEY")),
        ] {
            assert_eq!(fill(line, given(fields)).as_deref(), filled, "{line} with {fields}");
        }
    }

    proptest! {
        #[test]
        fn label_has_every_field(
            country in prop::sample::select(Country::all().collect::<Vec<_>>()),
            name in "[A-Z][a-z]{3,8}", street in "[0-9]{1,3} [A-Z][a-z]{3,8}", second in prop::option::of("Floor [0-9]{1,2}"),
            city in prop::option::of("Q[a-z]{5,9}"), region in prop::option::of("Xy[a-z]{5,9}"), code in prop::option::of("[0-9]{5}"),
        ) {
            let stored = json!({
                "name": name, "line1": street, "line2": second, "city": city, "region": region, "postalCode": code, "country": country,
            });
            let lines = serde_json::from_value::<Address>(stored).unwrap().lines();
            let label = fold(&lines.join("\n"));
            for field in [Some(name), Some(street), second, city, region, code].into_iter().flatten() {
                prop_assert!(label.contains(&fold(&field)), "{field} is missing in {lines:?}");
            }
            prop_assert!(lines.iter().all(|line| !line.is_empty() && *line == line.trim() && !line.contains('%')), "{lines:?}");
        }
    }
}
