//! What the query string says: each parameter once, but for attributes; none that is not known.

use catalog::Category;
use http_kit::PageQuery;
use search::{Asked, Query};
use values::{Error, Result};

/// Suggestions that are given, at most.
const MOST_SUGGESTED: u32 = 20;

/// The query of `GET /products`.
#[derive(Debug)]
pub(crate) struct SearchIn {
    pub(crate) query: Query,
    pub(crate) category: Option<Category>,
    pub(crate) page: PageQuery,
}

impl SearchIn {
    pub(crate) fn read(pairs: Vec<(String, String)>) -> Result<Self> {
        let mut pairs = Pairs(pairs);
        let mut attributes = Vec::new();
        while let Some(attribute) = pairs.take("attribute") {
            attributes.push(attribute);
        }
        let asked = Asked {
            attributes,
            search: pairs.once("search")?,
            tag: pairs.once("tag")?,
            brand: pairs.once("brand")?,
            min_price: pairs.once("minPrice")?,
            max_price: pairs.once("maxPrice")?,
            in_stock: pairs.once("inStock")?,
            min_rating: pairs.once("minRating")?,
            sort: pairs.once("sort")?,
        };
        let category = pairs.once("category")?.map(Category::try_from).transpose();
        let category = category.map_err(|message| Error::invalid("category", "invalid_value", message))?;
        let page = PageQuery { limit: pairs.number("limit")?, cursor: pairs.once("cursor")? };
        pairs.none_left()?;
        Ok(Self { query: Query::read(asked)?, category, page })
    }
}

/// The query of `GET /products/suggest`.
#[derive(Debug)]
pub(crate) struct SuggestIn {
    pub(crate) typed: String,
    pub(crate) limit: usize,
}

impl SuggestIn {
    pub(crate) fn read(pairs: Vec<(String, String)>) -> Result<Self> {
        let mut pairs = Pairs(pairs);
        let typed = pairs.once("q")?.ok_or_else(|| Error::invalid("q", "required", "is missing"))?;
        let limit = match pairs.number("limit")?.unwrap_or(8) {
            limit @ 1..=MOST_SUGGESTED => limit as usize,
            _ => {
                let message = format!("must be from 1 to {MOST_SUGGESTED}");
                return Err(Error::invalid("limit", "limit_out_of_range", message));
            }
        };
        pairs.none_left()?;
        Ok(Self { typed, limit })
    }
}

/// Parameters that were not looked at yet.
struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(given, _)| given == name)?;
        Some(self.0.remove(at).1)
    }

    fn once(&mut self, name: &str) -> Result<Option<String>> {
        let value = self.take(name);
        match self.take(name) {
            None => Ok(value),
            Some(_) => Err(Error::invalid(name, "duplicate_field", "comes twice")),
        }
    }

    fn number(&mut self, name: &str) -> Result<Option<u32>> {
        let refuse = |_| Error::invalid(name, "invalid_value", "must be a whole number");
        self.once(name)?.map(|value| value.parse().map_err(refuse)).transpose()
    }

    fn none_left(&self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Error::invalid(name, "unknown_field", "is not known here")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn refused(query: &[(&str, &str)]) -> (String, &'static str) {
        let error = SearchIn::read(pairs(query)).unwrap_err();
        (error.fields[0].field.clone(), error.fields[0].code)
    }

    #[test]
    fn each_parameter_is_known_and_comes_once() {
        assert_eq!(refused(&[("colour", "red")]), ("colour".into(), "unknown_field"));
        assert_eq!(refused(&[("tag", "a"), ("tag", "b")]), ("tag".into(), "duplicate_field"));
        assert_eq!(refused(&[("limit", "ten")]), ("limit".into(), "invalid_value"));
        assert_eq!(refused(&[("limit", "-1")]), ("limit".into(), "invalid_value"));
        assert_eq!(refused(&[("category", "a#b")]), ("category".into(), "invalid_value"));
        assert_eq!(refused(&[("minPrice", "-1")]), ("minPrice".into(), "price_out_of_range"));
    }

    #[test]
    fn attributes_come_as_often_as_there_are_any() {
        let query = [("attribute", "colour:blue"), ("search", "mug"), ("attribute", "glazed:true"), ("limit", "7")];
        let read = SearchIn::read(pairs(&query)).unwrap();
        assert_eq!((read.query.attributes.len(), read.query.words.as_str(), read.page.limit), (2, "mug", Some(7)));
        let other = SearchIn::read(pairs(&[("attribute", "colour:blue"), ("search", "mug")])).unwrap();
        assert_ne!(read.query.list(), other.query.list(), "a cursor of one is none of the other");
    }

    #[test]
    fn a_suggestion_needs_something_typed() {
        let refused = |query: &[(&str, &str)]| SuggestIn::read(pairs(query)).unwrap_err().fields[0].code;
        assert_eq!(refused(&[]), "required");
        assert_eq!(refused(&[("q", "mug"), ("limit", "21")]), "limit_out_of_range");
        assert_eq!(refused(&[("q", "mug"), ("limit", "0")]), "limit_out_of_range");
        assert_eq!(SuggestIn::read(pairs(&[("q", "mug")])).unwrap().limit, 8);
    }
}
