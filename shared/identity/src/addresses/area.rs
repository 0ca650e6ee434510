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
    "specialselfgoverningprovince",
    "provincia",
    "state",
    "oblast",
    "region",
    "autonomousregion",
    "municipality",
    "metropolis",
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
/// is not Kansas, Noto is not NO, and the Republic of Mexico is not its state.
const WORDS_OF_KINDS: &[(&str, &str)] = &[
    ("county", "county"),
    ("city", "city"),
    ("metropolitancity", "city"),
    ("specialcity", "city"),
    ("specialselfgoverningcity", "city"),
    ("republic", "oblast"),
    ("krai", "oblast"),
    ("autonomousoblast", "oblast"),
    ("autonomousokrug", "oblast"),
    ("область", "oblast"),
    // край, whose й is taken apart.
    ("краи", "oblast"),
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

/// More of these words, each with the kind of areas that it belongs to. A lone г for город is not among them: many names begin with it.
const FIRST_WORDS_OF_KINDS: &[(&str, &str)] = &[
    ("county", "county"),
    ("emirateof", "emirate"),
    ("republicof", "oblast"),
    ("республика", "oblast"),
    ("город", "oblast"),
];

/// Abbreviations at the beginning or the end of a name, with the words that the names of the table have.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("обл", "область"),
    ("кр", "краи"),
    ("респ", "республика"),
    ("ао", "автономныиокруг"),
    ("ао", "автономнаяобласть"),
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
    ///
    /// The name of the country is an area only where an area has exactly this name: Hong Kong is more than Hong Kong Island.
    pub(crate) fn find(country: Country, text: &str) -> Option<Self> {
        let wanted = fold(text);
        if wanted.is_empty() {
            return None;
        }
        let rules = country.rules();
        let is_country = fold(rules.name.strip_prefix("the ").unwrap_or(rules.name)) == wanted;
        let in_full = in_full(&wanted);
        let mut others = without_words(&wanted, |word_kind| rules.area_kind.contains(word_kind));
        others.extend(in_full.iter().map(String::as_str));
        let by_code = wanted.strip_prefix(&fold(country.code())).filter(|_| text.contains('-'));
        let is_near = |area: &Self| !is_country && area.is_nearly(&wanted, &others, rules.area_kind);
        Self::all(country)
            .find(|area| area.spellings().any(|name| fold(name) == wanted))
            .or_else(|| Self::all(country).find(|area| by_code.is_some_and(|code| area.has_code(code))))
            .or_else(|| only(Self::all(country).filter(is_near)))
    }

    fn has_code(&self, folded: &str) -> bool {
        [self.code, self.key].into_iter().any(|code| !code.is_empty() && fold(code) == folded)
    }

    /// Whether only a word for the kind of area makes the difference. `others` is what was wanted, without such words or with them in full.
    ///
    /// Names of the table lose such words too, but none that is the end of ordinary names: Gifu is not `Gi`, and Toledo is not `Tole`.
    fn is_nearly(&self, wanted: &str, others: &[&str], kind: &str) -> bool {
        let may_end_names =
            |word_kind: &str| word_kind == "city" || (word_kind != "prefecture" && kind.contains(word_kind));
        self.spellings()
            .map(fold)
            .any(|name| others.contains(&name.as_str()) || without_words(&name, may_end_names).contains(&wanted))
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
    let of_kind = |(word, kind): &(&'static str, &'static str)| is_kind(kind).then_some(*word);
    let last_words = KIND_WORDS.iter().copied().chain(WORDS_OF_KINDS.iter().filter_map(of_kind));
    let first_words = FIRST_WORDS.iter().copied().chain(FIRST_WORDS_OF_KINDS.iter().filter_map(of_kind));
    let without_last = last_words.filter_map(|word| name.strip_suffix(word));
    let without_first = first_words.filter_map(|word| name.strip_prefix(word));
    without_last.chain(without_first).filter(|rest| rest.chars().count() > 1).collect()
}

/// The name with the words that an abbreviation may stand for, each in turn.
fn in_full(name: &str) -> Vec<String> {
    let last = ABBREVIATIONS.iter().filter_map(|(short, word)| Some(format!("{}{word}", name.strip_suffix(*short)?)));
    let first = ABBREVIATIONS.iter().filter_map(|(short, word)| Some(format!("{word}{}", name.strip_prefix(*short)?)));
    last.chain(first).collect()
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
#[path = "area_tests.rs"]
mod tests;
