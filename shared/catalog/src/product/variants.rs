//! What is sold of a product: the product itself, or its variants.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Deserializer, Serialize};
use values::{Currency, Error, Result, Sku, Text, into_nfc};

use crate::OfferTerms;

/// Per product.
pub(crate) const MAX_OPTIONS: usize = 3;
/// Per option.
const MAX_VALUES: usize = 30;
/// The most variants of a product. With this many, all writes of a product fit into one transaction.
pub const MAX_VARIANTS: usize = 40;

/// The name of an option, or one of its values.
pub type OptionValue = Text<40>;

/// Something that a customer chooses, such as a size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProductOption {
    #[cfg_attr(feature = "openapi", schemars(example = &"size"))]
    pub name: OptionValue,
    /// In the shop's order.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_VALUES), example = ["S", "M"], extend("uniqueItems" = true)))]
    pub values: Vec<OptionValue>,
}

/// A variant, as the product's row has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// No other product ever gets it.
    pub sku: Sku,
    /// The chosen value of each option.
    #[serde(deserialize_with = "named_in_nfc")]
    pub options: BTreeMap<String, OptionValue>,
}

/// Names as the options have them: a row of an older release may have another Unicode form.
fn named_in_nfc<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, OptionValue>, D::Error> {
    let chosen = BTreeMap::<String, OptionValue>::deserialize(deserializer)?;
    Ok(chosen.into_iter().map(|(name, value)| (into_nfc(name), value)).collect())
}

/// What is sold of a product. A product never changes its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductKind {
    /// The product itself, under its own SKU.
    Single(OfferTerms),
    /// Only its variants.
    Variants(VariantSet),
}

/// Options and variants of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantSet {
    /// 1 to 3 options.
    pub options: Vec<ProductOption>,
    /// 1 to 40 variants, in the shop's order.
    pub variants: Vec<(Variant, OfferTerms)>,
}

impl ProductKind {
    /// Rejects a change of the kind: carts and orders rely on what the product's SKU means.
    pub(crate) fn check_same_kind(&self, before: &Self) -> Result<()> {
        match (before, self) {
            (Self::Single(_), Self::Variants(_)) => {
                Err(kind_is_fixed("was created without options and cannot get any"))
            }
            (Self::Variants(_), Self::Single(_)) => {
                Err(kind_is_fixed("was created with options and must keep options and variants"))
            }
            _ => Ok(()),
        }
    }
}

impl VariantSet {
    /// The prefix of a variant's fields in a request: `variants[0].`.
    pub(crate) fn field_prefix(&self, sku: &Sku) -> String {
        let at = self.variants.iter().position(|(variant, _)| variant.sku == *sku);
        at.map_or_else(String::new, |at| format!("variants[{at}]."))
    }

    /// The terms of the cheapest variant, for lists. Without what each variant has of its own.
    pub(crate) fn cheapest(&self) -> Option<OfferTerms> {
        let terms = self.variants.iter().map(|(_, terms)| *terms).min_by_key(|terms| terms.price.amount);
        terms.map(|terms| OfferTerms { weight: None, max_per_order: None, ..terms })
    }

    /// The name of a variant in carts: `T-Shirt (M, red)`.
    pub(crate) fn name(&self, product: &str, variant: &Variant) -> String {
        let values = self.options.iter().filter_map(|option| variant.options.get(option.name.as_str()));
        format!("{product} ({})", values.map(OptionValue::as_str).collect::<Vec<_>>().join(", "))
    }

    /// Rejects invalid options and variants. `own` is the product's SKU, which no variant may have.
    pub(crate) fn check(&self, own: &Sku, currency: Currency) -> Result<()> {
        self.check_options()?;
        if !(1..=MAX_VARIANTS).contains(&self.variants.len()) {
            let message = format!("must be from 1 to {MAX_VARIANTS} variants");
            return Err(Error::invalid("variants", "variants_out_of_range", message));
        }
        let (mut skus, mut chosen) = (HashSet::from([own]), HashSet::new());
        for (at, (variant, terms)) in self.variants.iter().enumerate() {
            let at = format!("variants[{at}].");
            if !skus.insert(&variant.sku) {
                let message = "belongs to the product or to another variant";
                return Err(Error::invalid(&format!("{at}sku"), "sku_twice", message));
            }
            if !chosen.insert(self.chosen(&at, variant)?) {
                let message = "belong to another variant";
                return Err(Error::invalid(&format!("{at}options"), "variant_twice", message));
            }
            terms.check(&at, currency)?;
        }
        Ok(())
    }

    fn check_options(&self) -> Result<()> {
        if !(1..=MAX_OPTIONS).contains(&self.options.len()) {
            let message = format!("must be from 1 to {MAX_OPTIONS} options if there are variants");
            return Err(Error::invalid("options", "options_out_of_range", message));
        }
        let mut names = HashSet::new();
        for (at, option) in self.options.iter().enumerate() {
            if !names.insert(option.name.as_str()) {
                return Err(Error::invalid(
                    &format!("options[{at}].name"),
                    "option_twice",
                    "belongs to another option",
                ));
            }
            let values: HashSet<&str> = option.values.iter().map(OptionValue::as_str).collect();
            let field = format!("options[{at}].values");
            if !(1..=MAX_VALUES).contains(&option.values.len()) {
                let message = format!("must be from 1 to {MAX_VALUES} values");
                return Err(Error::invalid(&field, "option_values_out_of_range", message));
            }
            if values.len() < option.values.len() {
                return Err(Error::invalid(&field, "option_value_twice", "names a value twice"));
            }
        }
        Ok(())
    }

    /// The value of each option, in the order of the options. Rejects a missing or an extra value.
    fn chosen<'a>(&'a self, at: &str, variant: &'a Variant) -> Result<Vec<&'a str>> {
        if let Some(name) = variant.options.keys().find(|name| !self.options.iter().any(|o| o.name.as_str() == **name))
        {
            let message = "is not an option of this product";
            return Err(Error::invalid(&format!("{at}options.{name}"), "option_unknown", message));
        }
        let chosen = self.options.iter().map(|option| {
            let field = format!("{at}options.{}", option.name.as_str());
            let value = variant.options.get(option.name.as_str());
            let value = value.ok_or_else(|| Error::invalid(&field, "required", "is missing"))?;
            match option.values.contains(value) {
                true => Ok(value.as_str()),
                false => Err(Error::invalid(&field, "option_value_unknown", "is not a value of this option")),
            }
        });
        chosen.collect()
    }
}

fn kind_is_fixed(message: &str) -> Error {
    let error = Error::conflict("options_fixed", format!("The product {message}. Create a new product instead."));
    error.with_field("options", "options_fixed", message)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::product::terms::tests::eur;
    use proptest::prelude::*;
    use serde_json::json;

    pub(crate) fn option_value(text: &str) -> OptionValue {
        serde_json::from_value(json!(text)).unwrap()
    }

    pub(crate) fn variant(sku: &str, size: &str, colour: &str, price: i64) -> (Variant, OfferTerms) {
        let options = [("size".to_owned(), option_value(size)), ("colour".to_owned(), option_value(colour))].into();
        (Variant { sku: sku.parse().unwrap(), options }, OfferTerms::at(eur(price)))
    }

    pub(crate) fn shirts() -> VariantSet {
        let option = |name: &str, values: &[&str]| ProductOption {
            name: option_value(name),
            values: values.iter().map(|value| option_value(value)).collect(),
        };
        VariantSet {
            options: vec![option("size", &["S", "M"]), option("colour", &["red", "blue"])],
            variants: vec![variant("TEE-M-RED", "M", "red", 2_000), variant("TEE-S-BLUE", "S", "blue", 1_800)],
        }
    }

    fn check(variant_set: &VariantSet) -> Result<()> {
        variant_set.check(&"TEE".parse().unwrap(), "EUR".parse().unwrap())
    }

    fn field_error(variant_set: &VariantSet) -> (String, &'static str) {
        let field = check(variant_set).unwrap_err().fields.remove(0);
        (field.field, field.code)
    }

    #[test]
    fn variant_is_named_by_its_values_and_the_cheapest_sets_the_price() {
        let shirts = shirts();
        assert!(check(&shirts).is_ok());
        assert_eq!(shirts.name("T-Shirt", &shirts.variants[0].0), "T-Shirt (M, red)");
        assert_eq!(shirts.cheapest().unwrap().price, eur(1_800));
    }

    #[test]
    fn variant_has_one_value_of_each_option() {
        let with = |change: fn(&mut VariantSet)| {
            let mut variant_set = shirts();
            change(&mut variant_set);
            field_error(&variant_set)
        };
        let at = |field: &str, code| (field.to_owned(), code);
        assert_eq!(
            with(|variant_set| drop(variant_set.variants[1].0.options.remove("size"))),
            at("variants[1].options.size", "required")
        );
        assert_eq!(
            with(|variant_set| drop(variant_set.variants[0].0.options.insert("cut".to_owned(), option_value("slim")))),
            at("variants[0].options.cut", "option_unknown")
        );
        assert_eq!(
            with(|variant_set| drop(variant_set.variants[0].0.options.insert("size".to_owned(), option_value("XL")))),
            at("variants[0].options.size", "option_value_unknown")
        );
        assert_eq!(
            with(|variant_set| variant_set.variants.push(variant("TEE-3", "M", "red", 1))),
            at("variants[2].options", "variant_twice")
        );
        assert_eq!(
            with(|variant_set| variant_set.variants.push(variant("TEE-M-RED", "S", "red", 1))),
            at("variants[2].sku", "sku_twice")
        );
        assert_eq!(
            with(|variant_set| variant_set.variants.push(variant("TEE", "S", "red", 1))),
            at("variants[2].sku", "sku_twice")
        );
        assert_eq!(
            with(|variant_set| variant_set.variants[1].1.price.amount = -1),
            at("variants[1].price.amount", "price_out_of_range")
        );
    }

    #[test]
    fn options_are_bounded_and_distinct() {
        let with = |options: Vec<ProductOption>| field_error(&VariantSet { options, ..shirts() }).1;
        let one = |values: Vec<OptionValue>| vec![ProductOption { name: option_value("size"), values }];
        assert_eq!(with(Vec::new()), "options_out_of_range");
        assert_eq!(with(one(Vec::new())), "option_values_out_of_range");
        assert_eq!(with(one((0..31).map(|n| option_value(&n.to_string())).collect())), "option_values_out_of_range");
        assert_eq!(with(one(vec![option_value("M"), option_value("M")])), "option_value_twice");
        assert_eq!(with([one(vec![option_value("M")]), one(vec![option_value("L")])].concat()), "option_twice");
        let four = ["a", "b", "c", "d"]
            .map(|name| ProductOption { name: option_value(name), values: vec![option_value("x")] });
        assert_eq!(with(four.to_vec()), "options_out_of_range");
    }

    #[test]
    fn product_keeps_its_kind() {
        let (single, variants) = (ProductKind::Single(OfferTerms::at(eur(1))), ProductKind::Variants(shirts()));
        assert!(single.check_same_kind(&single).is_ok() && variants.check_same_kind(&variants).is_ok());
        assert_eq!(single.check_same_kind(&variants).unwrap_err().code, "options_fixed");
        assert_eq!(variants.check_same_kind(&single).unwrap_err().code, "options_fixed");
    }

    proptest! {
        #[test]
        fn product_has_1_to_40_distinct_variants(sizes in 0usize..=32, colours in 1usize..=4, few in 38usize..=42, twice: bool) {
            let words = |n: usize| (0..n).map(|value| option_value(&format!("v{value}"))).collect::<Vec<_>>();
            let options = vec![
                ProductOption { name: option_value("size"), values: words(sizes) },
                ProductOption { name: option_value("colour"), values: words(colours) },
            ];
            let every = (0..sizes).flat_map(|size| (0..colours).map(move |colour| (size, colour)));
            let mut variants: Vec<_> =
                every.map(|(s, c)| variant(&format!("T-{s}-{c}"), &format!("v{s}"), &format!("v{c}"), 900)).collect();
            variants.truncate(few);
            if twice {
                variants.extend(variants.first().cloned().map(|(v, t)| (Variant { sku: "AGAIN".parse().unwrap(), ..v }, t)));
            }
            let legal = (1..=30).contains(&sizes) && (1..=40).contains(&variants.len()) && !twice;
            prop_assert_eq!(check(&VariantSet { options, variants }).is_ok(), legal);
        }
    }
}
