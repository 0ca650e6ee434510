//! Changes of parts of a product: JSON Merge Patch (RFC 7396) of its content.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use values::{Currency, Error, Money, Result};

use crate::VariantIn;
use crate::product::spelling::{check_distinct, spell_as_options};
use crate::product::wire::read_variants;
use crate::{
    Attribute, AttributeName, Attributes, Brand, Category, Description, Name, OfferTerms, ProductContent, ProductKind,
    ProductOption, StockLevels, Tags, TaxClass, VariantSet,
};

/// A member of a patch.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub enum Change<T> {
    /// The member is absent: the value stays.
    #[default]
    Keep,
    /// The member is null: the value is removed.
    Remove,
    /// The member has a value: it replaces the old one.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Remove, Self::Set))
    }
}

/// A member of a merge patch: a value, or null to remove it.
#[cfg(feature = "openapi")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Change<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_name()
    }
    fn schema_id() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_id()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<T>::json_schema(generator)
    }
}

impl<T> Change<T> {
    /// For a value that must exist.
    fn required(self, field: &str, before: T) -> Result<T> {
        match self {
            Self::Keep => Ok(before),
            Self::Set(value) => Ok(value),
            Self::Remove => Err(Error::invalid(field, "required", "cannot be removed")),
        }
    }

    /// For a value that must exist, and may be missing before.
    fn required_from_option(self, field: &str, before: Option<T>) -> Result<T> {
        match (self, before) {
            (Self::Keep, None) => Err(Error::invalid(field, "required", "is missing")),
            (Self::Keep, Some(before)) => Ok(before),
            (change, _) => change.optional(None).ok_or_else(|| Error::invalid(field, "required", "cannot be removed")),
        }
    }

    /// For an optional value.
    fn optional(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Set(value) => Some(value),
            Self::Remove => None,
        }
    }
}

impl<T: Default> Change<T> {
    /// For a value that null resets to its default.
    fn or_default(self, before: T) -> T {
        match self {
            Self::Keep => before,
            Self::Set(value) => value,
            Self::Remove => T::default(),
        }
    }
}

/// A JSON Merge Patch (RFC 7396): null removes a field, objects are merged, arrays are replaced. If the product has
/// variants, set `price`, `compareAtPrice`, `weight` and `maxPerOrder` of the variants instead.
// Stock is not part of it, because sales change stock while an admin edits.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ProductPatch", transform = crate::schema::without_defaults))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Patch {
    #[cfg_attr(feature = "openapi", schemars(with = "Name"))]
    pub name: Change<Name>,
    /// Null empties it.
    pub description: Change<Description>,
    #[cfg_attr(feature = "openapi", schemars(with = "Category"))]
    pub category: Change<Category>,
    /// Null removes it.
    pub brand: Change<Brand>,
    /// Replaces all tags. Null removes all.
    pub tags: Change<Tags>,
    /// Each attribute is merged by itself; null removes it. Null for the whole member removes all.
    #[cfg_attr(feature = "openapi", schemars(with = "Change<BTreeMap<String, Option<Attribute>>>"))]
    pub attributes: Change<BTreeMap<AttributeName, Option<Attribute>>>,
    /// The price of one piece.
    #[cfg_attr(feature = "openapi", schemars(with = "PricePatch"))]
    pub price: Change<PricePatch>,
    /// The earlier price, or the price elsewhere. Null removes it.
    pub compare_at_price: Change<PricePatch>,
    /// The weight of one piece in grams. Null removes it.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = crate::product::terms::MAX_WEIGHT_GRAMS)))]
    pub weight: Change<u32>,
    /// The most pieces that one order may have. Null removes it.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = values::Quantity::MAX)))]
    pub max_per_order: Change<u32>,
    /// Null resets it to `standard`.
    pub tax_class: Change<TaxClass>,
    /// Replaces all options.
    #[cfg_attr(feature = "openapi", schemars(length(max = crate::product::variants::MAX_OPTIONS)))]
    pub options: Change<Vec<ProductOption>>,
    /// Replaces all variants. An existing variant keeps its stock; a variant that is left out is archived.
    #[cfg_attr(feature = "openapi", schemars(length(max = crate::MAX_VARIANTS)))]
    pub variants: Change<Vec<VariantIn>>,
}

/// The patch of a price.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "PricePatch", transform = crate::schema::without_defaults))]
#[serde(deny_unknown_fields, default)]
pub struct PricePatch {
    /// In minor units.
    #[cfg_attr(feature = "openapi", schemars(with = "i64", range(min = 0, max = crate::product::terms::MAX_PRICE)))]
    pub amount: Change<i64>,
    /// ISO 4217.
    #[cfg_attr(feature = "openapi", schemars(with = "Currency"))]
    pub currency: Change<Currency>,
}

impl PricePatch {
    /// The patched price. Without a price before, the patch needs amount and currency.
    fn merge(self, field: &str, before: Option<Money>) -> Result<Money> {
        let (amount, currency) = (format!("{field}.amount"), format!("{field}.currency"));
        Ok(Money {
            amount: self.amount.required_from_option(&amount, before.map(|price| price.amount))?,
            currency: self.currency.required_from_option(&currency, before.map(|price| price.currency))?,
        })
    }
}

impl Patch {
    /// The patched content, and the first pieces of its new variants.
    pub fn apply(self, to: ProductContent) -> Result<(ProductContent, StockLevels)> {
        let Self { price, compare_at_price, weight, max_per_order, options, variants, .. } = self;
        let terms_patch = OfferTermsPatch { price, compare_at_price, weight, max_per_order };
        let content = ProductContent {
            name: self.name.required("name", to.name)?,
            description: self.description.or_default(to.description),
            category: self.category.required("category", to.category)?,
            brand: self.brand.optional(to.brand),
            tags: self.tags.or_default(to.tags),
            attributes: match self.attributes {
                Change::Keep => to.attributes,
                Change::Remove => Attributes::default(),
                Change::Set(changes) => to.attributes.merged(changes)?,
            },
            tax_class: self.tax_class.or_default(to.tax_class),
            kind: to.kind,
        };
        let (kind, stock) = match content.kind {
            ProductKind::Single(terms) => {
                let terms = terms_patch.merge(terms)?;
                match patch_variants(options, variants, VariantSet { options: Vec::new(), variants: Vec::new() })? {
                    (variant_set, stock) if variant_set.options.is_empty() && variant_set.variants.is_empty() => {
                        (ProductKind::Single(terms), stock)
                    }
                    // The caller rejects this, because the product had no variants before.
                    (variant_set, stock) => (ProductKind::Variants(variant_set), stock),
                }
            }
            ProductKind::Variants(variant_set) => {
                terms_patch.check_empty()?;
                let (variant_set, stock) = patch_variants(options, variants, variant_set)?;
                (ProductKind::Variants(variant_set), stock)
            }
        };
        Ok((ProductContent { kind, ..content }, stock))
    }
}

/// The parts of a patch that apply to a product without variants.
struct OfferTermsPatch {
    price: Change<PricePatch>,
    compare_at_price: Change<PricePatch>,
    weight: Change<u32>,
    max_per_order: Change<u32>,
}

impl OfferTermsPatch {
    fn merge(self, before: OfferTerms) -> Result<OfferTerms> {
        Ok(OfferTerms {
            price: match self.price {
                Change::Keep => before.price,
                Change::Set(price) => price.merge("price", Some(before.price))?,
                Change::Remove => return Err(Error::invalid("price", "required", "cannot be removed")),
            },
            compare_at_price: match self.compare_at_price {
                Change::Keep => before.compare_at_price,
                Change::Set(price) => Some(price.merge("compareAtPrice", before.compare_at_price)?),
                Change::Remove => None,
            },
            weight: self.weight.optional(before.weight),
            max_per_order: self.max_per_order.optional(before.max_per_order),
        })
    }

    /// Rejects terms of a product with variants: each variant has its own.
    fn check_empty(&self) -> Result<()> {
        let fields = [
            ("price", self.price != Change::Keep),
            ("compareAtPrice", self.compare_at_price != Change::Keep),
            ("weight", self.weight != Change::Keep),
            ("maxPerOrder", self.max_per_order != Change::Keep),
        ];
        match fields.iter().find(|(_, is_present)| *is_present) {
            Some((field, _)) => {
                Err(Error::invalid(field, "belongs_to_variants", "belongs to each variant; patch `variants` instead"))
            }
            None => Ok(()),
        }
    }
}

/// Replaces arrays as a whole (RFC 7396).
fn patch_variants(
    options: Change<Vec<ProductOption>>,
    variants: Change<Vec<VariantIn>>,
    before: VariantSet,
) -> Result<(VariantSet, StockLevels)> {
    let (variants, stock) = match variants {
        Change::Keep => (before.variants, StockLevels::new()),
        Change::Remove => (Vec::new(), StockLevels::new()),
        Change::Set(variants) => read_variants(variants.into_iter())?,
    };
    if let Change::Set(options) = &options {
        check_distinct(options)?;
    }
    let variant_set = VariantSet { options: options.or_default(before.options), variants };
    Ok((spell_as_options(variant_set)?, stock))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::content::tests::content;
    use crate::product::terms::tests::eur;
    use crate::product::variants::tests::shirts;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn patched(patch: Value) -> Result<ProductContent> {
        Ok(serde_json::from_value::<Patch>(patch).unwrap().apply(content())?.0)
    }

    fn terms(content: ProductContent) -> OfferTerms {
        let ProductKind::Single(terms) = content.kind else { panic!("it has no variants") };
        terms
    }

    fn patched_shirts(patch: Value) -> Result<(VariantSet, StockLevels)> {
        let before = ProductContent { kind: ProductKind::Variants(shirts()), ..content() };
        let (after, stock) = serde_json::from_value::<Patch>(patch).unwrap().apply(before)?;
        let ProductKind::Variants(variant_set) = after.kind else { panic!("it has variants") };
        Ok((variant_set, stock))
    }

    #[test]
    fn absent_members_stay_and_null_removes() {
        assert_eq!(patched(json!({})).unwrap(), content());
        let nothing = json!({
            "tags": null, "description": null, "attributes": null, "taxClass": null, "brand": null, "weight": null,
            "compareAtPrice": null, "options": null, "variants": [],
        });
        let content = patched(nothing).unwrap();
        assert_eq!((&content.tags, &content.description), (&Tags::default(), &Description::default()));
        assert_eq!(
            (&content.attributes, &content.tax_class, &content.brand),
            (&Attributes::default(), &TaxClass::default(), &None)
        );
        assert_eq!(terms(content), OfferTerms::at(eur(1_490)));
        for required in ["name", "category", "price"] {
            assert_eq!(patched(json!({ required: null })).unwrap_err().fields[0].code, "required", "{required}");
        }
    }

    #[test]
    fn objects_are_merged_and_arrays_replaced() {
        let patch =
            json!({ "price": { "amount": 5 }, "attributes": { "glazed": null, "volumeMl": 400 }, "tags": ["new"] });
        let after = patched(patch).unwrap();
        assert_eq!(serde_json::to_value(&after.attributes).unwrap(), json!({ "volumeMl": 400 }));
        assert_eq!(serde_json::to_value(&after.tags).unwrap(), json!(["new"]));
        assert_eq!(terms(after).price, eur(5));
        assert_eq!(patched(json!({ "price": { "amount": null } })).unwrap_err().fields[0].field, "price.amount");
    }

    #[test]
    fn new_compare_at_price_needs_amount_and_currency() {
        let dearer = patched(json!({ "compareAtPrice": { "amount": 2_500 } })).unwrap();
        assert_eq!(terms(dearer).compare_at_price, Some(eur(2_500)));
        let without = ProductContent { kind: ProductKind::Single(OfferTerms::at(eur(1_490))), ..content() };
        let apply = |patch: Value| serde_json::from_value::<Patch>(patch).unwrap().apply(without.clone());
        let half = apply(json!({ "compareAtPrice": { "amount": 2_500 } })).unwrap_err();
        assert_eq!((half.fields[0].field.as_str(), half.fields[0].code), ("compareAtPrice.currency", "required"));
        assert!(apply(json!({ "compareAtPrice": { "amount": 2_500, "currency": "EUR" } })).is_ok());
    }

    #[test]
    fn variants_are_replaced_together_and_have_their_own_prices() {
        let (variant_set, stock) = patched_shirts(json!({ "variants": [
            { "sku": "TEE-S-RED", "options": { "size": "S", "colour": "red" }, "price": eur(1), "stock": { "available": 2 } },
        ] }))
        .unwrap();
        assert_eq!((variant_set.variants.len(), &variant_set.options), (1, &shirts().options));
        assert_eq!(stock, StockLevels::from([("TEE-S-RED".parse().unwrap(), 2)]));
        assert_eq!(patched_shirts(json!({ "name": "Tee" })).unwrap().0, shirts());
        for (field, value) in [("price", json!({ "amount": 5 })), ("compareAtPrice", json!(null)), ("weight", json!(1))]
        {
            let error = patched_shirts(json!({ field: value })).unwrap_err();
            assert_eq!((error.fields[0].field.as_str(), error.fields[0].code), (field, "belongs_to_variants"));
        }
    }

    #[test]
    fn patch_cannot_add_variants_to_a_single_product() {
        let options = json!({ "options": [{ "name": "size", "values": ["S"] }] });
        let kind = patched(options).unwrap().kind;
        assert_eq!(kind.check_same_kind(&content().kind).unwrap_err().code, "options_fixed");
    }

    #[test]
    fn unknown_members_are_rejected() {
        for bad in [json!("x"), json!({ "stock": { "available": 1 } }), json!({ "price": { "cents": 1 } })] {
            assert!(serde_json::from_value::<Patch>(bad.clone()).is_err(), "{bad} must be refused");
        }
    }

    proptest! {
        #[test]
        fn patch_is_idempotent(
            name: Option<bool>, brand: Option<bool>, amount in prop::option::of(1i64..2_000), weight in prop::option::of(1u32..9),
        ) {
            let mut patch = json!({});
            if let Some(name) = name { patch["name"] = json!(if name { "Mug" } else { "Cup" }); }
            if let Some(brand) = brand { patch["brand"] = if brand { json!("Kiln") } else { json!(null) }; }
            if let Some(amount) = amount { patch["price"] = json!({ "amount": amount }); }
            if let Some(weight) = weight { patch["weight"] = json!(weight); }
            let once = patched(patch.clone()).unwrap();
            let twice = serde_json::from_value::<Patch>(patch).unwrap().apply(once.clone()).unwrap().0;
            prop_assert_eq!(twice, once);
        }
    }
}
