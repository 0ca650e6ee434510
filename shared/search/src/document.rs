//! A product in the index: the text to search, the numbers to sort and filter by, and the JSON to show.

use catalog::{Attribute, Listing, MAX_VARIANTS, Offer, Product};
use tantivy::TantivyDocument;
use values::{Error, ProductId, Result};

use crate::document_facets::{DocumentFacets, FacetKind, OptionFacet};
use crate::joined_words::{TextKind, joined_words};
use crate::schema::{Fields, SEPARATOR};
use crate::sku_terms::sku_terms;
use crate::stems::stem;

// One bit of a number stands for one variant.
const _: () = assert!(MAX_VARIANTS <= 64);

/// A variant that is for sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentVariant {
    /// Names and values of its options.
    pub options: Vec<(String, String)>,
    pub offer: VariantOffer,
}

/// Price and stock of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariantOffer {
    /// In minor units.
    pub price: u64,
    /// Whether at least one piece is for sale.
    pub in_stock: bool,
}

impl VariantOffer {
    fn of(offer: &Offer) -> Self {
        Self { price: u64::try_from(offer.price.amount).unwrap_or(0), in_stock: offer.at_most() > 0 }
    }

    /// Both in one number.
    fn packed(self) -> u64 {
        self.price << 1 | u64::from(self.in_stock)
    }

    pub(crate) fn unpacked(number: u64) -> Self {
        Self { price: number >> 1, in_stock: number & 1 == 1 }
    }
}

/// The rating of a product.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rating {
    /// The average in hundredths of a star, 100 to 500; 0 without a review.
    pub hundredths: u32,
    /// The number of reviews.
    pub count: u32,
}

impl Rating {
    /// A number that sorts by the average, then by the number of reviews.
    pub(crate) fn key(self) -> u64 {
        u64::from(self.hundredths) << 32 | u64::from(self.count)
    }

    /// The average in a key, in hundredths of a star.
    pub(crate) fn hundredths_in(key: u64) -> u64 {
        key >> 32
    }
}

/// A product to write to the index.
#[derive(Debug, Clone)]
pub struct Document {
    /// The id. Ids sort by the time of their creation.
    pub id: ProductId,
    /// Its own SKU and those of its variants.
    pub skus: Vec<String>,
    pub name: String,
    pub description: String,
    pub brand: Option<String>,
    /// The key of its category.
    pub category: String,
    pub tags: Vec<String>,
    /// Attributes of the product itself: names and values.
    pub attributes: Vec<(String, String)>,
    /// The variants that are for sale. Empty for a product with one SKU.
    pub variants: Vec<DocumentVariant>,
    /// The price, or the lowest price of its variants that are for sale, in minor units.
    pub price: u64,
    pub rating: Rating,
    /// Whether at least one piece is for sale.
    pub in_stock: bool,
    /// The JSON of the product, as search results show it.
    pub product_json: String,
}

impl Document {
    /// Builds the document of a product. Customers can search and filter by options of variants as by attributes.
    pub fn of(listing: &Listing) -> Result<Self> {
        let product = &listing.product;
        let text = |attribute: &Attribute| match attribute {
            Attribute::Flag(flag) => flag.to_string(),
            Attribute::Number(number) => number.to_string(),
            Attribute::Text(text) => text.clone(),
        };
        let hundredths = listing.rating.average().map_or(0.0, |average| (average * 100.0).round());
        Ok(Self {
            id: product.id,
            skus: product.skus().map(|sku| sku.as_str().to_owned()).collect(),
            name: product.name.as_str().to_owned(),
            description: product.description.as_str().to_owned(),
            brand: product.brand.as_ref().map(|brand| brand.as_str().to_owned()),
            category: product.category.as_str().to_owned(),
            tags: product.tags.iter().map(str::to_owned).collect(),
            attributes: product.attributes.iter().map(|(name, value)| (name.to_owned(), text(value))).collect(),
            variants: variants(product, listing),
            price: u64::try_from(listing.price().amount).unwrap_or(0),
            rating: Rating { hundredths: hundredths as u32, count: listing.rating.count },
            in_stock: listing.active_offers().any(|offer| offer.at_most() > 0),
            product_json: serde_json::to_string(product).map_err(Error::internal)?,
        })
    }

    /// Converts to a document of tantivy.
    pub(crate) fn to_tantivy(&self, fields: &Fields) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        let (high, low) = halves(self.id);
        document.add_bytes(fields.id, self.id.uuid().as_bytes());
        document.add_u64(fields.id_high, high);
        document.add_u64(fields.id_low, low);
        document.add_u64(fields.price, self.price);
        document.add_u64(fields.rating, self.rating.key());
        document.add_u64(fields.stock, self.in_stock.into());
        let DocumentFacets { of_options, of_product } = self.facets();
        for facet in of_options.iter().map(|option| &option.text).chain(&of_product) {
            document.add_text(fields.facets, facet);
        }
        if let (Some(offers), Some(option_bits)) = (fields.offers, fields.option_bits) {
            self.variants.iter().for_each(|variant| document.add_u64(offers, variant.offer.packed()));
            of_options.iter().for_each(|option| document.add_u64(option_bits, option.variants));
        }
        let texts = self.texts(&of_options);
        for ((field, _), texts) in fields.texts.iter().zip(&texts) {
            document.add_text(*field, texts.join(" "));
        }
        let [labels @ .., prose] = &texts;
        document.add_text(fields.labels, labels.concat().join(" "));
        document.add_text(fields.prose, prose.concat());
        self.add_joined_words(&mut document, fields, &labels.concat());
        for term in self.skus.iter().flat_map(|sku| sku_terms(sku)) {
            fields.skus.iter().for_each(|field| document.add_text(*field, &term));
        }
        document.add_text(fields.name, &self.name);
        document.add_text(fields.product_json, &self.product_json);
        document
    }

    /// Joined words are found like words, and those of hyphenated labels are completed, too.
    fn add_joined_words(&self, document: &mut TantivyDocument, fields: &Fields, labels: &[String]) {
        let Some(joined) = fields.joined else { return };
        let of_labels = labels.iter().flat_map(|label| joined_words(label, TextKind::Label));
        let mut words: Vec<String> = of_labels.chain(joined_words(&self.description, TextKind::Prose)).collect();
        words.iter_mut().for_each(|word| *word = stem(word));
        words.sort_unstable();
        words.dedup();
        words.iter().for_each(|word| document.add_text(joined, word));
        for word in labels.iter().flat_map(|label| joined_words(label, TextKind::Hyphenated)) {
            document.add_text(fields.labels, word);
        }
    }

    fn facets(&self) -> DocumentFacets {
        let category = std::iter::once(FacetKind::Category.text(&self.category));
        let brand = self.brand.iter().map(|brand| FacetKind::Brand.text(brand));
        let tags = self.tags.iter().map(|tag| FacetKind::Tag.text(tag));
        let texts = |attributes: &[(String, String)]| {
            let attributes = attributes.iter().map(|(name, value)| (name.trim(), value.trim()));
            // A filter cannot name an empty value.
            let attributes = attributes.filter(|(_, value)| !value.is_empty());
            attributes.map(|(name, value)| FacetKind::attribute(name, value)).collect::<Vec<_>>()
        };
        let product = category.chain(brand).chain(tags).chain(texts(&self.attributes));
        DocumentFacets::new(product, self.variants.iter().map(|variant| texts(&variant.options)))
    }

    /// The texts in the order of [`crate::schema::TEXTS`].
    fn texts(&self, options: &[OptionFacet]) -> [Vec<String>; 6] {
        let options = options.iter().filter_map(|option| option.text.get(1..)?.split_once(SEPARATOR));
        let attributes = self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        [
            vec![self.name.clone()],
            self.brand.iter().cloned().collect(),
            self.tags.clone(),
            vec![self.category.clone()],
            attributes.chain(options).filter_map(|(name, value)| attribute_words(name, value)).collect(),
            vec![self.description.clone()],
        ]
    }
}

/// The variants whose offers are active.
fn variants(product: &Product, listing: &Listing) -> Vec<DocumentVariant> {
    let of = |variant: &catalog::Variant| {
        let offer = listing.offer(&variant.sku).filter(|offer| offer.is_active())?;
        let options = variant.options.iter().map(|(name, value)| (name.clone(), value.as_str().to_owned()));
        Some(DocumentVariant { options: options.collect(), offer: VariantOffer::of(offer) })
    };
    product.variants.iter().filter_map(of).collect()
}

/// The two halves of an id. Each sorts as the id does.
pub(crate) fn halves(id: ProductId) -> (u64, u64) {
    let id = id.uuid().as_u128();
    ((id >> 64) as u64, id as u64)
}

/// The searchable words of an attribute. `volumeMl: 350` becomes `volume Ml 350`. A flag becomes its name if it is
/// `true`, and nothing if it is `false`.
fn attribute_words(name: &str, value: &str) -> Option<String> {
    let mut spaced = String::with_capacity(name.len() + 8);
    let mut after_lowercase = false;
    for letter in name.chars() {
        if after_lowercase && letter.is_uppercase() {
            spaced.push(' ');
        }
        after_lowercase = letter.is_lowercase();
        spaced.push(letter);
    }
    match value {
        "false" => None,
        "true" => Some(spaced),
        value => Some(format!("{spaced} {value}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_becomes_words() {
        let words = attribute_words;
        assert_eq!(words("volumeMl", "350").as_deref(), Some("volume Ml 350"));
        assert_eq!(words("dishwasherSafe", "true").as_deref(), Some("dishwasher Safe"));
        assert_eq!(words("glazed", "false"), None);
        assert_eq!(words("USB ports", "2").as_deref(), Some("USB ports 2"));
    }

    #[test]
    fn better_average_comes_before_more_reviews() {
        let key = |hundredths, count| Rating { hundredths, count }.key();
        assert!(key(450, 1) > key(449, 1000) && key(450, 2) > key(450, 1) && key(100, 1) > Rating::default().key());
        assert_eq!(Rating::hundredths_in(key(450, 7)), 450);
    }

    #[test]
    fn offer_survives_its_packing() {
        for offer in [VariantOffer { price: 0, in_stock: true }, VariantOffer { price: 100_000_000, in_stock: false }] {
            assert_eq!(VariantOffer::unpacked(offer.packed()), offer);
        }
    }
}
