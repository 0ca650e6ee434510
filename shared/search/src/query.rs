//! A search query: words, filters, an order and a page. Values out of bounds are refused here with the name of their
//! field.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as UnknownName;
use uuid::Uuid;
use values::{Error, PageRequest, Position, ProductId, Result};

use crate::document::halves;

/// The maximum length of a query in characters.
const MAX_LENGTH: usize = 200;
/// The maximum length of a filter value in characters. It is longer than any value in the catalog.
const MAX_VALUE_LENGTH: usize = 500;
/// The maximum length of an attribute filter in characters: a name, a colon and a value.
const MAX_ATTRIBUTE_LENGTH: usize = 64 + 1 + MAX_VALUE_LENGTH;
/// A name, a colon and a value, without control characters. A name may have colons, too.
#[cfg(feature = "openapi")]
const ATTRIBUTE_PATTERN: &str = r"^[^\u0000-\u001f\u007f-\u009f]+:[^\u0000-\u001f\u007f-\u009f]+$";
/// The maximum number of attribute filters, and of tags.
const MAX_ATTRIBUTES: usize = 10;
const MAX_TAGS: usize = 10;
/// The highest price in the catalog, in minor units.
const MAX_PRICE: u64 = 100_000_000;

/// The order of search results.
// Cursors contain the names of these variants, so they must not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ProductSort"))]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// The best match first; without words the newest.
    #[default]
    Relevance,
    /// The cheapest first.
    Price,
    /// The most expensive first.
    #[serde(rename = "-price")]
    PriceDown,
    /// The newest first.
    Newest,
    /// The best rated first, then those with more reviews.
    Rating,
}

impl Sort {
    /// Parses the value of the query string. 422 `sort_unknown`.
    pub fn parse(name: &str) -> Result<Self> {
        Self::deserialize(name.into_deserializer()).map_err(|_: UnknownName| {
            Error::invalid("sort", "sort_unknown", "must be relevance, price, -price, newest or rating")
        })
    }
}

/// A search query. A product must match every filter.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The text to search. An empty text matches everything; a text without a word matches nothing.
    pub words: String,
    /// Any of these categories; all categories if this is empty.
    pub categories: Vec<String>,
    /// A product must have each of them.
    pub tags: Vec<String>,
    pub brand: Option<String>,
    /// As `name:value`. One variant of a product must have all of them, and the price and the stock below.
    pub attributes: Vec<String>,
    /// The lowest price in minor units.
    pub min_price: Option<u64>,
    /// The highest price in minor units.
    pub max_price: Option<u64>,
    /// Only products that are in stock, or only those that are not.
    pub in_stock: Option<bool>,
    /// The lowest average rating, in stars.
    pub min_rating: Option<u8>,
    pub sort: Sort,
    /// The length of a page, 1 to 100.
    pub limit: usize,
    /// Only hits after this key.
    pub after: Option<SortKey>,
}

/// Parameters of the query string, not yet parsed.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename_all = "camelCase"))]
pub struct SearchParams {
    /// The words to search. A text without a word finds nothing.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_LENGTH), pattern(values::schema::ONE_LINE)))]
    pub search: Option<String>,
    /// Only products with this tag. Repeat it for products that have several tags, at most ten times.
    #[cfg_attr(feature = "openapi", schemars(rename = "tag", with = "Option<Vec<String>>", length(max = MAX_TAGS)))]
    #[cfg_attr(feature = "openapi", schemars(inner(length(min = 1, max = MAX_VALUE_LENGTH), pattern(values::schema::ONE_LINE))))]
    pub tags: Vec<String>,
    /// Only products of this brand.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_VALUE_LENGTH), pattern(values::schema::ONE_LINE)))]
    pub brand: Option<String>,
    /// The name, a colon and the value, as in the facets. Options of variants match too: if a product has variants, one of
    /// them must match all filters together. At most ten times.
    #[cfg_attr(feature = "openapi", schemars(rename = "attribute", with = "Option<Vec<String>>", example = ["colour:blue"]))]
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_ATTRIBUTES), inner(length(max = MAX_ATTRIBUTE_LENGTH), pattern(ATTRIBUTE_PATTERN))))]
    pub attributes: Vec<String>,
    /// The lowest price in minor units. A product with variants is found by the price of any variant.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<u64>", range(max = MAX_PRICE)))]
    pub min_price: Option<String>,
    /// The highest price in minor units.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<u64>", range(max = MAX_PRICE)))]
    pub max_price: Option<String>,
    /// True: only products in stock. False: only products out of stock. Together with an attribute, the stock of the variants
    /// with that attribute counts.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub in_stock: Option<String>,
    /// The lowest average rating in stars.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<u8>", range(min = 1, max = 5)))]
    pub min_rating: Option<String>,
    /// `relevance` (without words, the newest first), `price` (cheapest first), `-price` (most expensive first), `newest` or `rating`
    /// (best first).
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Sort>", extend("default" = "relevance")))]
    pub sort: Option<String>,
}

impl Query {
    /// Parses parameters. 422 with the field and its code.
    pub fn parse(params: SearchParams) -> Result<Self> {
        let words = params.search.map(|words| parse_text("search", words, MAX_LENGTH)).transpose()?.unwrap_or_default();
        let (min_price, max_price) =
            (parse_price("minPrice", params.min_price)?, parse_price("maxPrice", params.max_price)?);
        if min_price.zip(max_price).is_some_and(|(min, max)| min > max) {
            return Err(Error::invalid("minPrice", "price_range_empty", "must not be higher than maxPrice"));
        }
        check_count("attribute", "too_many_attributes", params.attributes.len(), MAX_ATTRIBUTES)?;
        check_count("tag", "too_many_tags", params.tags.len(), MAX_TAGS)?;
        let tags = params.tags.into_iter().map(|tag| parse_text("tag", tag, MAX_VALUE_LENGTH));
        let stars = || Error::invalid("minRating", "rating_out_of_range", "must be a whole number from 1 to 5");
        let flag = || Error::invalid("inStock", "not_a_flag", "must be true or false");
        Ok(Self {
            words,
            tags: tags.collect::<Result<_>>()?,
            brand: params.brand.map(|brand| parse_text("brand", brand, MAX_VALUE_LENGTH)).transpose()?,
            attributes: params.attributes.into_iter().map(parse_attribute).collect::<Result<_>>()?,
            min_price,
            max_price,
            in_stock: params.in_stock.map(|value| value.parse().map_err(|_| flag())).transpose()?,
            min_rating: match params.min_rating.map(|value| parse_digits(&value)) {
                None => None,
                Some(Some(rating @ 1..=5)) => Some(rating as u8),
                Some(_) => return Err(stars()),
            },
            sort: params.sort.as_deref().map(Sort::parse).transpose()?.unwrap_or_default(),
            limit: 20,
            ..Self::default()
        })
    }

    /// Sets the page.
    pub fn page(mut self, page: &PageRequest) -> Result<Self> {
        self.limit = page.limit as usize;
        self.after = page.after.as_ref().map(SortKey::from_position).transpose()?;
        Ok(self)
    }

    /// Names the list without its page. A cursor is valid for one list.
    pub fn list_name(&self) -> String {
        let Self {
            words, categories, tags, brand, attributes, min_price, max_price, in_stock, min_rating, sort, ..
        } = self;
        let filters = (categories, tags, brand, attributes, min_price, max_price, in_stock, min_rating);
        format!("search {words:?} {filters:?} {sort:?}")
    }
}

/// Checks the text of a filter. 422 `text_length` or `control_characters`.
pub(crate) fn parse_text(field: &str, text: String, max_length: usize) -> Result<String> {
    if !(1..=max_length).contains(&text.chars().count()) {
        return Err(Error::invalid(field, "text_length", format!("must be 1 to {max_length} characters long")));
    }
    match text.chars().any(char::is_control) {
        true => Err(Error::invalid(field, "control_characters", "must not contain control characters")),
        false => Ok(text),
    }
}

fn parse_price(field: &str, value: Option<String>) -> Result<Option<u64>> {
    let Some(value) = value else { return Ok(None) };
    match parse_digits(&value).filter(|amount| *amount <= MAX_PRICE) {
        Some(amount) => Ok(Some(amount)),
        None => {
            let message = format!("must be a whole number of minor units from 0 to {MAX_PRICE}");
            Err(Error::invalid(field, "price_out_of_range", message))
        }
    }
}

fn check_count(field: &str, code: &'static str, count: usize, max: usize) -> Result<()> {
    match count <= max {
        true => Ok(()),
        false => Err(Error::invalid(field, code, format!("can be given at most {max} times"))),
    }
}

/// Checks the form `name:value`. Names and values may have colons, so the text is not split: an attribute matches if its name,
/// a colon and its value give this text.
fn parse_attribute(text: String) -> Result<String> {
    let text = parse_text("attribute", text, MAX_ATTRIBUTE_LENGTH)?;
    // One colon has a name before it and a value behind it.
    let inner = text.char_indices().skip(1).filter(|(at, c)| at + c.len_utf8() < text.len());
    match inner.into_iter().any(|(_, c)| c == ':') {
        true => Ok(text),
        false => Err(Error::invalid("attribute", "attribute_malformed", "must have the form `name:value`")),
    }
}

/// Parses digits only: no sign, no decimal point, no space.
fn parse_digits(value: &str) -> Option<u64> {
    value.bytes().all(|digit| digit.is_ascii_digit()).then(|| value.parse().ok()).flatten()
}

/// The sort key of a hit: its rank, then its id. The greater key comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    pub(crate) rank: u64,
    pub(crate) high: u64,
    pub(crate) low: u64,
}

impl SortKey {
    /// The key of a product with this rank.
    pub fn new(rank: u64, id: ProductId) -> Self {
        let (high, low) = halves(id);
        Self { rank, high, low }
    }

    /// Converts to the position in a cursor.
    pub fn to_position(&self) -> Position {
        let parts = [("r", self.rank), ("h", self.high), ("l", self.low)];
        Position(parts.map(|(name, part)| (name.to_owned(), format!("{part:x}"))).into())
    }

    /// The product of this key.
    pub fn product_id(&self) -> ProductId {
        ProductId::from_uuid(Uuid::from_u64_pair(self.high, self.low))
    }

    fn from_position(position: &Position) -> Result<Self> {
        let part = |name| position.get(name).and_then(|part| u64::from_str_radix(part, 16).ok());
        match (part("r"), part("h"), part("l")) {
            (Some(rank), Some(high), Some(low)) => Ok(Self { rank, high, low }),
            _ => Err(Error::internal("the position of a valid cursor has no sort key")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(params: SearchParams) -> (String, &'static str) {
        let error = Query::parse(params).unwrap_err();
        (error.fields[0].field.clone(), error.fields[0].code)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn filter_out_of_range_is_refused_with_its_field() {
        let none = SearchParams::default;
        for (params, field, code) in [
            (SearchParams { search: some(""), ..none() }, "search", "text_length"),
            (SearchParams { search: some(&"x".repeat(10_000)), ..none() }, "search", "text_length"),
            (SearchParams { search: some("mug\u{0}"), ..none() }, "search", "control_characters"),
            (SearchParams { tags: vec![String::new()], ..none() }, "tag", "text_length"),
            (SearchParams { brand: some("a\nb"), ..none() }, "brand", "control_characters"),
            (SearchParams { min_price: some("-1"), ..none() }, "minPrice", "price_out_of_range"),
            (SearchParams { min_price: some("1.5"), ..none() }, "minPrice", "price_out_of_range"),
            (SearchParams { max_price: some("100000001"), ..none() }, "maxPrice", "price_out_of_range"),
            (SearchParams { max_price: some("99999999999999999999"), ..none() }, "maxPrice", "price_out_of_range"),
            (SearchParams { min_price: some("2"), max_price: some("1"), ..none() }, "minPrice", "price_range_empty"),
            (SearchParams { in_stock: some("yes"), ..none() }, "inStock", "not_a_flag"),
            (SearchParams { min_rating: some("0"), ..none() }, "minRating", "rating_out_of_range"),
            (SearchParams { min_rating: some("6"), ..none() }, "minRating", "rating_out_of_range"),
            (SearchParams { min_rating: some("4.5"), ..none() }, "minRating", "rating_out_of_range"),
            (SearchParams { sort: some("cheapest"), ..none() }, "sort", "sort_unknown"),
            (SearchParams { attributes: vec!["colour".into()], ..none() }, "attribute", "attribute_malformed"),
            (SearchParams { attributes: vec![":blue".into()], ..none() }, "attribute", "attribute_malformed"),
            (SearchParams { attributes: vec!["colour:".into()], ..none() }, "attribute", "attribute_malformed"),
            (SearchParams { attributes: vec!["::".into()], ..none() }, "attribute", "attribute_malformed"),
            (SearchParams { tags: vec!["a".into(); 11], ..none() }, "tag", "too_many_tags"),
            (SearchParams { attributes: vec!["a:b".into(); 11], ..none() }, "attribute", "too_many_attributes"),
        ] {
            assert_eq!(refusal(params), (field.to_owned(), code));
        }
    }

    #[test]
    fn filter_in_range_is_parsed() {
        let params = SearchParams {
            search: some(&"é".repeat(200)),
            min_price: some("0"),
            max_price: some("100000000"),
            in_stock: some("false"),
            min_rating: some("5"),
            sort: some("-price"),
            attributes: vec!["ratio:16:9".into(), ":a:::".into()],
            tags: vec!["mug".into(), "tea".into()],
            ..SearchParams::default()
        };
        let query = Query::parse(params).unwrap();
        assert_eq!((query.min_price, query.max_price, query.in_stock), (Some(0), Some(100_000_000), Some(false)));
        assert_eq!((query.min_rating, query.sort), (Some(5), Sort::PriceDown));
        assert_eq!((query.attributes, query.tags.len()), (vec!["ratio:16:9".to_owned(), ":a:::".to_owned()], 2));
    }

    #[test]
    fn different_filters_give_different_list_names() {
        let mug = Query { words: "mug".into(), ..Query::default() };
        let tag = Query { tags: vec!["mug".into()], ..Query::default() };
        let brand = Query { brand: some("mug"), ..Query::default() };
        let newest = Query { sort: Sort::Newest, ..mug.clone() };
        let names = [mug.list_name(), tag.list_name(), brand.list_name(), newest.list_name()];
        assert!((0..4).all(|a| (0..a).all(|b| names[a] != names[b])));
        assert_eq!(Query { limit: 7, ..mug.clone() }.list_name(), mug.list_name(), "a page is of the same list");
    }

    proptest! {
        #[test]
        fn sort_key_survives_its_position(rank: u64, high: u64, low: u64) {
            let key = SortKey { rank, high, low };
            prop_assert_eq!(SortKey::from_position(&key.to_position()).unwrap(), key);
        }
    }
}
