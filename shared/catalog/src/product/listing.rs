//! A product with all that is sold of it, and what customers think of it: what a page shows.

use serde::{Deserialize, Serialize};
use values::{Error, Money, ProductId, Result, Sku, Timestamp};

use crate::{Draft, Goods, Offer, Product, Range, Rating, Sheet, Status, Stock, Terms};

/// A product with its offers and its rating.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// The product.
    pub product: Product,
    /// The offer of its own SKU: what is sold or, of a product with variants, what stands for all of them.
    pub lead: Offer,
    /// The offers of its variants, in their order.
    pub variants: Vec<Offer>,
    /// What customers think of it.
    pub rating: Rating,
}

impl Listing {
    /// All offers: the lead first, then those of the variants.
    pub fn offers(&self) -> impl Iterator<Item = &Offer> {
        std::iter::once(&self.lead).chain(&self.variants)
    }

    /// The offers that can be bought: the one, or those of the variants; none of a product that is out of the shop.
    pub fn sold(&self) -> impl Iterator<Item = &Offer> {
        self.offers().filter(|offer| offer.is_active())
    }

    /// The offer of one of its SKUs.
    pub fn offer(&self, sku: &Sku) -> Option<&Offer> {
        self.offers().find(|offer| offer.sku == *sku)
    }

    /// Pieces that there are, of all variants together.
    pub fn available(&self) -> u32 {
        self.offers().map(|offer| offer.available).sum()
    }

    /// Of one piece; the lowest of all variants.
    pub fn price(&self) -> Money {
        self.lead.price
    }

    /// The sheet as it stands now.
    pub fn sheet(&self) -> Sheet {
        let Product { name, description, category, brand, tags, attributes, .. } = self.product.clone();
        let goods = match self.product.variants.is_empty() {
            true => Goods::Single(self.lead.terms()),
            false => {
                let variants = self.product.variants.iter().cloned().zip(self.variants.iter().map(Offer::terms));
                Goods::Variants(Range { options: self.product.options.clone(), variants: variants.collect() })
            }
        };
        let tax_class = self.lead.tax_class.clone();
        Sheet { name, description, category, brand, tags, attributes, tax_class, goods }
    }

    /// What makes one answer differ from another: the version, the changes of its offers and those of the rating, with dots
    /// between them. An edit's `If-Match` looks at the version alone, so that neither a sale nor a review refuses it.
    pub fn tag(&self) -> String {
        format!("{}.{}.{}", self.product.version, self.moves(), self.rating.changes)
    }

    /// How often anything of its offers moved that makes no version, or makes one of its own.
    pub(crate) fn moves(&self) -> u64 {
        self.offers().map(|offer| offer.stock_version + offer.price_version).sum()
    }

    /// The first version.
    pub(crate) fn begin(draft: &Draft, id: ProductId, now: Timestamp) -> Result<Self> {
        let product = draft.sheet.product(id, draft.sku.clone(), now);
        let (mut lead, mut variants) = draft.sheet.offers(&product, &draft.stock, |_| None)?;
        for offer in std::iter::once(&mut lead).chain(&mut variants) {
            offer.counted_by.clone_from(&draft.line);
        }
        Ok(Self { product, lead, variants, rating: Rating::default() })
    }

    /// Are the rows of one version? Rows that were read together may have been written apart.
    pub fn is_whole(&self) -> bool {
        self.lead.product_version.is_none_or(|version| version == self.product.version)
    }

    /// The next version, which says what `sheet` says. Another price has another version; the same price keeps it, so that a
    /// changed description refuses nobody's order. A SKU that is there keeps its pieces, a new one begins with those of `stock`.
    pub(crate) fn rewritten(&self, sheet: &Sheet, stock: &Stock, now: Timestamp) -> Result<Self> {
        let Product { id, sku, images, status, version, created_at, .. } = self.product.clone();
        let product = Product { images, status, version: version + 1, created_at, ..sheet.product(id, sku, now) };
        let (lead, variants) = sheet.offers(&product, stock, |sku| self.offer(sku))?;
        Ok(Self { product, lead, variants, rating: self.rating })
    }

    /// The next version, out of the shop.
    pub(crate) fn archived(&self, now: Timestamp) -> Self {
        let mut after = self.changed(now, |product| product.status = Status::Archived);
        for offer in std::iter::once(&mut after.lead).chain(&mut after.variants) {
            offer.status = Status::Archived;
        }
        after
    }

    /// The next version, changed by hand: its pictures, say.
    pub(crate) fn changed(&self, now: Timestamp, change: impl FnOnce(&mut Product)) -> Self {
        let mut after = self.clone();
        change(&mut after.product);
        after.product.version = self.product.version + 1;
        after.product.updated_at = now;
        after.lead.product_version = Some(after.product.version);
        after
    }

    /// The offer whose pieces are counted: that of the SKU, or the only one.
    pub(crate) fn counted(&self, sku: Option<&Sku>) -> Result<&Offer> {
        let Some(sku) = sku else { return self.lead.check_single("sku").map(|()| &self.lead) };
        let offer =
            self.offer(sku).ok_or_else(|| Error::invalid("sku", "sku_unknown", "is not a SKU of this product"))?;
        offer.check_single("sku").map(|()| offer)
    }

    /// With an offer as it is now.
    pub(crate) fn with(&self, offer: Offer) -> Self {
        let mut now = self.clone();
        match now.variants.iter_mut().find(|there| there.sku == offer.sku) {
            Some(there) => *there = offer,
            None => now.lead = offer,
        }
        now
    }
}

impl Sheet {
    /// The first version of the product that says this.
    pub(crate) fn product(&self, id: ProductId, sku: Sku, now: Timestamp) -> Product {
        let (options, variants) = match &self.goods {
            Goods::Single(_) => (Vec::new(), Vec::new()),
            Goods::Variants(range) => {
                (range.options.clone(), range.variants.iter().map(|(variant, _)| variant.clone()).collect())
            }
        };
        let Self { name, description, category, brand, tags, attributes, .. } = self.clone();
        let (images, status, version) = (Vec::new(), Status::Active, 1);
        Product {
            id,
            sku,
            name,
            description,
            category,
            brand,
            tags,
            attributes,
            options,
            variants,
            images,
            status,
            version,
            created_at: now,
            updated_at: now,
        }
    }

    /// The offers of a product that says this: the lead, and those of its variants. `before` are those that are there.
    pub(crate) fn offers<'a>(
        &self,
        product: &Product,
        stock: &Stock,
        before: impl Fn(&Sku) -> Option<&'a Offer>,
    ) -> Result<(Offer, Vec<Offer>)> {
        let offer = |sku: &Sku, name: String, terms: Terms, status: Status| {
            let fresh = || Offer {
                sku: sku.clone(),
                product_id: product.id,
                name: name.clone(),
                available: stock.get(sku).copied().unwrap_or(0),
                price: terms.price,
                price_version: 1,
                status,
                tax_class: self.tax_class.clone(),
                stock_version: 1,
                compare_at_price: None,
                weight: None,
                product_version: None,
                counted_by: None,
            };
            let there = before(sku).cloned().unwrap_or_else(fresh);
            Offer {
                price_version: there.price_version + u64::from(terms.price != there.price),
                name,
                price: terms.price,
                tax_class: self.tax_class.clone(),
                compare_at_price: terms.compare_at_price,
                weight: terms.weight,
                ..there
            }
        };
        let name = self.name.as_str();
        let (lead, variants) = match &self.goods {
            Goods::Single(terms) => (offer(&product.sku, name.to_owned(), *terms, Status::Active), Vec::new()),
            Goods::Variants(range) => {
                let sold = |(variant, terms): &(crate::Variant, Terms)| {
                    offer(&variant.sku, range.name(name, variant), *terms, Status::Active)
                };
                let variants: Vec<Offer> = range.variants.iter().map(sold).collect();
                let cheapest = range.cheapest().ok_or_else(|| Error::internal("variants of which there is none"))?;
                (offer(&product.sku, name.to_owned(), cheapest, Status::Grouped), variants)
            }
        };
        Ok((Offer { product_version: Some(product.version), ..lead }, variants))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::product::content::tests::sheet;
    use crate::product::terms::tests::eur;
    use crate::product::variants::tests::{shirts, variant};
    use proptest::prelude::*;
    use values::Clock;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    /// A mug, of which there are three.
    pub(crate) fn listing() -> Listing {
        let (sku, clock): (Sku, _) = ("MUG-INDIGO".parse().unwrap(), Clock::fixed(now()));
        let draft = Draft { sku: sku.clone(), sheet: sheet(), stock: [(sku, 3)].into(), line: None };
        Listing::begin(&draft, clock.mint(), clock.now()).unwrap()
    }

    /// Shirts in two variants, of which there are four and none.
    pub(crate) fn shirt() -> Listing {
        let clock = Clock::fixed(now());
        let sheet = Sheet { goods: Goods::Variants(shirts()), ..sheet() };
        let draft =
            Draft { sku: "TEE".parse().unwrap(), sheet, stock: [("TEE-M-RED".parse().unwrap(), 4)].into(), line: None };
        Listing::begin(&draft, clock.mint(), clock.now()).unwrap()
    }

    #[test]
    fn the_tag_changes_with_version_stock_and_rating() {
        let before = listing();
        let mut sold = listing();
        (sold.lead.available, sold.lead.stock_version) = (2, 2);
        let judged = Listing { rating: Rating { sum: 5, count: 1, changes: 1 }, ..listing() };
        assert_eq!([before.tag(), sold.tag(), judged.tag()], ["1.2.0", "1.3.0", "1.2.1"]);
        assert_eq!(shirt().tag(), "1.6.0", "of all its SKUs");
    }

    #[test]
    fn a_sheet_is_read_back_from_its_listing() {
        assert_eq!(listing().sheet(), sheet());
        assert_eq!(shirt().sheet().goods, Goods::Variants(shirts()));
    }

    #[test]
    fn variants_are_sold_and_the_product_that_groups_them_is_not() {
        let shirt = shirt();
        assert_eq!((shirt.lead.status, shirt.lead.available, shirt.lead.price), (Status::Grouped, 0, eur(1_800)));
        let sold: Vec<_> = shirt.sold().map(|offer| (offer.name.as_str(), offer.available)).collect();
        assert_eq!(sold, [("Indigo Mug (M, red)", 4), ("Indigo Mug (S, blue)", 0)]);
        assert_eq!((shirt.available(), listing().available()), (4, 3));
        assert_eq!(shirt.archived(now()).sold().count(), 0);
    }

    #[test]
    fn another_price_has_another_version_and_another_word_has_not() {
        let before = listing();
        let same = before.rewritten(&before.sheet(), &Stock::new(), now()).unwrap();
        assert_eq!((same.product.version, same.lead.price_version, same.lead.product_version), (2, 1, Some(2)));
        let dearer = Sheet { goods: Goods::Single(Terms::at(eur(1_491))), ..sheet() };
        let after = before.rewritten(&dearer, &Stock::new(), now()).unwrap();
        assert_eq!((after.product.version, after.lead.price_version), (2, 2));
        assert_eq!(after.lead.available, before.lead.available);
    }

    #[test]
    fn what_a_product_was_made_at_and_looks_like_outlives_its_words() {
        let image = crate::images::image::tests::image();
        let before = listing().changed(now(), |product| product.images.push(image.clone()));
        let after = before.rewritten(&sheet(), &Stock::new(), now().plus_seconds(9)).unwrap();
        assert_eq!((after.product.images, after.product.version), (vec![image], 3));
        assert_eq!(
            (after.product.created_at, after.product.updated_at),
            (before.product.created_at, now().plus_seconds(9))
        );
    }

    proptest! {
        #[test]
        fn a_rewritten_product_keeps_the_stock_of_what_stays_and_begins_what_is_new(
            kept in prop::sample::subsequence(vec![0usize, 1], 0..=2), new in 0usize..3, told in 0u32..9, price in 1i64..9,
        ) {
            let before = shirt();
            let mut range = shirts();
            let mut variants: Vec<_> = kept.iter().map(|at| range.variants[*at].clone()).collect();
            variants.iter_mut().for_each(|(_, terms)| terms.price = eur(price));
            let sizes = [("S", "red"), ("M", "blue"), ("L", "blue")];
            variants.extend((0..new).map(|n| variant(&format!("NEW-{n}"), sizes[n].0, sizes[n].1, price)));
            prop_assume!(!variants.is_empty());
            range.variants = variants;
            let skus = ["TEE-M-RED", "TEE-S-BLUE", "NEW-0", "NEW-1", "NEW-2"];
            let stock: Stock = skus.iter().map(|sku| (sku.parse().unwrap(), told)).collect();
            let sheet = Sheet { goods: Goods::Variants(range), ..sheet() };
            let after = before.rewritten(&sheet, &stock, now()).unwrap();
            prop_assert_eq!(&after.sheet(), &sheet);
            for offer in &after.variants {
                match before.offer(&offer.sku) {
                    Some(was) => {
                        prop_assert_eq!((offer.available, offer.stock_version), (was.available, was.stock_version));
                        prop_assert_eq!(offer.price_version, was.price_version + u64::from(was.price != offer.price));
                    }
                    None => prop_assert_eq!((offer.available, offer.price_version), (told, 1)),
                }
            }
            prop_assert_eq!((after.lead.available, after.lead.product_version), (0, Some(2)));
        }
    }
}
