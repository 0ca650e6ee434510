//! States, provinces and other administrative areas of countries.
//!
//! They are data: `data/areas.tsv`, which `data/countries.py` makes. An area is found by its key, its code or any of its names, and is stored
//! by its key: the abbreviation that the country's post uses, such as `CA`, or else its name in the language of the country.

use icu_normalizer::DecomposingNormalizerBorrowed;
use values::{Error, Result, Text};

use crate::addresses::country::{Country, CountryRules};

const TABLE: &str = include_str!("../../data/areas.tsv");

/// Words that people add after the name of an area, or leave out of it. The letters are as [`fold`] writes them.
const KIND_WORDS: &[&str] = &[
    "prefecture",
    "province",
    "provincia",
    "state",
    "oblast",
    "region",
    "autonomousregion",
    "municipality",
    "governorate",
    "district",
    "parish",
    "department",
    "emirate",
    "island",
    "islands",
    "都",
    "府",
    "県",
    "縣",
    "省",
    "市",
    // 도 and 시, which are taken apart as every Korean syllable is.
    "\u{1103}\u{1169}",
    "\u{1109}\u{1175}",
];

/// More of these words, each with the kind of areas that it belongs to. In other countries it makes the name of another place: Kansas City
/// is not Kansas, and Noto is not NO.
const WORDS_OF_KINDS: &[(&str, &str)] = &[
    ("county", "county"),
    ("city", "city"),
    ("metropolitancity", "city"),
    ("specialcity", "city"),
    ("do", "province or city"),
    ("ken", "prefecture"),
    ("fu", "prefecture"),
    ("to", "prefecture"),
];

/// Words that people write before the name of an area.
const FIRST_WORDS: &[&str] = &[
    "provinciade",
    "provinciadel",
    "provinciadi",
    "cittametropolitanadi",
    "estado",
    "estadoda",
    "estadode",
    "estadodo",
    "departamentode",
    "departamentodel",
    "stateof",
    "provinceof",
];

/// An administrative area of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    /// What souk stores.
    pub(crate) key: &'static str,
    /// The code of ISO 3166-2 without the country, if it is not the key.
    code: &'static str,
    /// The name on labels, if it is not the key.
    label: &'static str,
    /// The name on labels in Latin script, if it is not the key.
    latin_label: &'static str,
    /// Other names, with commas between them.
    names: &'static str,
}

impl Area {
    /// The name on labels.
    pub(crate) fn label(&self) -> &'static str {
        if self.label.is_empty() { self.key } else { self.label }
    }

    /// The name on labels in Latin script.
    pub(crate) fn latin_label(&self) -> &'static str {
        if self.latin_label.is_empty() { self.key } else { self.latin_label }
    }

    /// The areas of a country that souk knows; none for most countries.
    pub(crate) fn all(country: Country) -> impl Iterator<Item = Self> {
        let rows = TABLE.lines().skip_while(move |row| *row != country.code()).skip(1);
        rows.map_while(|row| row.strip_prefix('\t')).map(|row| {
            let mut columns = row.split('\t');
            let mut next = || columns.next().unwrap_or_default();
            Self { key: next(), code: next(), label: next(), latin_label: next(), names: next() }
        })
    }

    /// The area with that key, code or name, in any case, with or without accents, and with or without a word such as `Province`.
    pub(crate) fn find(country: Country, text: &str) -> Option<Self> {
        let wanted = fold(text);
        if wanted.is_empty() {
            return None;
        }
        let kind = country.rules().area_kind;
        let shortened = without_words(&wanted, |word_kind| kind.contains(word_kind));
        let by_code = wanted.strip_prefix(&fold(country.code())).filter(|_| text.contains('-'));
        Self::all(country)
            .find(|area| area.spellings().any(|name| fold(name) == wanted))
            .or_else(|| Self::all(country).find(|area| by_code.is_some_and(|code| area.has_code(code))))
            .or_else(|| only(Self::all(country).filter(|area| area.is_nearly(&wanted, &shortened))))
    }

    fn has_code(&self, folded: &str) -> bool {
        [self.code, self.key].into_iter().any(|code| !code.is_empty() && fold(code) == folded)
    }

    /// Whether only a word for the kind of area makes the difference. `shortened` is what was wanted, without such words.
    fn is_nearly(&self, wanted: &str, shortened: &[&str]) -> bool {
        self.spellings()
            .map(fold)
            .any(|name| shortened.contains(&name.as_str()) || without_words(&name, |_| true).contains(&wanted))
    }

    /// All that names the area.
    fn spellings(&self) -> impl Iterator<Item = &'static str> {
        let names = [self.key, self.code, self.label, self.latin_label];
        names.into_iter().chain(self.names.split(',')).filter(|name| !name.is_empty())
    }
}

/// The area by its key, or the text as it is where the country needs no area. 422 `required` where it does, and `region_unknown` for an area
/// that such a country does not have. The only area of a country is filled in.
pub(crate) fn region(country: Country, input: Option<&Text<100>>) -> Result<Option<Text<100>>> {
    let rules = country.rules();
    let mut areas = Area::all(country);
    let example = areas.next();
    let Some(input) = input else {
        return match (example, areas.next()) {
            (Some(only), None) => Ok(Text::new(only.key).ok()),
            _ if rules.requires('S') => Err(missing(&rules, example)),
            _ => Ok(None),
        };
    };
    match (Area::find(country, input.as_str()), example) {
        (Some(area), _) => Ok(Text::new(area.key).ok()),
        (None, Some(example)) if rules.requires('S') => {
            let message = format!(
                "is not known in {}; send the name or the code of {}, such as {}",
                rules.name,
                rules.an_area(),
                both_names(&example)
            );
            Err(Error::invalid("region", "region_unknown", message))
        }
        _ => Ok(Some(input.clone())),
    }
}

fn missing(rules: &CountryRules, example: Option<Area>) -> Error {
    let example = example.map(|area| format!(", such as {}", both_names(&area))).unwrap_or_default();
    Error::invalid("region", "required", format!("an address in {} needs {}{example}", rules.name, rules.an_area()))
}

/// The key, and a name if there is another one.
fn both_names(area: &Area) -> String {
    match area.spellings().filter(|name| *name != area.code).find(|name| *name != area.key) {
        Some(name) => format!("{} or {name}", area.key),
        None => area.key.to_owned(),
    }
}

/// The name without one of the words for the kind of area that it may have, each in turn. What is left of `-to` or of the code `TO` names
/// nothing.
fn without_words(name: &str, is_kind: impl Fn(&str) -> bool) -> Vec<&str> {
    let of_kinds = WORDS_OF_KINDS.iter().filter(|(_, kind)| is_kind(kind)).map(|(word, _)| word);
    let ends = KIND_WORDS.iter().chain(of_kinds).filter_map(|word| name.strip_suffix(*word));
    let beginnings = FIRST_WORDS.iter().filter_map(|word| name.strip_prefix(*word));
    ends.chain(beginnings).filter(|rest| rest.chars().count() > 1).collect()
}

/// The form in which names are compared: letters and digits, without case, width, accents and other marks. 臺 and 台 are one character.
pub(crate) fn fold(text: &str) -> String {
    // The dotless i has no decomposition, and its capital is that of i.
    let text = text.to_lowercase().replace('&', "and").replace('ı', "i").replace('臺', "台");
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(&text);
    decomposed.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The item, if there is exactly one.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    items.next().filter(|_| items.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn parse(country: &str, text: Option<&str>) -> Result<Option<String>, (&'static str, String)> {
        let input = text.map(|text| Text::new(text).unwrap());
        let found = region(country.parse().unwrap(), input.as_ref());
        found.map(|found| found.map(Text::into_string)).map_err(|mut error| {
            let field = error.fields.remove(0);
            (field.code, field.message)
        })
    }

    #[test]
    fn every_name_of_the_table_finds_its_area() {
        for country in Country::all() {
            for area in Area::all(country) {
                for name in area.spellings() {
                    assert_eq!(Area::find(country, name).map(|found| found.key), Some(area.key), "{country:?} {name}");
                    assert_eq!(
                        Area::find(country, &name.to_uppercase()).map(|found| found.key),
                        Some(area.key),
                        "{country:?} {name}"
                    );
                }
            }
        }
    }

    #[test]
    fn table_names_countries_in_order_and_each_area_once() {
        let listed: Vec<&str> = TABLE.lines().filter(|row| !row.starts_with(['\t', '#'])).collect();
        assert!(listed.is_sorted_by(|one, next| one < next) && listed.len() > 40);
        for country in listed.iter().map(|code| code.parse::<Country>().unwrap()) {
            let mut owners = HashMap::new();
            for area in Area::all(country) {
                for name in area.spellings().map(fold) {
                    assert_eq!(
                        *owners.entry(name.clone()).or_insert(area.key),
                        area.key,
                        "{country:?}: {name} names two areas"
                    );
                }
            }
        }
    }

    #[test]
    fn every_country_that_requires_an_area_has_a_list_or_takes_every_text() {
        let without: Vec<&str> = Country::all()
            .filter(|country| country.rules().requires('S') && Area::all(*country).next().is_none())
            .map(|country| country.code())
            .collect();
        assert_eq!(without, ["CR", "HN", "IQ", "PF", "PG"]);
        assert_eq!(parse("CR", Some("San José")), Ok(Some("San José".to_owned())));
    }

    #[test]
    fn area_is_stored_by_its_key_whatever_its_name() {
        for (country, names, key) in [
            ("US", "CA|ca|California|CALIFORNIA|US-CA|California State|State of California", "CA"),
            ("US", "Washington DC|DC|District of Columbia", "DC"),
            ("US", "Washington|WA|Washington State", "WA"),
            ("CA", "QC|Quebec|Québec|québec", "QC"),
            ("CA", "Nouvelle-Écosse|nova scotia|CA-NS", "NS"),
            ("AU", "New South Wales|NSW", "NSW"),
            ("BR", "São Paulo|sao paulo|SP|BR-SP", "SP"),
            ("IT", "RM|Roma|Rome|IT-RM", "RM"),
            ("ES", "M|Madrid|Provincia de Madrid", "M"),
            ("ES", "BI|Bizkaia", "BI"),
            ("MX", "CDMX|Ciudad de México|cmx", "CDMX"),
            ("JP", "東京都|東京|Tokyo|Tokyo-to|13|JP-13|Tokyo Prefecture", "東京都"),
            ("JP", "京都府|Kyoto|Kyōto|Kyoto-fu", "京都府"),
            ("CN", "广东省|广东|Guangdong|Guangdong Province|CN-GD", "广东省"),
            ("KR", "서울특별시|서울|Seoul", "서울특별시"),
            ("IN", "Tamil Nadu|TN", "Tamil Nadu"),
            ("RU", "Москва|Moscow|Moskva", "Москва"),
            ("AE", "Dubai|دبي|AE-DU|Dubai Emirate", "إمارة دبيّ"),
            ("IR", "Tehran|Tehran Province|IR-23|23", "استان تهران"),
            ("IR", "Fars|Fars Province|IR-07", "استان فارس"),
            ("HK", "Kowloon|九龍", "Kowloon"),
            ("ID", "Papua Selatan|South Papua", "Papua Selatan"),
        ] {
            for name in names.split('|') {
                assert_eq!(parse(country, Some(name)), Ok(Some(key.to_owned())), "{country} {name}");
            }
        }
    }

    #[test]
    fn official_and_usual_names_find_an_area_that_is_required() {
        for (country, names, key) in [
            ("CA", "Yukon Territory", "YT"),
            ("CN", "廣東省|廣東|Guangdong Sheng", "广东省"),
            ("CN", "Inner Mongolia|Inner Mongolia Autonomous Region|內蒙古", "内蒙古自治区"),
            ("CN", "Xizang|Tibet Autonomous Region", "西藏自治区"),
            ("CN", "Beijing City|Beijing Municipality", "北京市"),
            ("CO", "Bogotá D.C.|Bogotá, D.C.|Distrito Capital", "Bogotá"),
            ("ES", "Seville|Provincia de Sevilla", "SE"),
            ("ES", "Principado de Asturias", "O"),
            ("ES", "Baleares|Illes Balears", "PM"),
            ("IN", "OD|Orissa|Odisha", "Odisha"),
            ("IN", "TS", "Telangana"),
            ("IT", "Provincia di Roma|Città metropolitana di Roma", "RM"),
            ("IT", "Provincia dell'Aquila", "AQ"),
            ("IT", "Reggio nell'Emilia", "RE"),
            ("BR", "Estado de São Paulo|State of São Paulo", "SP"),
            ("BR", "Estado da Bahia", "BA"),
            ("KR", "서울시|Seoul City", "서울특별시"),
            ("KR", "부산시|Busan Metropolitan City", "부산광역시"),
            ("KR", "세종시", "세종특별자치시"),
            ("KR", "제주도|Jeju Island", "제주특별자치도"),
            ("KR", "강원특별자치도|강원도", "강원도"),
            ("KR", "전북특별자치도|Jeonbuk", "전라북도"),
            ("KR", "Gyeongnam|Gyeongsangnam", "경상남도"),
            ("MX", "Mexico City|Ciudad de México", "CDMX"),
            ("MX", "México|State of Mexico", "Méx."),
            ("MX", "Veracruz de Ignacio de la Llave", "Ver."),
            ("RU", "St. Petersburg", "Санкт-Петербург"),
            ("RU", "Moscow Oblast|Moscow Region|Moscow Province", "Московская область"),
            ("TW", "臺北市|臺北|Taipei", "台北市"),
            ("UA", "Kyiv Oblast|Kyiv Region", "Київська область"),
            ("UA", "Kyiv|Kyiv city", "місто Київ"),
            ("VE", "Distrito Capital", "Distrito Federal"),
            ("VE", "La Guaira|Estado La Guaira", "Vargas"),
        ] {
            for name in names.split('|') {
                assert_eq!(parse(country, Some(name)), Ok(Some(key.to_owned())), "{country} {name}");
            }
        }
    }

    #[test]
    fn words_for_the_kind_of_area_are_as_names_are_compared() {
        let of_kinds = WORDS_OF_KINDS.iter().map(|(word, _)| word);
        for word in KIND_WORDS.iter().chain(of_kinds).chain(FIRST_WORDS) {
            assert_eq!(fold(word), *word);
        }
    }

    #[test]
    fn text_that_only_resembles_an_area_is_none() {
        for (country, texts) in [
            ("ES", "-|.|Toledo County"),
            ("IT", "-|...|Noto"),
            ("BR", "-|Alto"),
            ("AE", "-|."),
            ("US", "-|Delaware County|Kansas City|Washington County"),
            ("TW", "Hsinchu"),
            ("SO", "Somalia"),
        ] {
            let country: Country = country.parse().unwrap();
            for text in texts.split('|') {
                assert_eq!(Area::find(country, text), None, "{country:?} {text}");
            }
        }
    }

    #[test]
    fn area_is_required_where_the_country_needs_it() {
        assert_eq!(
            parse("US", None),
            Err(("required", "an address in the United States needs a state, such as AL or Alabama".to_owned()))
        );
        assert_eq!(
            parse("US", Some("Bavaria")),
            Err((
                "region_unknown",
                "is not known in the United States; send the name or the code of a state, such as AL or Alabama"
                    .to_owned()
            ))
        );
        for country in ["CA", "AU", "BR", "CN", "ES", "IN", "IT", "JP", "KR", "MX", "CO"] {
            assert_eq!(parse(country, None).unwrap_err().0, "required", "{country}");
            assert_eq!(parse(country, Some("Nowhere")).unwrap_err().0, "region_unknown", "{country}");
        }
    }

    #[test]
    fn other_countries_need_no_area_and_take_every_text() {
        for country in ["DE", "GB", "NL", "HK", "AE", "JM", "AR", "MY"] {
            assert_eq!(parse(country, None), Ok(None), "{country}");
            assert_eq!(parse(country, Some("Elsewhere")), Ok(Some("Elsewhere".to_owned())), "{country}");
        }
        assert_eq!(
            parse("AR", Some("cordoba")),
            Ok(Some("Córdoba".to_owned())),
            "known areas have one form there, too"
        );
    }

    #[test]
    fn only_area_of_a_country_is_filled_in() {
        assert_eq!(parse("VI", None), Ok(Some("VI".to_owned())));
        assert_eq!(parse("VI", Some("U.S. Virgin Islands")), Ok(Some("VI".to_owned())));
    }
}
