//! Offers: one small row per SKU. Carts and orders read them, sales and adjustments change their stock.

use aws_kit::fault::mutant;
use aws_kit::{Key, Write};
use serde::{Deserialize, Serialize};
use values::{ProductId, Result, Sku};

use crate::flash::store::LIST;
use crate::{Catalog, FlashSale, Offer};

const SORT_KEY: &str = "OFFER";

/// The claim of a SKU in all letter cases: a product with `BUG-X` claims `bug-x`, too. It is written once, and never deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SkuClaim {
    /// The SKU as the first product has written it.
    pub(crate) sku: Sku,
    pub(crate) product_id: ProductId,
}

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

    /// The claims of SKUs in all letter cases, 100 at most, in no order. 1 round trip.
    pub(crate) async fn sku_claims(&self, skus: &[Sku]) -> Result<Vec<SkuClaim>> {
        let mut keys: Vec<Key> = skus.iter().map(claim_key).collect();
        keys.sort_by(|a, b| a.pk.cmp(&b.pk));
        keys.dedup();
        self.table.batch_get(&keys).await
    }

    /// The write that claims a SKU in all letter cases. Its condition fails if there is a claim of another spelling.
    pub(crate) fn claim_sku(&self, sku: &Sku, product: ProductId) -> Result<Write> {
        let claim = SkuClaim { sku: sku.clone(), product_id: product };
        let write = Write::put(&self.table, claim_key(sku), &claim)?;
        let or_any = if mutant("other_case_accepted") { " OR attribute_exists(pk)" } else { "" };
        write.when(format!("attribute_not_exists(pk) OR sku = :sku{or_any}")).value(":sku", sku)
    }

    /// The write that changes name, price, tax class, status or buckets of an offer. It does not touch the stock, which
    /// sales change meanwhile. The transaction also checks the product's version. The condition here is the old price
    /// version, because rows that were read together may have been written by different transactions. Buckets are changed only while
    /// all bounds are 0, as `was` has them, and no rebalance has raised one since.
    pub(crate) fn change_offer(&self, was: &Offer, offer: &Offer) -> Result<Write> {
        let mut set =
            "SET #name = :name, price = :price, priceVersion = :pv, taxClass = :tax, #status = :status".to_owned();
        let mut remove = Vec::new();
        let mut condition = "priceVersion = :was".to_owned();
        let change = FlashChange::of(was, offer);
        match change {
            FlashChange::None => {}
            FlashChange::Terms(_) => set += ", flash.terms = :terms",
            FlashChange::Begin(_) => set += ", flash = :flash, gsi3pk = :list, gsi3sk = :sku",
            FlashChange::Replace(_) => set += ", flash = :flash",
            FlashChange::End => remove.extend(["flash", "gsi3pk", "gsi3sk"]),
        }
        match change {
            FlashChange::None | FlashChange::Terms(_) => {}
            FlashChange::Begin(_) => condition += " AND attribute_not_exists(flash)",
            FlashChange::Replace(_) | FlashChange::End if was.rebalances == 0 => {
                condition += " AND attribute_not_exists(rebalances)";
            }
            FlashChange::Replace(_) | FlashChange::End => condition += " AND rebalances = :rebalances",
        }
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
            .when(condition)
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
        if matches!(change, FlashChange::Replace(_) | FlashChange::End) && was.rebalances > 0 {
            write = write.value(":rebalances", was.rebalances)?;
        }
        match change {
            FlashChange::None | FlashChange::End => Ok(write),
            FlashChange::Terms(terms) => write.value(":terms", terms),
            FlashChange::Begin(flash) => write.value(":flash", flash)?.value(":list", LIST)?.value(":sku", &offer.sku),
            FlashChange::Replace(flash) => write.value(":flash", flash),
        }
    }
}

/// How a change of an offer changes what it knows of its buckets.
#[derive(Debug, Clone, Copy)]
enum FlashChange<'o> {
    None,
    /// The buckets are behind.
    Terms(u64),
    Begin(&'o FlashSale),
    /// Another number of buckets.
    Replace(&'o FlashSale),
    End,
}

impl<'o> FlashChange<'o> {
    fn of(was: &Offer, offer: &'o Offer) -> Self {
        match (&was.flash, &offer.flash) {
            (Some(was), Some(flash)) if was.buckets != flash.buckets => Self::Replace(flash),
            (Some(was), Some(flash)) if was.terms != flash.terms => Self::Terms(flash.terms),
            (None, None) | (Some(_), Some(_)) => Self::None,
            (None, Some(flash)) => Self::Begin(flash),
            (Some(_), None) => Self::End,
        }
    }
}

fn claim_key(sku: &Sku) -> Key {
    Key::new(format!("SKUCASE#{}", sku.in_lower_case()), "CLAIM")
}
