//! A product: what is told about it. What it costs and how many there are is its offers'.

use serde::{Deserialize, Serialize};
use values::{ProductId, Sku, Text, Timestamp};

use crate::{Attributes, Category, Choice, Image, Status, Variant};

const MOST_TAGS: usize = 20;
const LONGEST_DESCRIPTION: usize = 5000;

/// A product's name.
pub type Name = Text<200>;

/// Who makes it.
pub type Brand = Text<100>;

/// 0 to 5000 characters, none of them a control character but line breaks and tabs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Description(String);

impl Description {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Description {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let strange = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        match text.chars().count() <= LONGEST_DESCRIPTION && !text.chars().any(strange) {
            true => Ok(Self(text)),
            false => Err(format!("must be at most {LONGEST_DESCRIPTION} characters, none of them a control character")),
        }
    }
}

/// At most 20 words to find a product by, each once, in the shop's order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Text<50>>")]
pub struct Tags(Vec<Text<50>>);

impl Tags {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Text::as_str)
    }
}

impl TryFrom<Vec<Text<50>>> for Tags {
    type Error = String;

    fn try_from(given: Vec<Text<50>>) -> Result<Self, String> {
        let mut tags: Vec<Text<50>> = Vec::with_capacity(given.len().min(MOST_TAGS));
        for tag in given {
            if tags.contains(&tag) {
                continue;
            }
            if tags.len() == MOST_TAGS {
                return Err(format!("must be at most {MOST_TAGS} tags"));
            }
            tags.push(tag);
        }
        Ok(Self(tags))
    }
}

/// How a product is taxed: 1-32 of `a-z 0-9 _`, `standard` unless said. Rates belong to whoever prices an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct TaxClass(String);

impl TaxClass {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TaxClass {
    fn default() -> Self {
        Self("standard".to_owned())
    }
}

impl TryFrom<String> for TaxClass {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        match (1..=32).contains(&text.len()) && text.bytes().all(legal) {
            true => Ok(Self(text)),
            false => Err("must be 1 to 32 small letters, digits and underscores".to_owned()),
        }
    }
}

/// The product's row: everything but prices and stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Names it; sorts by when it was made.
    pub id: ProductId,
    /// What of it is sold; of a product with options its own number, under which nothing is.
    pub sku: Sku,
    /// What it is called.
    pub name: Name,
    /// What it is.
    pub description: Description,
    /// Where it lies.
    pub category: Category,
    /// Who makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<Brand>,
    /// Words to find it by.
    pub tags: Tags,
    /// Its properties.
    pub attributes: Attributes,
    /// What a customer chooses, such as a size; empty when there is one SKU.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// What can be chosen, and the SKU of each; empty when there is one SKU.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// What it looks like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// Is it in the shop? Active or archived.
    pub status: Status,
    /// One more with every change, a change of price included; stock is not counted here.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Product {
    /// The SKUs that offers lie under: its own first, then those of its variants.
    pub fn skus(&self) -> impl Iterator<Item = &Sku> {
        std::iter::once(&self.sku).chain(self.variants.iter().map(|variant| &variant.sku))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_about_a_product_have_bounds() {
        let tags =
            |n: usize| serde_json::from_value::<Tags>(json!((0..n).map(|i| format!("t{i}")).collect::<Vec<_>>()));
        assert!(tags(20).is_ok() && tags(21).is_err());
        let twice: Tags = serde_json::from_value(json!(["mug", "mug"])).unwrap();
        assert_eq!(serde_json::to_value(twice).unwrap(), json!(["mug"]));
        let described = |text: String| serde_json::from_value::<Description>(json!(text));
        assert!(described(String::new()).is_ok() && described("x".repeat(5000)).is_ok());
        assert!(described("x".repeat(5001)).is_err() && described("a\u{0}".into()).is_err());
    }
}
