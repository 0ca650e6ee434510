//! A product with its offers and its rating: what a product page shows.

use serde::{Deserialize, Serialize};
use values::{Error, Money, ProductId, Result, Sku, Timestamp};

use crate::{Draft, Offer, OfferTerms, Product, ProductContent, ProductKind, Rating, Status, StockLevels, VariantSet};

/// A product with its offers and its rating.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    pub product: Product,
    /// The offer of the product's own SKU. A product with variants is not sold under it: it then shows the lowest
    /// price.
    #[serde(rename = "lead")]
    pub main_offer: Offer,
    /// The offers of the variants, in the order of the variants.
    pub variants: Vec<Offer>,
    pub rating: Rating,
    /// The offers of the variants that a change removes. Only the answer to that change has them.
    #[serde(skip)]
    pub removed: Vec<Offer>,
}

impl Listing {
    /// All offers: first the main offer, then those of the variants.
    pub fn offers(&self) -> impl Iterator<Item = &Offer> {
        std::iter::once(&self.main_offer).chain(&self.variants)
    }

    pub(crate) fn offers_mut(&mut self) -> impl Iterator<Item = &mut Offer> {
        std::iter::once(&mut self.main_offer).chain(&mut self.variants)
    }

    /// The offers that can be bought: the main offer, or those of the variants. An archived product has none.
    pub fn active_offers(&self) -> impl Iterator<Item = &Offer> {
        self.offers().filter(|offer| offer.is_active())
    }

    /// The offer of one of the product's SKUs.
    pub fn offer(&self, sku: &Sku) -> Option<&Offer> {
        self.offers().find(|offer| offer.sku == *sku)
    }

    /// The pieces of all SKUs together.
    pub fn available(&self) -> u32 {
        self.offers().map(Offer::pieces).sum()
    }

    /// The price of one piece. With variants, the lowest price.
    pub fn price(&self) -> Money {
        self.main_offer.price
    }

    /// The current content.
    pub fn content(&self) -> ProductContent {
        let Product { name, description, category, brand, tags, attributes, .. } = self.product.clone();
        let kind = match self.product.variants.is_empty() {
            true => ProductKind::Single(self.main_offer.terms()),
            false => {
                let variants = self.product.variants.iter().cloned().zip(self.variants.iter().map(Offer::terms));
                ProductKind::Variants(VariantSet {
                    options: self.product.options.clone(),
                    variants: variants.collect(),
                })
            }
        };
        let tax_class = self.main_offer.tax_class.clone();
        ProductContent { name, description, category, brand, tags, attributes, tax_class, kind }
    }

    /// The entity tag: the product's version, the changes of its offers and those of its rating, with dots between
    /// them. `If-Match` on an edit compares the version only, so neither a sale nor a review makes an edit fail.
    pub fn etag(&self) -> String {
        format!("{}.{}.{}", self.product.version, self.offer_changes(), self.rating.changes)
    }

    /// How often the price or the stock of an offer changed.
    pub(crate) fn offer_changes(&self) -> u64 {
        self.offers().map(Offer::changes).sum()
    }

    /// The same without rebalances, which change neither.
    pub(crate) fn changes_without_rebalances(&self) -> u64 {
        self.offers().map(|offer| offer.changes().saturating_sub(offer.rebalances)).sum()
    }

    /// The first version of a new product.
    pub(crate) fn new(draft: &Draft, id: ProductId, now: Timestamp) -> Result<Self> {
        let product = draft.content.product(id, draft.sku.clone(), now);
        let (mut main_offer, mut variants) = draft.content.offers(&product, &draft.stock, |_| None)?;
        for offer in std::iter::once(&mut main_offer).chain(&mut variants) {
            offer.counted_by.clone_from(&draft.import_line);
        }
        Ok(Self { product, main_offer, variants, rating: Rating::default(), removed: Vec::new() })
    }

    /// Do the rows belong to one version? Rows that were read together may have been written by different transactions.
    pub fn is_consistent(&self) -> bool {
        self.main_offer.product_version.is_none_or(|version| version == self.product.version)
    }

    /// The next version, with `content`. A changed price gets a new price version. The same price keeps its version, so
    /// that a changed description makes no order fail. An existing SKU keeps its stock; a new SKU starts with the
    /// pieces in `stock`.
    pub(crate) fn with_content(&self, content: &ProductContent, stock: &StockLevels, now: Timestamp) -> Result<Self> {
        let Product { id, sku, images, status, version, created_at, .. } = self.product.clone();
        let product = Product { images, status, version: version + 1, created_at, ..content.product(id, sku, now) };
        let (main_offer, variants) = content.offers(&product, stock, |sku| self.offer(sku))?;
        Ok(Self { product, main_offer, variants, rating: self.rating, removed: Vec::new() })
    }

    /// The next version, archived.
    pub(crate) fn as_archived(&self, now: Timestamp) -> Self {
        let mut after = self.with_change(now, |product| product.status = Status::Archived);
        after.offers_mut().for_each(|offer| offer.status = Status::Archived);
        after
    }

    /// The next version, with any other change, for example of its images.
    pub(crate) fn with_change(&self, now: Timestamp, change: impl FnOnce(&mut Product)) -> Self {
        let mut after = self.clone();
        change(&mut after.product);
        after.product.version = self.product.version + 1;
        after.product.updated_at = now;
        after.main_offer.product_version = Some(after.product.version);
        after
    }

    /// The offer whose stock is adjusted: the one of `sku`, or the main offer.
    pub(crate) fn countable_offer(&self, sku: Option<&Sku>) -> Result<&Offer> {
        let Some(sku) = sku else { return self.main_offer.check_single("sku").map(|()| &self.main_offer) };
        let offer =
            self.offer(sku).ok_or_else(|| Error::invalid("sku", "sku_unknown", "is not a SKU of this product"))?;
        offer.check_single("sku").map(|()| offer)
    }

    /// The listing with one offer replaced.
    pub(crate) fn with_offer(&self, offer: Offer) -> Self {
        let mut now = self.clone();
        match now.variants.iter_mut().find(|there| there.sku == offer.sku) {
            Some(there) => *there = offer,
            None => now.main_offer = offer,
        }
        now
    }
}

impl ProductContent {
    /// The first version of a product with this content.
    pub(crate) fn product(&self, id: ProductId, sku: Sku, now: Timestamp) -> Product {
        let (options, variants) = match &self.kind {
            ProductKind::Single(_) => (Vec::new(), Vec::new()),
            ProductKind::Variants(variant_set) => {
                (variant_set.options.clone(), variant_set.variants.iter().map(|(variant, _)| variant.clone()).collect())
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

    /// The offers of a product with this content: the main offer and those of its variants. `before` finds existing
    /// offers.
    pub(crate) fn offers<'a>(
        &self,
        product: &Product,
        stock: &StockLevels,
        before: impl Fn(&Sku) -> Option<&'a Offer>,
    ) -> Result<(Offer, Vec<Offer>)> {
        let offer = |sku: &Sku, name: String, terms: OfferTerms, status: Status| {
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
                max_per_order: None,
                product_version: None,
                counted_by: None,
                flash: None,
                rebalances: 0,
            };
            let there = before(sku).cloned().unwrap_or_else(fresh);
            Offer {
                price_version: there.price_version + u64::from(terms.price != there.price),
                name,
                price: terms.price,
                tax_class: self.tax_class.clone(),
                compare_at_price: terms.compare_at_price,
                weight: terms.weight,
                max_per_order: terms.max_per_order,
                ..there
            }
        };
        let name = self.name.as_str();
        let (main_offer, variants) = match &self.kind {
            ProductKind::Single(terms) => (offer(&product.sku, name.to_owned(), *terms, Status::Active), Vec::new()),
            ProductKind::Variants(variant_set) => {
                let sold = |(variant, terms): &(crate::Variant, OfferTerms)| {
                    offer(&variant.sku, variant_set.name(name, variant), *terms, Status::Active)
                };
                let variants: Vec<Offer> = variant_set.variants.iter().map(sold).collect();
                let cheapest = variant_set
                    .cheapest()
                    .ok_or_else(|| Error::internal("a product has no variants in its variant set"))?;
                (offer(&product.sku, name.to_owned(), cheapest, Status::Grouped), variants)
            }
        };
        Ok((Offer { product_version: Some(product.version), ..main_offer }, variants))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::product::content::tests::content;
    use crate::product::terms::tests::eur;
    use crate::product::variants::tests::{shirts, variant};
    use proptest::prelude::*;
    use values::Clock;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    /// A mug. There are 3 pieces.
    pub(crate) fn listing() -> Listing {
        let (sku, clock): (Sku, _) = ("MUG-INDIGO".parse().unwrap(), Clock::fixed(now()));
        let draft = Draft { sku: sku.clone(), content: content(), stock: [(sku, 3)].into(), import_line: None };
        Listing::new(&draft, clock.mint(), clock.now()).unwrap()
    }

    /// Shirts in two variants. There are 4 pieces of one and none of the other.
    pub(crate) fn shirt() -> Listing {
        let clock = Clock::fixed(now());
        let content = ProductContent { kind: ProductKind::Variants(shirts()), ..content() };
        let draft = Draft {
            sku: "TEE".parse().unwrap(),
            content,
            stock: [("TEE-M-RED".parse().unwrap(), 4)].into(),
            import_line: None,
        };
        Listing::new(&draft, clock.mint(), clock.now()).unwrap()
    }

    #[test]
    fn etag_changes_with_version_stock_and_rating() {
        let before = listing();
        let mut sold = listing();
        (sold.main_offer.available, sold.main_offer.stock_version) = (2, 2);
        let rated = Listing { rating: Rating { sum: 5, count: 1, changes: 1 }, ..listing() };
        assert_eq!([before.etag(), sold.etag(), rated.etag()], ["1.2.0", "1.3.0", "1.2.1"]);
        assert_eq!(shirt().etag(), "1.6.0", "of all its SKUs");
        let mut moved = listing();
        (moved.main_offer.stock_version, moved.main_offer.rebalances) = (2, 1);
        assert_eq!(moved.etag(), "1.3.0", "a reader may have seen pieces in no row");
        assert_eq!(moved.changes_without_rebalances(), before.changes_without_rebalances());
    }

    #[test]
    fn stored_listing_keeps_its_field_names() {
        let stored = serde_json::to_value(listing()).unwrap();
        let names: Vec<_> = stored.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["lead", "product", "rating", "variants"]);
    }

    #[test]
    fn content_reads_back_from_its_listing() {
        assert_eq!(listing().content(), content());
        assert_eq!(shirt().content().kind, ProductKind::Variants(shirts()));
    }

    #[test]
    fn product_with_variants_is_not_sold_itself() {
        let shirt = shirt();
        assert_eq!(
            (shirt.main_offer.status, shirt.main_offer.available, shirt.main_offer.price),
            (Status::Grouped, 0, eur(1_800))
        );
        let sold: Vec<_> = shirt.active_offers().map(|offer| (offer.name.as_str(), offer.available)).collect();
        assert_eq!(sold, [("Indigo Mug (M, red)", 4), ("Indigo Mug (S, blue)", 0)]);
        assert_eq!((shirt.available(), listing().available()), (4, 3));
        assert_eq!(shirt.as_archived(now()).active_offers().count(), 0);
    }

    #[test]
    fn only_a_changed_price_changes_the_price_version() {
        let before = listing();
        let same = before.with_content(&before.content(), &StockLevels::new(), now()).unwrap();
        assert_eq!(
            (same.product.version, same.main_offer.price_version, same.main_offer.product_version),
            (2, 1, Some(2))
        );
        let dearer = ProductContent { kind: ProductKind::Single(OfferTerms::at(eur(1_491))), ..content() };
        let after = before.with_content(&dearer, &StockLevels::new(), now()).unwrap();
        assert_eq!((after.product.version, after.main_offer.price_version), (2, 2));
        assert_eq!(after.main_offer.available, before.main_offer.available);
    }

    #[test]
    fn creation_time_and_images_survive_a_new_content() {
        let image = crate::images::image::tests::image();
        let before = listing().with_change(now(), |product| product.images.push(image.clone()));
        let after = before.with_content(&content(), &StockLevels::new(), now().plus_seconds(9)).unwrap();
        assert_eq!((after.product.images, after.product.version), (vec![image], 3));
        assert_eq!(
            (after.product.created_at, after.product.updated_at),
            (before.product.created_at, now().plus_seconds(9))
        );
    }

    proptest! {
        #[test]
        fn existing_skus_keep_their_stock_and_new_ones_start_with_theirs(
            kept in prop::sample::subsequence(vec![0usize, 1], 0..=2), new in 0usize..3, pieces in 0u32..9, price in 1i64..9,
        ) {
            let before = shirt();
            let mut variant_set = shirts();
            let mut variants: Vec<_> = kept.iter().map(|at| variant_set.variants[*at].clone()).collect();
            variants.iter_mut().for_each(|(_, terms)| terms.price = eur(price));
            let sizes = [("S", "red"), ("M", "blue"), ("L", "blue")];
            variants.extend((0..new).map(|n| variant(&format!("NEW-{n}"), sizes[n].0, sizes[n].1, price)));
            prop_assume!(!variants.is_empty());
            variant_set.variants = variants;
            let skus = ["TEE-M-RED", "TEE-S-BLUE", "NEW-0", "NEW-1", "NEW-2"];
            let stock: StockLevels = skus.iter().map(|sku| (sku.parse().unwrap(), pieces)).collect();
            let content = ProductContent { kind: ProductKind::Variants(variant_set), ..content() };
            let after = before.with_content(&content, &stock, now()).unwrap();
            prop_assert_eq!(&after.content(), &content);
            for offer in &after.variants {
                match before.offer(&offer.sku) {
                    Some(was) => {
                        prop_assert_eq!((offer.available, offer.stock_version), (was.available, was.stock_version));
                        prop_assert_eq!(offer.price_version, was.price_version + u64::from(was.price != offer.price));
                    }
                    None => prop_assert_eq!((offer.available, offer.price_version), (pieces, 1)),
                }
            }
            prop_assert_eq!((after.main_offer.available, after.main_offer.product_version), (0, Some(2)));
        }
    }
}
