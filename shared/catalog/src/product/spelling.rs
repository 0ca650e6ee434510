//! Options and their values are compared by their comparison keys, and shown as they were first written.
//!
//! These are rules for input. Old rows may have the values `S` and `s` of one option, and they stay two values until an admin replaces
//! the options.

use std::collections::{BTreeMap, HashSet};

use values::{Error, Result, comparison_key};

use crate::product::variants::OptionValue;
use crate::{OfferTerms, ProductKind, ProductOption, Variant, VariantSet};

/// Rejects options, or values of one option, that differ only in letter case or Unicode form.
pub(crate) fn check_distinct(options: &[ProductOption]) -> Result<()> {
    let mut names = HashSet::new();
    for (at, option) in options.iter().enumerate() {
        if !names.insert(comparison_key(option.name.as_str())) {
            let message = "belongs to another option; letter case and Unicode form make no difference";
            return Err(Error::invalid(&format!("options[{at}].name"), "option_twice", message));
        }
        let mut values = HashSet::new();
        if !option.values.iter().all(|value| values.insert(comparison_key(value.as_str()))) {
            let message = "names a value twice; letter case and Unicode form make no difference";
            return Err(Error::invalid(&format!("options[{at}].values"), "option_value_twice", message));
        }
    }
    Ok(())
}

/// Has it two options, or two values of one option, that are equal? They have different Unicode forms in their row, which is read in NFC.
pub(crate) fn has_equal(options: &[ProductOption]) -> bool {
    let mut names = HashSet::new();
    options.iter().any(|option| {
        let mut values = HashSet::new();
        !names.insert(option.name.as_str()) || !option.values.iter().all(|value| values.insert(value.as_str()))
    })
}

/// The options and variants of a request: with distinct options, and spelled as these.
pub(crate) fn read_variant_set(
    options: Vec<ProductOption>,
    variants: Vec<(Variant, OfferTerms)>,
) -> Result<ProductKind> {
    check_distinct(&options)?;
    spell_as_options(VariantSet { options, variants }).map(ProductKind::Variants)
}

/// Gives each variant the names and values as the options spell them. What no option has stays as it is, and the check of the variants
/// rejects it.
pub(crate) fn spell_as_options(mut variant_set: VariantSet) -> Result<VariantSet> {
    let VariantSet { options, variants } = &mut variant_set;
    for (at, (variant, _)) in variants.iter_mut().enumerate() {
        *variant = spelled(at, variant, options)?;
    }
    Ok(variant_set)
}

fn spelled(at: usize, variant: &Variant, options: &[ProductOption]) -> Result<Variant> {
    let mut chosen = BTreeMap::new();
    for (name, value) in &variant.options {
        let (spelling, value) = match find(options, name, |option| option.name.as_str()) {
            None => (name.as_str(), value),
            Some(option) => {
                let known = find(&option.values, value.as_str(), OptionValue::as_str);
                (option.name.as_str(), known.unwrap_or(value))
            }
        };
        if chosen.insert(spelling.to_owned(), value.clone()).is_some() {
            let message = "names the same option as another member";
            return Err(Error::invalid(&format!("variants[{at}].options.{name}"), "option_twice", message));
        }
    }
    Ok(Variant { sku: variant.sku.clone(), options: chosen })
}

/// The item with this spelling, or else the first with the same key.
fn find<'a, T>(items: &'a [T], text: &str, spelling: impl Fn(&'a T) -> &'a str) -> Option<&'a T> {
    let exact = items.iter().find(|item| spelling(item) == text);
    exact.or_else(|| {
        let key = comparison_key(text);
        items.iter().find(|item| comparison_key(spelling(item)) == key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::variants::tests::{option_value, shirts, variant};
    use proptest::prelude::*;

    fn option(name: &str, values: &[&str]) -> ProductOption {
        ProductOption { name: option_value(name), values: values.iter().map(|value| option_value(value)).collect() }
    }

    fn chosen(variant_set: &VariantSet) -> Vec<(&str, &str)> {
        let options = &variant_set.variants[0].0.options;
        options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn spellings_of_an_option_or_a_value_are_refused() {
        let code = |options: &[ProductOption]| check_distinct(options).map_err(|error| error.fields[0].code);
        assert_eq!(code(&[option("size", &["S", "M"]), option("colour", &["S"])]), Ok(()));
        assert_eq!(code(&[option("size", &["S", "s"])]), Err("option_value_twice"));
        assert_eq!(code(&[option("size", &["Größe", "GRO\u{308}SSE"])]), Err("option_value_twice"));
        assert_eq!(code(&[option("Size", &["S"]), option("ｓｉｚｅ", &["M"])]), Err("option_twice"));
    }

    #[test]
    fn options_that_a_row_has_in_two_forms_are_equal() {
        let read = |name: &str, values: &[&str]| {
            serde_json::from_value::<ProductOption>(serde_json::json!({ "name": name, "values": values })).unwrap()
        };
        assert!(has_equal(&[read("wine", &["Caf\u{e9}", "Cafe\u{301}"])]));
        assert!(has_equal(&[read("Caf\u{e9}", &["a"]), read("Cafe\u{301}", &["b"])]));
        assert!(!has_equal(&[read("wine", &["Caf\u{e9}", "caf\u{e9}"]), read("size", &["Caf\u{e9}"])]));
    }

    #[test]
    fn variant_is_shown_as_its_options_are_written() {
        let mut variant_set = shirts();
        variant_set.variants[0] = variant("TEE-M-RED", "m", "RED", 2_000);
        let options = &mut variant_set.variants[0].0.options;
        let size = options.remove("size").unwrap();
        options.insert("SIZE".to_owned(), size);
        let spelled = spell_as_options(variant_set).unwrap();
        assert_eq!(chosen(&spelled), [("colour", "red"), ("size", "M")]);
        assert!(spelled.check(&"TEE".parse().unwrap(), "EUR".parse().unwrap()).is_ok());
    }

    #[test]
    fn same_choice_in_two_spellings_is_one_variant() {
        let mut variant_set = shirts();
        variant_set.variants.push(variant("TEE-AGAIN", "m", "Red", 1));
        let spelled = spell_as_options(variant_set).unwrap();
        let error = spelled.check(&"TEE".parse().unwrap(), "EUR".parse().unwrap()).unwrap_err();
        assert_eq!((error.fields[0].field.as_str(), error.fields[0].code), ("variants[2].options", "variant_twice"));

        let mut twice = shirts();
        twice.variants[0].0.options.insert("Size".to_owned(), option_value("S"));
        assert_eq!(spell_as_options(twice).unwrap_err().fields[0].code, "option_twice");
    }

    #[test]
    fn old_values_that_differ_in_case_stay_two_values() {
        let old = VariantSet {
            options: vec![option("size", &["S", "s"]), option("colour", &["red"])],
            variants: vec![variant("TEE-S", "S", "red", 1), variant("TEE-s", "s", "red", 1)],
        };
        let spelled = spell_as_options(old.clone()).unwrap();
        assert_eq!(spelled, old);
        assert!(spelled.check(&"TEE".parse().unwrap(), "EUR".parse().unwrap()).is_ok(), "another part can be patched");
    }

    proptest! {
        #[test]
        fn letter_case_of_a_request_makes_no_difference(upper in prop::collection::vec(any::<bool>(), 4)) {
            let case = |text: &str, upper: bool| if upper { text.to_uppercase() } else { text.to_owned() };
            let mut written = shirts();
            for (at, (variant, _)) in written.variants.iter_mut().enumerate() {
                let options = std::mem::take(&mut variant.options).into_iter();
                let (names, values) = (upper[at], upper[at + 2]);
                variant.options = options
                    .map(|(name, value)| (case(&name, names), option_value(&case(value.as_str(), values))))
                    .collect();
            }
            prop_assert_eq!(spell_as_options(written).unwrap(), shirts());
        }
    }
}
