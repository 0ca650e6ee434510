//! A revision: one change of a product, who made it, and the values before. It is written in the transaction of the
//! change.

use events::{Event, ProductChanged};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use values::{Actor, Error, Result, Timestamp};

use crate::{Listing, Offer};

/// A change of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ProductRevision"))]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// The version of the product after the change.
    pub version: u64,
    /// The time of the change.
    pub at: Timestamp,
    /// The actor: `admin:usr_…` or `system:<function>`.
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub actor: Actor,
    pub kind: RevisionKind,
    /// The earlier value of each changed field. Null if the field had no value.
    #[serde(rename = "was")]
    pub previous: Map<String, Value>,
}

/// How a product was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RevisionKind {
    /// The product was created.
    Created,
    /// The content was replaced.
    Replaced,
    /// Parts of the content were changed.
    Patched,
    /// The product was archived.
    Archived,
    /// An image was added.
    ImageAdded,
    /// The text or the position of an image was changed.
    ImageChanged,
    /// An image was removed.
    ImageRemoved,
    /// The stock of a SKU was put into buckets, into another number of them, or back into one row.
    FlashChanged,
    /// Its texts and keys were written in one form after an upgrade. A tag that repeats another tag in another spelling is removed.
    Normalized,
}

impl RevisionKind {
    /// The event of such a change.
    pub(crate) fn event(self, changed: ProductChanged) -> Event {
        match self {
            Self::Created => Event::ProductCreated(changed),
            Self::Archived => Event::ProductArchived(changed),
            _ => Event::ProductUpdated(changed),
        }
    }
}

impl Revision {
    /// The change from `before` to `after`.
    pub(crate) fn of(before: Option<&Listing>, after: &Listing, kind: RevisionKind, actor: Actor) -> Result<Self> {
        let previous = match before {
            None => Map::new(),
            Some(before) => {
                let (mut before, after) = (fields(before)?, fields(after)?);
                let mut previous = Map::new();
                for (field, now) in &after {
                    let then = before.remove(field).unwrap_or_default();
                    if then != *now {
                        previous.insert(field.clone(), then);
                    }
                }
                previous.extend(before);
                previous
            }
        };
        Ok(Self { version: after.product.version, at: after.product.updated_at, actor, kind, previous })
    }
}

/// All fields of a listing, by their names on the wire.
fn fields(listing: &Listing) -> Result<Map<String, Value>> {
    let Value::Object(mut fields) = json(&listing.product)? else { return Ok(Map::new()) };
    for omitted in ["id", "sku", "version", "createdAt", "updatedAt"] {
        fields.remove(omitted);
    }
    fields.insert("taxClass".to_owned(), json(&listing.main_offer.tax_class)?);
    let variants = listing.product.variants.iter().zip(&listing.variants);
    let variants = variants.map(|(variant, offer)| {
        let mut fields = terms(offer)?;
        fields.insert("sku".to_owned(), json(&variant.sku)?);
        fields.insert("options".to_owned(), json(&variant.options)?);
        Ok(Value::Object(fields))
    });
    let variants = variants.collect::<Result<Vec<_>>>()?;
    match variants.is_empty() {
        true => fields.extend(terms(&listing.main_offer)?),
        false => drop(fields.insert("variants".to_owned(), variants.into())),
    }
    Ok(fields)
}

fn terms(offer: &Offer) -> Result<Map<String, Value>> {
    let terms = [
        ("price", Some(json(offer.price)?)),
        ("compareAtPrice", offer.compare_at_price.map(json).transpose()?),
        ("weight", offer.weight.map(Value::from)),
        ("maxPerOrder", offer.max_per_order.map(Value::from)),
    ];
    Ok(terms.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

fn json(value: impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::content::tests::content;
    use crate::product::listing::tests::{listing, shirt};
    use crate::product::terms::tests::eur;
    use crate::{OfferTerms, ProductContent, ProductKind, StockLevels};
    use serde_json::json;

    fn was(before: &Listing, content: &ProductContent) -> Value {
        let after = before.with_content(content, &StockLevels::new(), before.product.created_at).unwrap();
        let revision = Revision::of(Some(before), &after, RevisionKind::Replaced, Actor::system("test")).unwrap();
        assert_eq!(revision.version, 2);
        assert!(serde_json::to_value(&revision).unwrap()["was"].is_object(), "the stored name must stay");
        Value::Object(revision.previous)
    }

    #[test]
    fn revision_has_the_values_before_and_no_others() {
        let before = listing();
        assert_eq!(was(&before, &content()), json!({}));
        let plain = ProductContent { brand: None, kind: ProductKind::Single(OfferTerms::at(eur(990))), ..content() };
        let expected = json!({
            "brand": "Kiln & Co", "price": eur(1_490), "compareAtPrice": eur(1_990), "weight": 380,
        });
        assert_eq!(was(&before, &plain), expected);
        let after = before.with_content(&plain, &StockLevels::new(), before.product.created_at).unwrap();
        let back = Revision::of(Some(&after), &before, RevisionKind::Replaced, Actor::system("test")).unwrap();
        assert_eq!(back.previous["brand"], Value::Null, "there was no value");
    }

    #[test]
    fn new_product_has_no_previous_values_and_archiving_changes_the_status() {
        let created = Revision::of(None, &listing(), RevisionKind::Created, Actor::system("test")).unwrap();
        assert!(created.previous.is_empty());
        let after = listing().as_archived(listing().product.created_at);
        let archived = Revision::of(Some(&listing()), &after, RevisionKind::Archived, Actor::system("test")).unwrap();
        assert_eq!(Value::Object(archived.previous), json!({ "status": "active" }));
    }

    #[test]
    fn sale_is_not_a_change_but_a_new_price_is() {
        let before = shirt();
        let mut sold = shirt();
        (sold.variants[0].available, sold.variants[0].stock_version) = (1, 2);
        let unchanged = Revision::of(Some(&before), &sold, RevisionKind::Patched, Actor::system("test")).unwrap();
        assert!(unchanged.previous.is_empty());
        sold.variants[0].price = eur(1);
        let changed = Revision::of(Some(&before), &sold, RevisionKind::Patched, Actor::system("test")).unwrap();
        assert_eq!(changed.previous.keys().collect::<Vec<_>>(), ["variants"]);
        assert_eq!(changed.previous["variants"][0]["price"], json!(eur(2_000)));
        assert!(changed.previous["variants"][0].get("stock").is_none());
    }
}
