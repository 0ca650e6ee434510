//! What is asked for: words, filters, an order and a page. Out of bounds is refused here, with the name of the field.

use uuid::Uuid;
use values::{Error, PageRequest, Position, ProductId, Result};

use crate::document::halves;

/// Characters of a query.
const LONGEST: usize = 200;
/// Characters of a filter's value, more than any that the catalog holds.
const LONGEST_VALUE: usize = 500;
/// Attributes that are filtered by at once.
const MOST_ATTRIBUTES: usize = 10;
/// Minor units: the highest price of the catalog.
const HIGHEST_PRICE: u64 = 100_000_000;

/// The order of what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The best match first; without words, the newest.
    #[default]
    Relevance,
    /// The cheapest first.
    Price,
    /// The dearest first.
    PriceDown,
    /// The newest first.
    Newest,
    /// The best rated first; of equals, those with more reviews.
    Rating,
}

impl Sort {
    /// As the query string names it. 422 `sort_unknown`.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "relevance" => Ok(Self::Relevance),
            "price" => Ok(Self::Price),
            "-price" => Ok(Self::PriceDown),
            "newest" => Ok(Self::Newest),
            "rating" => Ok(Self::Rating),
            _ => Err(Error::invalid("sort", "sort_unknown", "must be relevance, price, -price, newest or rating")),
        }
    }
}

/// What is asked for. Every filter must hold.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// What to match. Everything matches an empty text; nothing matches a text without a word in it.
    pub words: String,
    /// Any of these categories; all of them when there is none here.
    pub categories: Vec<String>,
    /// Has this tag.
    pub tag: Option<String>,
    /// Is of this brand.
    pub brand: Option<String>,
    /// Has each attribute with this value.
    pub attributes: Vec<(String, String)>,
    /// Costs so much at least, in minor units.
    pub min_price: Option<u64>,
    /// Costs so much at most.
    pub max_price: Option<u64>,
    /// Can be bought now, or cannot.
    pub in_stock: Option<bool>,
    /// Stars on the average, at least.
    pub min_rating: Option<u8>,
    /// In which order.
    pub sort: Sort,
    /// Hits of a page, 1 to 100.
    pub limit: usize,
    /// After this place in the order.
    pub after: Option<Place>,
}

/// Filters as the query string has them: text, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// 1 to 200 characters.
    pub search: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// A brand.
    pub brand: Option<String>,
    /// `name:value`, 10 at most.
    pub attributes: Vec<String>,
    /// Minor units.
    pub min_price: Option<String>,
    /// Minor units.
    pub max_price: Option<String>,
    /// `true` or `false`.
    pub in_stock: Option<String>,
    /// 1 to 5.
    pub min_rating: Option<String>,
    /// See [`Sort::named`].
    pub sort: Option<String>,
}

impl Query {
    /// What `asked` says, of any category. 422 with the field at fault and its code.
    pub fn read(asked: Asked) -> Result<Self> {
        let words = asked.search.map(|words| text("search", words, LONGEST)).transpose()?.unwrap_or_default();
        let (min_price, max_price) = (price("minPrice", asked.min_price)?, price("maxPrice", asked.max_price)?);
        if min_price.zip(max_price).is_some_and(|(min, max)| min > max) {
            return Err(Error::invalid("minPrice", "price_range_empty", "must not be higher than maxPrice"));
        }
        if asked.attributes.len() > MOST_ATTRIBUTES {
            let message = format!("can be given {MOST_ATTRIBUTES} times at most");
            return Err(Error::invalid("attribute", "too_many_attributes", message));
        }
        let stars = || Error::invalid("minRating", "rating_out_of_range", "must be a whole number from 1 to 5");
        let flag = || Error::invalid("inStock", "not_a_flag", "must be true or false");
        Ok(Self {
            words,
            tag: asked.tag.map(|tag| text("tag", tag, LONGEST_VALUE)).transpose()?,
            brand: asked.brand.map(|brand| text("brand", brand, LONGEST_VALUE)).transpose()?,
            attributes: asked.attributes.into_iter().map(attribute).collect::<Result<_>>()?,
            min_price,
            max_price,
            in_stock: asked.in_stock.map(|told| told.parse().map_err(|_| flag())).transpose()?,
            min_rating: match asked.min_rating.map(|told| whole(&told)) {
                None => None,
                Some(Some(rating @ 1..=5)) => Some(rating as u8),
                Some(_) => return Err(stars()),
            },
            sort: asked.sort.as_deref().map(Sort::named).transpose()?.unwrap_or_default(),
            limit: 20,
            ..Self::default()
        })
    }

    /// The same, of one page.
    pub fn page(mut self, page: &PageRequest) -> Result<Self> {
        self.limit = page.limit as usize;
        self.after = page.after.as_ref().map(Place::of).transpose()?;
        Ok(self)
    }

    /// What tells this list from others, page apart: a cursor is good for one of them.
    pub fn list(&self) -> String {
        let Self {
            words, categories, tag, brand, attributes, min_price, max_price, in_stock, min_rating, sort, ..
        } = self;
        let filters = (categories, tag, brand, attributes, min_price, max_price, in_stock, min_rating);
        format!("search {words:?} {filters:?} {sort:?}")
    }
}

/// The text of a filter. 422 `text_length` or `control_characters`.
pub(crate) fn text(field: &str, text: String, longest: usize) -> Result<String> {
    if !(1..=longest).contains(&text.chars().count()) {
        return Err(Error::invalid(field, "text_length", format!("must be 1 to {longest} characters")));
    }
    match text.chars().any(char::is_control) {
        true => Err(Error::invalid(field, "control_characters", "must have no control characters")),
        false => Ok(text),
    }
}

fn price(field: &str, told: Option<String>) -> Result<Option<u64>> {
    let Some(told) = told else { return Ok(None) };
    match whole(&told).filter(|amount| *amount <= HIGHEST_PRICE) {
        Some(amount) => Ok(Some(amount)),
        None => {
            let message = format!("must be whole minor units from 0 to {HIGHEST_PRICE}");
            Err(Error::invalid(field, "price_out_of_range", message))
        }
    }
}

fn attribute(told: String) -> Result<(String, String)> {
    let told = text("attribute", told, LONGEST_VALUE + 65)?;
    match told.split_once(':') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Error::invalid("attribute", "attribute_malformed", "must be `name:value`")),
    }
}

/// Digits and nothing else: no sign, no point, no space.
fn whole(told: &str) -> Option<u64> {
    told.bytes().all(|digit| digit.is_ascii_digit()).then(|| told.parse().ok()).flatten()
}

/// A place in an order: what is sorted by, then the id. Greater is earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub(crate) rank: u64,
    pub(crate) high: u64,
    pub(crate) low: u64,
}

impl Place {
    /// Where a product stands that has this rank.
    pub fn new(rank: u64, id: ProductId) -> Self {
        let (high, low) = halves(id);
        Self { rank, high, low }
    }

    /// As a cursor carries it.
    pub fn position(&self) -> Position {
        let parts = [("r", self.rank), ("h", self.high), ("l", self.low)];
        Position(parts.map(|(name, part)| (name.to_owned(), format!("{part:x}"))).into())
    }

    /// The product that stands here.
    pub fn id(&self) -> ProductId {
        ProductId::from_uuid(Uuid::from_u64_pair(self.high, self.low))
    }

    fn of(position: &Position) -> Result<Self> {
        let part = |name| position.get(name).and_then(|part| u64::from_str_radix(part, 16).ok());
        match (part("r"), part("h"), part("l")) {
            (Some(rank), Some(high), Some(low)) => Ok(Self { rank, high, low }),
            _ => Err(Error::internal("a cursor of ours does not read")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(asked: Asked) -> (String, &'static str) {
        let error = Query::read(asked).unwrap_err();
        (error.fields[0].field.clone(), error.fields[0].code)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn every_filter_out_of_range_is_refused_by_name() {
        let none = Asked::default;
        for (asked, field, code) in [
            (Asked { search: some(""), ..none() }, "search", "text_length"),
            (Asked { search: some(&"x".repeat(10_000)), ..none() }, "search", "text_length"),
            (Asked { search: some("mug\u{0}"), ..none() }, "search", "control_characters"),
            (Asked { tag: some(""), ..none() }, "tag", "text_length"),
            (Asked { brand: some("a\nb"), ..none() }, "brand", "control_characters"),
            (Asked { min_price: some("-1"), ..none() }, "minPrice", "price_out_of_range"),
            (Asked { min_price: some("1.5"), ..none() }, "minPrice", "price_out_of_range"),
            (Asked { max_price: some("100000001"), ..none() }, "maxPrice", "price_out_of_range"),
            (Asked { max_price: some("99999999999999999999"), ..none() }, "maxPrice", "price_out_of_range"),
            (Asked { min_price: some("2"), max_price: some("1"), ..none() }, "minPrice", "price_range_empty"),
            (Asked { in_stock: some("yes"), ..none() }, "inStock", "not_a_flag"),
            (Asked { min_rating: some("0"), ..none() }, "minRating", "rating_out_of_range"),
            (Asked { min_rating: some("6"), ..none() }, "minRating", "rating_out_of_range"),
            (Asked { min_rating: some("4.5"), ..none() }, "minRating", "rating_out_of_range"),
            (Asked { sort: some("cheapest"), ..none() }, "sort", "sort_unknown"),
            (Asked { attributes: vec!["colour".into()], ..none() }, "attribute", "attribute_malformed"),
            (Asked { attributes: vec![":blue".into()], ..none() }, "attribute", "attribute_malformed"),
            (Asked { attributes: vec!["a:b".into(); 11], ..none() }, "attribute", "too_many_attributes"),
        ] {
            assert_eq!(refused(asked), (field.to_owned(), code));
        }
    }

    #[test]
    fn what_is_in_range_is_read() {
        let asked = Asked {
            search: some(&"é".repeat(200)),
            min_price: some("0"),
            max_price: some("100000000"),
            in_stock: some("false"),
            min_rating: some("5"),
            sort: some("-price"),
            attributes: vec!["ratio:16:9".into()],
            ..Asked::default()
        };
        let query = Query::read(asked).unwrap();
        assert_eq!((query.min_price, query.max_price, query.in_stock), (Some(0), Some(100_000_000), Some(false)));
        assert_eq!((query.min_rating, query.sort), (Some(5), Sort::PriceDown));
        assert_eq!(query.attributes, [("ratio".to_owned(), "16:9".to_owned())]);
    }

    #[test]
    fn lists_with_other_filters_have_other_names() {
        let mug = Query { words: "mug".into(), ..Query::default() };
        let tag = Query { tag: some("mug"), ..Query::default() };
        let brand = Query { brand: some("mug"), ..Query::default() };
        let newest = Query { sort: Sort::Newest, ..mug.clone() };
        let names = [mug.list(), tag.list(), brand.list(), newest.list()];
        assert!((0..4).all(|a| (0..a).all(|b| names[a] != names[b])));
        assert_eq!(Query { limit: 7, ..mug.clone() }.list(), mug.list(), "a page is of the same list");
    }

    proptest! {
        #[test]
        fn a_place_comes_back_from_its_position(rank: u64, high: u64, low: u64) {
            let place = Place { rank, high, low };
            prop_assert_eq!(Place::of(&place.position()).unwrap(), place);
        }
    }
}
