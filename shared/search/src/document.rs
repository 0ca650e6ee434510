//! A product in the index: the text to search, the numbers to sort and filter by, and the JSON to show.

use catalog::{Attribute, Listing};
use tantivy::TantivyDocument;
use values::{Error, ProductId, Result};

use crate::schema::{Fields, SEPARATOR};

/// The kinds of facet values. In the index each text begins with the letter of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FacetKind {
    Attribute,
    Brand,
    Category,
    Tag,
}

impl FacetKind {
    pub(crate) fn prefix(self) -> char {
        match self {
            Self::Attribute => 'a',
            Self::Brand => 'b',
            Self::Category => 'c',
            Self::Tag => 't',
        }
    }

    /// The text in the index for this value.
    pub(crate) fn text(self, value: &str) -> String {
        format!("{}{value}", self.prefix())
    }

    /// The text in the index for the value of an attribute.
    pub(crate) fn attribute(name: &str, value: &str) -> String {
        Self::Attribute.text(&format!("{name}{SEPARATOR}{value}"))
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
    pub name: String,
    pub description: String,
    pub brand: Option<String>,
    /// The key of its category.
    pub category: String,
    pub tags: Vec<String>,
    /// Attributes and options of variants: names and values.
    pub attributes: Vec<(String, String)>,
    /// The lowest price of its variants that are for sale, in minor units.
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
        let mut attributes: Vec<(String, String)> =
            product.attributes.iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
        for (name, value) in product.variants.iter().flat_map(|variant| &variant.options) {
            let option = (name.clone(), value.as_str().to_owned());
            if !attributes.contains(&option) {
                attributes.push(option);
            }
        }
        let hundredths = listing.rating.average().map_or(0.0, |average| (average * 100.0).round());
        Ok(Self {
            id: product.id,
            name: product.name.as_str().to_owned(),
            description: product.description.as_str().to_owned(),
            brand: product.brand.as_ref().map(|brand| brand.as_str().to_owned()),
            category: product.category.as_str().to_owned(),
            tags: product.tags.iter().map(str::to_owned).collect(),
            attributes,
            price: u64::try_from(listing.price().amount).unwrap_or(0),
            rating: Rating { hundredths: hundredths as u32, count: listing.rating.count },
            in_stock: listing.active_offers().any(|offer| offer.available > 0),
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
        for facet in self.facets() {
            document.add_text(fields.facets, facet);
        }
        let texts = self.texts();
        for ((field, _), text) in fields.texts.iter().zip(&texts) {
            document.add_text(*field, text);
        }
        let [labels @ .., prose] = &texts;
        document.add_text(fields.labels, labels.join(" "));
        document.add_text(fields.prose, prose);
        document.add_text(fields.name, &self.name);
        document.add_text(fields.product_json, &self.product_json);
        document
    }

    fn facets(&self) -> impl Iterator<Item = String> {
        let category = std::iter::once(FacetKind::Category.text(&self.category));
        let brand = self.brand.iter().map(|brand| FacetKind::Brand.text(brand));
        let tags = self.tags.iter().map(|tag| FacetKind::Tag.text(tag));
        category
            .chain(brand)
            .chain(tags)
            .chain(self.attributes.iter().map(|(name, value)| FacetKind::attribute(name, value)))
    }

    /// The texts in the order of [`crate::schema::TEXTS`].
    fn texts(&self) -> [String; 6] {
        [
            self.name.clone(),
            self.brand.clone().unwrap_or_default(),
            self.tags.join(" "),
            self.category.clone(),
            self.attributes.iter().filter_map(attribute_words).collect::<Vec<_>>().join(" "),
            self.description.clone(),
        ]
    }
}

/// The two halves of an id. Each sorts as the id does.
pub(crate) fn halves(id: ProductId) -> (u64, u64) {
    let id = id.uuid().as_u128();
    ((id >> 64) as u64, id as u64)
}

/// The searchable words of an attribute. `volumeMl: 350` becomes `volume Ml 350`. A flag becomes its name if it is
/// `true`, and nothing if it is `false`.
fn attribute_words((name, value): &(String, String)) -> Option<String> {
    let mut spaced = String::with_capacity(name.len() + 8);
    let mut after_lowercase = false;
    for letter in name.chars() {
        if after_lowercase && letter.is_uppercase() {
            spaced.push(' ');
        }
        after_lowercase = letter.is_lowercase();
        spaced.push(letter);
    }
    match value.as_str() {
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
        let words = |name: &str, value: &str| attribute_words(&(name.to_owned(), value.to_owned()));
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
}
