//! A product as the index knows it: the words it is found by, the numbers it is sorted and filtered by, and the JSON that
//! is shown.

use catalog::{Attribute, Listing};
use tantivy::TantivyDocument;
use values::{Error, ProductId, Result};

use crate::schema::{BETWEEN, Fields};

/// What is counted and filtered, each under the letter that its texts begin with in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Attribute,
    Brand,
    Category,
    Tag,
}

impl Kind {
    pub(crate) fn letter(self) -> char {
        match self {
            Self::Attribute => 'a',
            Self::Brand => 'b',
            Self::Category => 'c',
            Self::Tag => 't',
        }
    }

    /// The text that stands in the index for this value.
    pub(crate) fn text(self, value: &str) -> String {
        format!("{}{value}", self.letter())
    }

    /// The text of an attribute.
    pub(crate) fn attribute(name: &str, value: &str) -> String {
        Self::Attribute.text(&format!("{name}{BETWEEN}{value}"))
    }
}

/// What customers think of a product.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rated {
    /// Hundredths of a star, 100 to 500; 0 without a review.
    pub hundredths: u32,
    /// Reviews.
    pub count: u32,
}

impl Rated {
    /// One number that sorts by the average and then by how many say so.
    pub(crate) fn key(self) -> u64 {
        u64::from(self.hundredths) << 32 | u64::from(self.count)
    }

    /// The average that a key holds, in hundredths.
    pub(crate) fn hundredths_of(key: u64) -> u64 {
        key >> 32
    }
}

/// One product, to be indexed.
#[derive(Debug, Clone)]
pub struct Document {
    /// Names it, and tells its age: ids sort by time.
    pub id: ProductId,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Who makes it.
    pub brand: Option<String>,
    /// The key of the category it lies in.
    pub category: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Properties by name, their values as text.
    pub attributes: Vec<(String, String)>,
    /// The lowest price of what is sold of it, in minor units.
    pub price: u64,
    /// What customers think.
    pub rating: Rated,
    /// Can a piece of it be sold?
    pub in_stock: bool,
    /// What is shown of it: JSON.
    pub shown: String,
}

impl Document {
    /// A product as it is now. What a variant is chosen by is found like an attribute.
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
            rating: Rated { hundredths: hundredths as u32, count: listing.rating.count },
            in_stock: listing.active_offers().any(|offer| offer.available > 0),
            shown: serde_json::to_string(product).map_err(Error::internal)?,
        })
    }

    /// As tantivy takes it.
    pub(crate) fn indexed(&self, fields: &Fields) -> TantivyDocument {
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
        document.add_text(fields.shown, &self.shown);
        document
    }

    fn facets(&self) -> impl Iterator<Item = String> {
        let one = std::iter::once(Kind::Category.text(&self.category));
        let brand = self.brand.iter().map(|brand| Kind::Brand.text(brand));
        let tags = self.tags.iter().map(|tag| Kind::Tag.text(tag));
        one.chain(brand).chain(tags).chain(self.attributes.iter().map(|(name, value)| Kind::attribute(name, value)))
    }

    /// In the order of the schema's texts.
    fn texts(&self) -> [String; 6] {
        [
            self.name.clone(),
            self.brand.clone().unwrap_or_default(),
            self.tags.join(" "),
            self.category.clone(),
            self.attributes.iter().filter_map(told).collect::<Vec<_>>().join(" "),
            self.description.clone(),
        ]
    }
}

/// The two halves of an id, each of which sorts as the id does.
pub(crate) fn halves(id: ProductId) -> (u64, u64) {
    let id = id.uuid().as_u128();
    ((id >> 64) as u64, id as u64)
}

/// What an attribute says in words: `volumeMl: 350` says `volume Ml 350`; a flag says its name, or nothing when it is down.
fn told((name, value): &(String, String)) -> Option<String> {
    let mut spaced = String::with_capacity(name.len() + 8);
    let mut after_small = false;
    for letter in name.chars() {
        if after_small && letter.is_uppercase() {
            spaced.push(' ');
        }
        after_small = letter.is_lowercase();
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
    fn an_attribute_is_told_in_words() {
        let told = |name: &str, value: &str| told(&(name.to_owned(), value.to_owned()));
        assert_eq!(told("volumeMl", "350").as_deref(), Some("volume Ml 350"));
        assert_eq!(told("dishwasherSafe", "true").as_deref(), Some("dishwasher Safe"));
        assert_eq!(told("glazed", "false"), None);
        assert_eq!(told("USB ports", "2").as_deref(), Some("USB ports 2"));
    }

    #[test]
    fn a_better_average_comes_before_more_reviews() {
        let rated = |hundredths, count| Rated { hundredths, count }.key();
        assert!(
            rated(450, 1) > rated(449, 1000) && rated(450, 2) > rated(450, 1) && rated(100, 1) > Rated::default().key()
        );
        assert_eq!(Rated::hundredths_of(rated(450, 7)), 450);
    }
}
