//! Offers: one small row per SKU. Carts and orders read them, sales and adjustments change their stock.

use aws_kit::{Key, Write};
use values::{Result, Sku};

use crate::{Catalog, Offer};

const SORT_KEY: &str = "OFFER";

/// Is this the sort key of an offer? For readers of the table's stream.
pub fn is_offer_key(sort_key: &str) -> bool {
    sort_key == SORT_KEY
}

impl Catalog {
    /// The existing offers of up to 100 distinct SKUs, in no order. Archived offers are included.
    pub async fn offers(&self, skus: &[Sku]) -> Result<Vec<Offer>> {
        let keys: Vec<Key> = skus.iter().map(|sku| self.offer_key(sku)).collect();
        self.table.batch_get(&keys).await
    }

    /// The key of a SKU's offer, to read it together with other rows.
    pub fn offer_key(&self, sku: &Sku) -> Key {
        Key::new(format!("SKU#{sku}"), SORT_KEY)
    }

    /// The write of a new offer. Its condition fails if the SKU is taken.
    pub(crate) fn create_offer(&self, offer: &Offer) -> Result<Write> {
        Write::create(&self.table, self.offer_key(&offer.sku), offer)
    }

    /// The write that changes name, price, tax class or status of an offer. It does not touch the stock, which sales
    /// change meanwhile. The transaction also checks the product's version. The condition here is the old price
    /// version, because rows that were read together may have been written by different transactions.
    pub(crate) fn change_offer(&self, was: &Offer, offer: &Offer) -> Result<Write> {
        let mut set =
            "SET #name = :name, price = :price, priceVersion = :pv, taxClass = :tax, #status = :status".to_owned();
        let mut remove = Vec::new();
        for (attribute, is_there) in [
            ("compareAtPrice", offer.compare_at_price.is_some()),
            ("weight", offer.weight.is_some()),
            ("maxPerOrder", offer.max_per_order.is_some()),
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
        if let Some(pieces) = offer.max_per_order {
            write = write.value(":maxPerOrder", pieces)?;
        }
        if let Some(version) = offer.product_version {
            write = write.value(":productVersion", version)?;
        }
        Ok(write)
    }
}
