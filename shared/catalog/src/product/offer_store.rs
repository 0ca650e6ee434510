//! Offers: one small row per SKU, read by carts and orders, moved by sales and counts.

use aws_kit::{Key, Write};
use values::{Result, Sku};

use crate::{Catalog, Offer};

/// Of every offer.
const SORT_KEY: &str = "OFFER";

/// Is it by that sort key that an offer lies in the table? For whoever reads the table's stream.
pub fn is_offer_key(sort_key: &str) -> bool {
    sort_key == SORT_KEY
}

impl Catalog {
    /// The offers of SKUs (100 at most, each once), archived ones too, in no order; those that exist.
    pub async fn offers(&self, skus: &[Sku]) -> Result<Vec<Offer>> {
        let keys: Vec<Key> = skus.iter().map(|sku| self.offer_key(sku)).collect();
        self.table.batch_get(&keys).await
    }

    /// Where the offer of a SKU lies, for whoever reads it together with a row of its own.
    pub fn offer_key(&self, sku: &Sku) -> Key {
        Key::new(format!("SKU#{sku}"), SORT_KEY)
    }

    /// The write of a new offer; refused when its SKU is taken.
    pub(crate) fn create_offer(&self, offer: &Offer) -> Result<Write> {
        Write::create(&self.table, self.offer_key(&offer.sku), offer)
    }

    /// The write that gives an offer another name, price, tax class or status. Beside the product's version, in the same
    /// transaction, its condition is the price that it was made from: rows that were read together may have been written apart.
    /// The stock, which sales move meanwhile, is not touched.
    pub(crate) fn change_offer(&self, was: &Offer, offer: &Offer) -> Result<Write> {
        let mut set =
            "SET #name = :name, price = :price, priceVersion = :pv, taxClass = :tax, #status = :status".to_owned();
        let mut remove = Vec::new();
        for (attribute, is_there) in [
            ("compareAtPrice", offer.compare_at_price.is_some()),
            ("weight", offer.weight.is_some()),
            ("productVersion", offer.product_version.is_some()),
        ] {
            match is_there {
                true => set += &format!(", {attribute} = :{attribute}"),
                false => remove.push(attribute),
            }
        }
        if !remove.is_empty() {
            set += &format!(" REMOVE {}", remove.join(", "));
        }
        let mut write = Write::update(&self.table, self.offer_key(&offer.sku), set)
            .when("priceVersion = :was")
            .name("#name", "name")
            .name("#status", "status")
            .value(":was", was.price_version)?
            .value(":name", &offer.name)?
            .value(":price", offer.price)?
            .value(":pv", offer.price_version)?
            .value(":tax", &offer.tax_class)?
            .value(":status", offer.status)?;
        if let Some(price) = offer.compare_at_price {
            write = write.value(":compareAtPrice", price)?;
        }
        if let Some(grams) = offer.weight {
            write = write.value(":weight", grams)?;
        }
        if let Some(version) = offer.product_version {
            write = write.value(":productVersion", version)?;
        }
        Ok(write)
    }
}
