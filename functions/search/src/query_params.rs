//! Parses the query strings. Each parameter may be given once, except `attribute`. Unknown parameters are refused.

use catalog::Category;
use http_kit::PageQuery;
use search::{Query, SearchParams};
use values::{Error, Result};

/// The maximum number of suggested products.
const MAX_SUGGESTIONS: u32 = 20;
/// The number of suggested products if the request names none.
const DEFAULT_SUGGESTIONS: u32 = 8;

/// The query string of `GET /products`.
#[derive(Debug)]
pub(crate) struct SearchRequest {
    pub(crate) query: Query,
    pub(crate) category: Option<Category>,
    pub(crate) page: PageQuery,
}

impl SearchRequest {
    pub(crate) fn parse(pairs: Vec<(String, String)>) -> Result<Self> {
        let mut pairs = UnreadParams(pairs);
        let mut attributes = Vec::new();
        while let Some(attribute) = pairs.take("attribute") {
            attributes.push(attribute);
        }
        let params = SearchParams {
            attributes,
            search: pairs.take_single("search")?,
            tag: pairs.take_single("tag")?,
            brand: pairs.take_single("brand")?,
            min_price: pairs.take_single("minPrice")?,
            max_price: pairs.take_single("maxPrice")?,
            in_stock: pairs.take_single("inStock")?,
            min_rating: pairs.take_single("minRating")?,
            sort: pairs.take_single("sort")?,
        };
        let category = pairs.take_single("category")?.map(Category::try_from).transpose();
        let category = category.map_err(|message| Error::invalid("category", "invalid_value", message))?;
        let page = PageQuery { limit: pairs.number("limit")?, cursor: pairs.take_single("cursor")? };
        pairs.refuse_rest()?;
        Ok(Self { query: Query::parse(params)?, category, page })
    }
}

/// The query string of `GET /products/suggest`.
#[derive(Debug)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(crate) struct SuggestRequest {
    /// The text typed so far.
    #[cfg_attr(feature = "openapi", schemars(rename = "q", length(min = 1, max = search::MAX_TYPED_LENGTH), pattern(values::schema::ONE_LINE)))]
    pub(crate) typed: String,
    /// The maximum number of products. Completions are not counted.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<u32>", range(min = 1, max = MAX_SUGGESTIONS), extend("default" = DEFAULT_SUGGESTIONS)))]
    pub(crate) limit: usize,
}

impl SuggestRequest {
    pub(crate) fn parse(pairs: Vec<(String, String)>) -> Result<Self> {
        let mut pairs = UnreadParams(pairs);
        let typed = pairs.take_single("q")?.ok_or_else(|| Error::invalid("q", "required", "is missing"))?;
        let limit = match pairs.number("limit")?.unwrap_or(DEFAULT_SUGGESTIONS) {
            limit @ 1..=MAX_SUGGESTIONS => limit as usize,
            _ => {
                let message = format!("must be between 1 and {MAX_SUGGESTIONS}");
                return Err(Error::invalid("limit", "limit_out_of_range", message));
            }
        };
        pairs.refuse_rest()?;
        Ok(Self { typed, limit })
    }
}

/// Parameters that were not read yet.
struct UnreadParams(Vec<(String, String)>);

impl UnreadParams {
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(given, _)| given == name)?;
        Some(self.0.remove(at).1)
    }

    fn take_single(&mut self, name: &str) -> Result<Option<String>> {
        let value = self.take(name);
        match self.take(name) {
            None => Ok(value),
            Some(_) => Err(Error::invalid(name, "duplicate_field", "must be given only once")),
        }
    }

    fn number(&mut self, name: &str) -> Result<Option<u32>> {
        let error = |_| Error::invalid(name, "invalid_value", "must be a whole number");
        self.take_single(name)?.map(|value| value.parse().map_err(error)).transpose()
    }

    fn refuse_rest(&self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Error::invalid(name, "unknown_field", "is not a parameter of this request")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn refusal(query: &[(&str, &str)]) -> (String, &'static str) {
        let error = SearchRequest::parse(pairs(query)).unwrap_err();
        (error.fields[0].field.clone(), error.fields[0].code)
    }

    #[test]
    fn unknown_repeated_and_malformed_parameters_are_refused() {
        assert_eq!(refusal(&[("colour", "red")]), ("colour".into(), "unknown_field"));
        assert_eq!(refusal(&[("tag", "a"), ("tag", "b")]), ("tag".into(), "duplicate_field"));
        assert_eq!(refusal(&[("limit", "ten")]), ("limit".into(), "invalid_value"));
        assert_eq!(refusal(&[("limit", "-1")]), ("limit".into(), "invalid_value"));
        assert_eq!(refusal(&[("category", "a#b")]), ("category".into(), "invalid_value"));
        assert_eq!(refusal(&[("minPrice", "-1")]), ("minPrice".into(), "price_out_of_range"));
    }

    #[test]
    fn attribute_may_be_given_several_times() {
        let query = [("attribute", "colour:blue"), ("search", "mug"), ("attribute", "glazed:true"), ("limit", "7")];
        let read = SearchRequest::parse(pairs(&query)).unwrap();
        assert_eq!((read.query.attributes.len(), read.query.words.as_str(), read.page.limit), (2, "mug", Some(7)));
        let other = SearchRequest::parse(pairs(&[("attribute", "colour:blue"), ("search", "mug")])).unwrap();
        assert_ne!(read.query.list_name(), other.query.list_name(), "a cursor of one list is not valid for the other");
    }

    #[test]
    fn suggestion_needs_text_and_a_limit_in_range() {
        let refusal = |query: &[(&str, &str)]| SuggestRequest::parse(pairs(query)).unwrap_err().fields[0].code;
        assert_eq!(refusal(&[]), "required");
        assert_eq!(refusal(&[("q", "mug"), ("limit", "21")]), "limit_out_of_range");
        assert_eq!(refusal(&[("q", "mug"), ("limit", "0")]), "limit_out_of_range");
        assert_eq!(SuggestRequest::parse(pairs(&[("q", "mug")])).unwrap().limit, 8);
    }
}
