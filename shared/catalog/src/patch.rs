//! A product changed in parts: JSON Merge Patch (RFC 7396) over its sheet.

use std::collections::BTreeMap;

use aws_kit::{Attempt, Idempotency};
use serde::{Deserialize, Deserializer, Serialize};
use values::{Currency, Error, Money, ProductId, Result, Trace};

use crate::{Attribute, Attributes, Category, Description, Listing, Name, Products, Sheet, Tags, TaxClass};

/// A member of a patch: absent, null, or a value.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub enum Change<T> {
    /// Absent: as it was.
    #[default]
    Keep,
    /// Null: taken away.
    Remove,
    /// So from now on.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Remove, Self::Set))
    }
}

impl<T> Change<T> {
    /// Where there must be something.
    fn over(self, field: &str, before: T) -> Result<T> {
        match self {
            Self::Keep => Ok(before),
            Self::Set(value) => Ok(value),
            Self::Remove => Err(Error::invalid(field, "required", "cannot be removed")),
        }
    }
}

impl<T: Default> Change<T> {
    /// Where nothing is something too.
    fn over_any(self, before: T) -> T {
        match self {
            Self::Keep => before,
            Self::Set(value) => value,
            Self::Remove => T::default(),
        }
    }
}

/// The patch of a product. Stock is not patched here: it moves while a patch is written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Patch {
    /// Another name.
    pub name: Change<Name>,
    /// Another description; null empties it.
    pub description: Change<Description>,
    /// Another category.
    pub category: Change<Category>,
    /// Other tags, all of them; null empties them.
    pub tags: Change<Tags>,
    /// Each attribute by itself: null takes it away; null for all of them empties them.
    pub attributes: Change<BTreeMap<String, Option<Attribute>>>,
    /// Another price.
    pub price: Change<PricePatch>,
    /// Another tax class; null makes it `standard`.
    pub tax_class: Change<TaxClass>,
}

/// The patch of a price.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PricePatch {
    /// Minor units.
    pub amount: Change<i64>,
    /// ISO 4217.
    pub currency: Change<Currency>,
}

impl Patch {
    /// The sheet with this patch on it.
    pub fn apply(self, to: Sheet) -> Result<Sheet> {
        Ok(Sheet {
            name: self.name.over("name", to.name)?,
            description: self.description.over_any(to.description),
            category: self.category.over("category", to.category)?,
            tags: self.tags.over_any(to.tags),
            attributes: match self.attributes {
                Change::Keep => to.attributes,
                Change::Remove => Attributes::default(),
                Change::Set(changes) => to
                    .attributes
                    .merged(changes)
                    .map_err(|message| Error::invalid("attributes", "invalid_value", message))?,
            },
            price: match self.price {
                Change::Set(price) => Money {
                    amount: price.amount.over("price.amount", to.price.amount)?,
                    currency: price.currency.over("price.currency", to.price.currency)?,
                },
                Change::Keep => to.price,
                Change::Remove => return Err(Error::invalid("price", "required", "cannot be removed")),
            },
            tax_class: self.tax_class.over_any(to.tax_class),
        })
    }
}

impl Products {
    /// Patches a product that is at `version`. 412 `version_mismatch`. 2 round trips.
    pub async fn patch(
        &self,
        id: ProductId,
        version: u64,
        patch: Patch,
        trace: &Trace,
        once: Option<&Idempotency>,
    ) -> Result<Attempt<Listing>> {
        let tried = self.try_patch(id, version, patch, trace, once).await;
        self.or_earlier(tried, once).await
    }

    async fn try_patch(
        &self,
        id: ProductId,
        version: u64,
        patch: Patch,
        trace: &Trace,
        once: Option<&Idempotency>,
    ) -> Result<Attempt<Listing>> {
        let before = self.at_version(id, Some(version)).await?;
        let sheet = patch.apply(before.sheet())?;
        self.rewrite(before, sheet, trace, once).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::tests::sheet;
    use serde_json::{Value, json};

    fn patched(patch: Value) -> Result<Sheet> {
        serde_json::from_value::<Patch>(patch).unwrap().apply(sheet())
    }

    #[test]
    fn what_is_absent_stays_and_what_is_null_goes() {
        assert_eq!(patched(json!({})).unwrap(), sheet());
        let sheet =
            patched(json!({ "tags": null, "description": null, "attributes": null, "taxClass": null })).unwrap();
        assert_eq!((sheet.tags, sheet.description), (Tags::default(), Description::default()));
        assert_eq!((sheet.attributes, sheet.tax_class), (Attributes::default(), TaxClass::default()));
        for required in ["name", "category", "price"] {
            assert_eq!(patched(json!({ required: null })).unwrap_err().fields[0].code, "required", "{required}");
        }
    }

    #[test]
    fn objects_are_merged_and_arrays_replaced() {
        let patch =
            json!({ "price": { "amount": 5 }, "attributes": { "glazed": null, "volumeMl": 400 }, "tags": ["new"] });
        let after = patched(patch).unwrap();
        assert_eq!(after.price, Money::new(5, sheet().price.currency));
        assert_eq!(serde_json::to_value(&after.attributes).unwrap(), json!({ "volumeMl": 400 }));
        assert_eq!(serde_json::to_value(&after.tags).unwrap(), json!(["new"]));
        assert_eq!(patched(json!({ "price": { "amount": null } })).unwrap_err().fields[0].field, "price.amount");
    }

    #[test]
    fn a_patch_is_an_object_with_members_that_are_known() {
        for bad in [json!("x"), json!({ "stock": { "available": 1 } }), json!({ "price": { "cents": 1 } })] {
            assert!(serde_json::from_value::<Patch>(bad.clone()).is_err(), "{bad} must be refused");
        }
    }
}
