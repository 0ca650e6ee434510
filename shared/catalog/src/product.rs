//! A product: what is told about it. What it costs and how many there are is its offer's.

use std::fmt;

use serde::{Deserialize, Serialize};
use values::{Currency, Error, Money, ProductId, Result, Sku, Text, Timestamp};

use crate::{Attributes, Offer, Status};

/// The highest price, in minor units.
const HIGHEST_PRICE: i64 = 100_000_000;
const MOST_TAGS: usize = 20;
const LONGEST_DESCRIPTION: usize = 5000;

/// A product's name.
pub type Name = Text<200>;

/// 0 to 5000 characters, none of them a control character but line breaks and tabs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Description(String);

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

impl TryFrom<Vec<Text<50>>> for Tags {
    type Error = String;

    fn try_from(given: Vec<Text<50>>) -> Result<Self, String> {
        let mut tags: Vec<Text<50>> = Vec::with_capacity(given.len().min(MOST_TAGS));
        for tag in given {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        if tags.len() > MOST_TAGS { Err(format!("must be at most {MOST_TAGS} tags")) } else { Ok(Self(tags)) }
    }
}

/// The category that a product lies in: 1 to 64 characters without `#` and `/`, so that it goes into keys and paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Category(String);

impl Category {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Category {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let strange = |c: char| c.is_control() || matches!(c, '#' | '/');
        match (1..=64).contains(&text.chars().count()) && !text.chars().any(strange) && text.trim() == text {
            true => Ok(Self(text)),
            false => Err("must be 1 to 64 characters, without `#`, `/` and space around".to_owned()),
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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

/// What an admin says about a product and can say again.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// What it is called.
    pub name: Name,
    /// What it is.
    pub description: Description,
    /// Where it lies.
    pub category: Category,
    /// Words to find it by.
    pub tags: Tags,
    /// Its properties.
    pub attributes: Attributes,
    /// Of one piece.
    pub price: Money,
    /// How it is taxed.
    pub tax_class: TaxClass,
}

impl Sheet {
    /// Refuses a price out of 0 to a million, or in another currency than the shop's.
    pub fn check(&self, currency: Currency) -> Result<()> {
        if self.price.currency != currency {
            return Err(Error::invalid(
                "price.currency",
                "currency_mismatch",
                format!("this shop sells in {currency}"),
            ));
        }
        if !(0..=HIGHEST_PRICE).contains(&self.price.amount) {
            let message = format!("must be from 0 to {HIGHEST_PRICE} minor units");
            return Err(Error::invalid("price.amount", "price_out_of_range", message));
        }
        Ok(())
    }
}

/// The product's row: everything but price and stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Names it; sorts by when it was made.
    pub id: ProductId,
    /// What of it is sold.
    pub sku: Sku,
    /// What it is called.
    pub name: Name,
    /// What it is.
    pub description: Description,
    /// Where it lies.
    pub category: Category,
    /// Words to find it by.
    pub tags: Tags,
    /// Its properties.
    pub attributes: Attributes,
    /// Is it in the shop?
    pub status: Status,
    /// One more with every change, a change of price included; stock is not counted here.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A product with what is sold of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// The product.
    pub product: Product,
    /// Its price and stock.
    pub offer: Offer,
}

impl Listing {
    /// The sheet as it stands now.
    pub fn sheet(&self) -> Sheet {
        let Product { name, description, category, tags, attributes, .. } = self.product.clone();
        let Offer { price, tax_class, .. } = self.offer.clone();
        Sheet { name, description, category, tags, attributes, price, tax_class }
    }

    /// What makes one answer differ from another: the version and, after a dot, the stock. Price and name change only
    /// together with the version. `If-Match` looks at the version alone, so that a sale does not refuse an edit.
    pub fn tag(&self) -> String {
        format!("{}.{}", self.product.version, self.offer.available)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    pub(crate) fn sheet() -> Sheet {
        Sheet {
            name: serde_json::from_value(json!("Indigo Mug")).unwrap(),
            description: serde_json::from_value(json!("Holds tea.")).unwrap(),
            category: serde_json::from_value(json!("ceramics")).unwrap(),
            tags: serde_json::from_value(json!(["mug", "blue"])).unwrap(),
            attributes: serde_json::from_value(json!({ "glazed": true, "volumeMl": 350 })).unwrap(),
            price: Money::new(1_490, "EUR".parse().unwrap()),
            tax_class: serde_json::from_value(json!("reduced")).unwrap(),
        }
    }

    pub(crate) fn listing() -> Listing {
        let now = Timestamp::from_millis(1_764_000_000_000);
        let Sheet { name, description, category, tags, attributes, price, tax_class } = sheet();
        let (id, sku): (ProductId, Sku) = (values::Clock::fixed(now).mint(), "MUG-INDIGO".parse().unwrap());
        let offer = Offer {
            sku: sku.clone(),
            product_id: id,
            name: name.as_str().to_owned(),
            available: 3,
            price,
            price_version: 1,
            status: Status::Active,
            tax_class,
            stock_version: 1,
        };
        let (status, version) = (Status::Active, 1);
        let (created_at, updated_at) = (now, now);
        Listing {
            product: Product {
                id,
                sku,
                name,
                description,
                category,
                tags,
                attributes,
                status,
                version,
                created_at,
                updated_at,
            },
            offer,
        }
    }

    #[test]
    fn a_price_is_in_the_shops_currency_and_within_bounds() {
        let (eur, usd) = ("EUR".parse().unwrap(), "USD".parse().unwrap());
        assert!(sheet().check(eur).is_ok());
        assert_eq!(sheet().check(usd).unwrap_err().fields[0].code, "currency_mismatch");
        for amount in [-1, HIGHEST_PRICE + 1] {
            let sheet = Sheet { price: Money::new(amount, eur), ..sheet() };
            assert_eq!(sheet.check(eur).unwrap_err().fields[0].code, "price_out_of_range");
        }
    }

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
        for bad in ["", " mugs", "a#b", "a/b"] {
            assert!(serde_json::from_value::<Category>(json!(bad)).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn the_tag_changes_with_version_and_stock() {
        let (before, mut sold) = (listing(), listing());
        sold.offer.available -= 1;
        assert_ne!(before.tag(), sold.tag());
        assert_eq!(before.tag(), "1.3");
    }

    #[test]
    fn a_sheet_is_read_back_from_its_listing() {
        assert_eq!(listing().sheet(), sheet());
    }
}
