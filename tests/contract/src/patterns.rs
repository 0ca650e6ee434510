//! The patterns of the document and the validators agree about random texts.
//!
//! Two things no pattern can say, so texts with them are compared in one direction, or not at all: where a joiner or another ignorable
//! character has an effect, and the length of a text in NFC, which is what the validators count.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use catalog::{Attribute, Attributes, Category, Description, ReviewText, TaxClass};
use identity::{Address, Preferences};
use payments::PaymentMethod;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use regex::Regex;
use search::{Query, SearchParams};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use values::{Currency, Sku, Text, comparison_key, nfc, read_json_value};

/// A text schema of the document: its pattern and its bounds in characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct TextSchema {
    pattern: String,
    min: usize,
    max: Option<usize>,
}

/// A place in the document, and the validator of the texts there.
struct Row {
    pointer: &'static str,
    accepts: fn(&str) -> bool,
}

fn reads<T: DeserializeOwned>(value: Value) -> bool {
    read_json_value::<T>(value).is_ok()
}

fn reads_text<T: DeserializeOwned>(text: &str) -> bool {
    reads::<T>(json!(text))
}

fn reads_address(member: &str, text: &str) -> bool {
    let mut address = json!({ "name": "Ada", "line1": "Rue 1", "country": "BE" });
    address[member] = json!(text);
    reads::<Address>(address)
}

fn finds(params: SearchParams) -> bool {
    Query::parse(params).is_ok()
}

const ROWS: &[Row] = &[
    Row { pointer: "/components/schemas/AddItem/properties/sku", accepts: reads_text::<Sku> },
    Row { pointer: "/components/schemas/NewCategory/properties/key", accepts: reads_text::<Category> },
    Row { pointer: "/components/schemas/NewCategory/properties/name", accepts: reads_text::<Text<100>> },
    Row { pointer: "/components/schemas/NewProduct/properties/name", accepts: reads_text::<Text<200>> },
    Row { pointer: "/components/schemas/NewProduct/properties/description", accepts: reads_text::<Description> },
    Row { pointer: "/components/schemas/NewProduct/properties/taxClass", accepts: reads_text::<TaxClass> },
    Row { pointer: "/components/schemas/NewProduct/properties/tags/items", accepts: reads_text::<Text<50>> },
    Row { pointer: "/components/schemas/Attributes/additionalProperties", accepts: reads_text::<Attribute> },
    Row {
        pointer: "/components/schemas/Attributes/propertyNames",
        accepts: |name| reads::<Attributes>(json!({ name: 1 })),
    },
    Row { pointer: "/components/schemas/OptionValues/additionalProperties", accepts: reads_text::<Text<40>> },
    Row { pointer: "/components/schemas/ReviewInput/properties/text", accepts: reads_text::<ReviewText> },
    Row { pointer: "/components/schemas/AddressInput/properties/line1", accepts: |text| reads_address("line1", text) },
    Row { pointer: "/components/schemas/AddressInput/properties/line2", accepts: |text| reads_address("line2", text) },
    Row { pointer: "/components/schemas/AddressInput/properties/city", accepts: |text| reads_address("city", text) },
    Row { pointer: "/components/schemas/AddressInput/properties/phone", accepts: |text| reads_address("phone", text) },
    Row {
        pointer: "/components/schemas/AddressInput/properties/postalCode",
        accepts: |text| reads_address("postalCode", text),
    },
    Row {
        pointer: "/components/schemas/PreferencesInput/properties/language",
        accepts: |text| Preferences::parse(text, BTreeMap::new()).is_ok(),
    },
    Row {
        pointer: "/components/schemas/PaymentMethod/properties/token",
        accepts: |token| PaymentMethod { provider: None, token: token.to_owned() }.check().is_ok(),
    },
    Row {
        pointer: "/paths/~1api~1v1~1products/get/parameters/search/schema",
        accepts: |text| finds(SearchParams { search: Some(text.to_owned()), ..SearchParams::default() }),
    },
    Row {
        pointer: "/paths/~1api~1v1~1products/get/parameters/category/schema",
        accepts: |text| Category::from_path(text).is_some(),
    },
    Row {
        pointer: "/paths/~1api~1v1~1products/get/parameters/brand/schema",
        accepts: |text| finds(SearchParams { brand: Some(text.to_owned()), ..SearchParams::default() }),
    },
    Row {
        pointer: "/paths/~1api~1v1~1products/get/parameters/attribute/schema/items",
        accepts: |text| finds(SearchParams { attributes: vec![text.to_owned()], ..SearchParams::default() }),
    },
    Row {
        pointer: "/paths/~1api~1v1~1users~1addresses~1{id}/delete/parameters/id/schema",
        accepts: |text| text.parse::<values::AddressId>().is_ok(),
    },
    Row {
        pointer: "/paths/~1api~1v1~1products~1{id}/get/parameters/id/schema",
        accepts: |text| text.parse::<values::ProductId>().is_ok(),
    },
    Row {
        pointer: "/paths/~1api~1v1~1orders~1{id}/get/parameters/id/schema",
        accepts: |text| text.parse::<values::OrderId>().is_ok(),
    },
];

/// Patterns whose validators have no entry above, and why.
const NOT_COMPARED: &[(&str, &str)] = &[
    ("^[A-Z]{3}$", "ISO 4217 has the list: `pattern_of_currencies_accepts_all_of_them`"),
    ("^[A-Za-z0-9_-]+$", "base64url of passkeys: what it encodes is checked"),
    ("^[!-~]+$", "the state of another program, which is only sent back"),
    ("^[!-~]([\\t -~]*[!-~])?$", "a header, of which HTTP cuts the spaces"),
    ("^[ -]*([0-9A-TV-Za-tv-z][ -]*){10}$", "the number of an order, with a check digit"),
    ("^[A-Za-z0-9._-]{1,64}(,[A-Za-z0-9._-]{1,64})*$", "a list of SKUs: what is no SKU is not found"),
    ("^[A-Za-z0-9_.-]*$", "the id of an event of Stripe, and the token of `PaymentMethod`, which is compared"),
];
/// The beginnings of patterns of ids. All of them are the same but for the prefix, and three are compared.
const ID_END: &str = "_[0-7][0-9a-hjkmnp-tv-z]{25}$";

impl TextSchema {
    fn of(schema: &Value) -> Option<Self> {
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
        let pattern = schema.get("pattern")?.as_str()?.to_owned();
        Some(Self { pattern, min: bound("minLength").unwrap_or(0), max: bound("maxLength") })
    }

    /// The test of a text. The engine has no negative lookahead: `^(?!a)b` becomes "b, and not a".
    fn matcher(&self) -> Result<impl Fn(&str) -> bool> {
        let (refused, pattern) = match self.pattern.strip_prefix("^(?!").and_then(|rest| rest.split_once(')')) {
            Some((refused, rest)) => (Some(Regex::new(&format!("^(?:{refused})"))?), format!("^{rest}")),
            None => (None, self.pattern.clone()),
        };
        let (pattern, min, max) = (Regex::new(&pattern)?, self.min, self.max.unwrap_or(usize::MAX));
        Ok(move |text: &str| {
            (min..=max).contains(&text.chars().count())
                && pattern.is_match(text)
                && !refused.as_ref().is_some_and(|refused| refused.is_match(text))
        })
    }
}

/// Has the text a character whose effect depends on its neighbours, or that has none? (Default_Ignorable_Code_Point, but without those
/// that no pattern accepts)
fn has_ignorable(text: &str) -> bool {
    let is_ignorable = |c: char| {
        matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200c}'
            | '\u{200d}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
    };
    text.chars().any(is_ignorable)
}

/// Has the text more than its characters show: another length in its normal form, or a card number?
fn is_beyond_patterns(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    nfc(text) != text || comparison_key(text).chars().count() > text.chars().count() || digits >= 12
}

/// Texts at the edges of the rules: paths, prefixes, separators, blanks, controls, directions, scripts, and lengths around the bounds.
fn texts(max: usize) -> impl Strategy<Value = String> {
    let characters = "aZ09 ._-#/?%\\:|,;@&+='\"<>\u{0}\t\n\r\u{1b}\u{7f}\u{85}\u{a0}\u{ad}éßİ茶🍵ﬁ℅\u{301}\u{61c}\u{200b}\u{200c}\u{200d}\u{200e}\u{2028}\u{202e}\u{2060}\u{2066}\u{206f}\u{3000}\u{feff}\u{fff9}\u{fffd}\u{e0001}";
    let characters: Vec<char> = characters.chars().collect();
    let beginnings = [
        "",
        ".",
        "..",
        "...",
        "prd_",
        "PRD_x",
        "adr_",
        "ord_",
        "prd_01h455vb4pex5vsknk084sn02q",
        "prd_81h455vb4pex5vsknk084sn02q",
        "adr_01h455vb4pex5vsknk084sn02q",
        "ord_01H455VB4PEX5VSKNK084SN02Q",
        "en",
        "en-GB",
        "zh-Hant-TW",
        "colour:blue",
        "pm_card_visa",
        "standard",
    ];
    let lengths = select(vec![0, 1, 2, max.saturating_sub(1), max, max + 1]);
    prop_oneof![
        4 => (select(beginnings.to_vec()), prop::collection::vec(select(characters.clone()), 0..6))
            .prop_map(|(beginning, end)| beginning.chars().chain(end).collect()),
        3 => prop::collection::vec(select(characters.clone()), 0..12).prop_map(|all| all.into_iter().collect()),
        2 => "[a-z]{0,6}[A-Za-z0-9._-]{0,10}".prop_map(|text| text),
        1 => (select(vec!['a', ' ', '7', '茶']), lengths, select(characters))
            .prop_map(|(one, length, last)| std::iter::repeat_n(one, length).chain([last]).collect()),
        1 => "\\PC{0,12}".prop_map(|text| text),
    ]
}

/// The document, with the parameters of operations by their names.
fn document() -> Result<Value> {
    let mut document: Value = serde_json::from_str(&crate::document()?)?;
    let paths = document["paths"].as_object_mut().context("the document should have paths")?;
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(|path| path.values_mut()) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let named =
            parameters.iter().filter_map(|parameter| Some((parameter["name"].as_str()?.to_owned(), parameter.clone())));
        operation["parameters"] = Value::Object(named.collect());
    }
    Ok(document)
}

#[test]
fn patterns_agree_with_the_validators() -> Result<()> {
    let (document, mut differences) = (document()?, Vec::new());
    for Row { pointer, accepts } in ROWS {
        let schema = document.pointer(pointer).and_then(TextSchema::of);
        let schema = schema.with_context(|| format!("{pointer} should have a pattern"))?;
        let matches = schema.matcher()?;
        let mut runner = TestRunner::new(Config { cases: 1_000, failure_persistence: None, ..Config::default() });
        let max = schema.max.unwrap_or(64);
        let result = runner.run(&texts(max), |text| {
            let (matched, accepted) = (matches(&text), accepts(&text));
            if is_beyond_patterns(&text) {
                return Ok(());
            }
            if has_ignorable(&text) {
                prop_assert!(matched || !accepted, "{}: {:?} is accepted, but no match", pointer, text);
            } else {
                prop_assert_eq!(matched, accepted, "{}: {:?} matches, or is accepted", pointer, text);
            }
            Ok(())
        });
        differences.extend(result.err().map(|error| format!("{error}\n{}", schema.pattern)));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
    Ok(())
}

#[test]
fn pattern_of_currencies_accepts_all_of_them() -> Result<()> {
    let pattern = Regex::new("^[A-Z]{3}$")?;
    let letters = || b'A'..=b'Z';
    let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
    let codes = codes.filter_map(|code| String::from_utf8(code.to_vec()).ok());
    let known = codes.filter(|code| code.parse::<Currency>().is_ok()).inspect(|code| assert!(pattern.is_match(code)));
    assert!(known.count() > 150);
    for other in ["eur", "EURO", "€", "", "EUR "] {
        assert!(other.parse::<Currency>().is_err() && !pattern.is_match(other), "{other:?}");
    }
    Ok(())
}

/// Collects the text schemas of requests, also those that are named.
fn collect<'a>(document: &'a Value, schema: &'a Value, visited: &mut Vec<&'a str>, found: &mut Vec<TextSchema>) {
    found.extend(TextSchema::of(schema));
    match schema {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            if let Some(reference) = reference.filter(|reference| !visited.contains(reference)) {
                visited.push(reference);
                let named = document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
                collect(document, named, visited, found);
            }
            members.values().for_each(|member| collect(document, member, visited, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(document, item, visited, found)),
        _ => {}
    }
}

#[test]
fn every_pattern_of_a_request_is_compared_or_has_a_reason_not_to_be() -> Result<()> {
    let document = document()?;
    let compared: Vec<TextSchema> =
        ROWS.iter().filter_map(|row| document.pointer(row.pointer).and_then(TextSchema::of)).collect();
    let (mut visited, mut found) = (Vec::new(), Vec::new());
    let paths = document["paths"].as_object().context("the document should have paths")?;
    for operation in paths.values().filter_map(Value::as_object).flat_map(|path| path.values()) {
        for part in ["parameters", "requestBody"] {
            collect(&document, &operation[part], &mut visited, &mut found);
        }
    }
    let is_excused =
        |pattern: &str| pattern.ends_with(ID_END) || NOT_COMPARED.iter().any(|(other, _)| *other == pattern);
    let mut missing: Vec<_> =
        found.into_iter().filter(|schema| !compared.contains(schema) && !is_excused(&schema.pattern)).collect();
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "add a row for each of {missing:#?}");
    Ok(())
}
