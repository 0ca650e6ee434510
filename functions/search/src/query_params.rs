//! Parses the query strings. Each parameter may be given once, except `attribute`, `tag` and `sku`. Unknown parameters are
//! refused.

use catalog::Category;
use http_kit::PageQuery;
use search::{MAX_SKUS, Query, SearchParams};
use values::{Error, Result, Sku};

/// The maximum number of suggested products.
const MAX_SUGGESTIONS: u32 = 20;
/// The number of suggested products if the request names none.
const DEFAULT_SUGGESTIONS: u32 = 8;

/// The query string of `GET /products`.
#[derive(Debug)]
pub(crate) enum ListRequest {
    Search(Box<SearchRequest>),
    Skus(SkuRequest),
}

impl ListRequest {
    pub(crate) fn parse(pairs: Vec<(String, String)>) -> Result<Self> {
        match pairs.iter().any(|(name, _)| name == "sku") {
            true => SkuRequest::parse(pairs).map(Self::Skus),
            false => SearchRequest::parse(pairs).map(|request| Self::Search(Box::new(request))),
        }
    }
}

/// Products by their SKUs.
#[derive(Debug)]
pub(crate) struct SkuRequest {
    /// In the order of the request.
    pub(crate) skus: Vec<Sku>,
    pub(crate) page: PageQuery,
}

/// Parameters of the query string for products by their SKUs.
#[cfg(feature = "openapi")]
#[derive(Debug, schemars::JsonSchema)]
pub(crate) struct SkuParams {
    /// Only products that have exactly this SKU, or a variant with it. Letter case matters. Repeat it, or separate SKUs by
    /// commas, for up to 50 SKUs. The products come in the order of the SKUs, each once, and all on one page unless they are
    /// large. The answer is current. With `sku`, the default of `limit` is 50. Only `limit` and `cursor` can be sent with it;
    /// other parameters get `not_with_sku`. The lists in `facets` are empty.
    #[schemars(rename = "sku", length(max = MAX_SKUS), inner(pattern(SKUS_PATTERN)))]
    _skus: Option<Vec<String>>,
}

/// One SKU, or several with commas between them.
#[cfg(feature = "openapi")]
const SKUS_PATTERN: &str = "^[A-Za-z0-9._-]{1,64}(,[A-Za-z0-9._-]{1,64})*$";

impl SkuRequest {
    fn parse(pairs: Vec<(String, String)>) -> Result<Self> {
        let mut pairs = UnreadParams(pairs);
        let listed = pairs.take_all("sku");
        let skus: Vec<&str> = listed.iter().flat_map(|skus| skus.split(',')).collect();
        let page = PageQuery {
            limit: Some(pairs.number("limit")?.unwrap_or(MAX_SKUS as u32)),
            cursor: pairs.take_single("cursor")?,
        };
        if let Some((name, _)) = pairs.0.first() {
            return Err(Error::invalid(name, "not_with_sku", "cannot be combined with `sku`"));
        }
        if skus.len() > MAX_SKUS {
            return Err(Error::invalid("sku", "too_many_skus", format!("must be at most {MAX_SKUS} SKUs")));
        }
        let skus = skus.into_iter().map(parse_sku).collect::<Result<Vec<_>>>()?;
        Ok(Self { skus: skus.into_iter().flatten().collect(), page })
    }

    /// Names the list without its page. A cursor is valid for one list.
    pub(crate) fn list_name(&self) -> String {
        format!("SKUs {:?}", self.skus)
    }
}

/// Returns `None` for a text that no product can have, such as `..`.
fn parse_sku(text: &str) -> Result<Option<Sku>> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    match (1..=64).contains(&text.len()) && text.bytes().all(is_legal) {
        true => Ok(text.parse().ok()),
        false => {
            let message =
                "must be SKUs of 1 to 64 letters, digits, dots, hyphens and underscores, with commas between them";
            Err(Error::invalid("sku", "sku_invalid", message))
        }
    }
}

/// Products by words, filters and an order.
#[derive(Debug)]
pub(crate) struct SearchRequest {
    pub(crate) query: Query,
    pub(crate) category: Option<Category>,
    pub(crate) page: PageQuery,
}

impl SearchRequest {
    fn parse(pairs: Vec<(String, String)>) -> Result<Self> {
        let mut pairs = UnreadParams(pairs);
        let params = SearchParams {
            attributes: pairs.take_all("attribute"),
            tags: pairs.take_all("tag"),
            search: pairs.take_single("search")?,
            brand: pairs.take_single("brand")?,
            min_price: pairs.take_single("minPrice")?,
            max_price: pairs.take_single("maxPrice")?,
            in_stock: pairs.take_single("inStock")?,
            min_rating: pairs.take_single("minRating")?,
            sort: pairs.take_single("sort")?,
        };
        let category = pairs.take_single("category")?.map(|written| parse_category(&written)).transpose()?;
        let page = PageQuery { limit: pairs.number("limit")?, cursor: pairs.take_single("cursor")? };
        pairs.refuse_rest()?;
        Ok(Self { query: Query::parse(params)?, category, page })
    }
}

/// Any key that a path can name, so that a filter by a key of an earlier release finds the category of today.
fn parse_category(written: &str) -> Result<Category> {
    Category::from_path(written).ok_or_else(|| {
        let message = "must be 1 to 64 characters, without `#/?%\\` and control characters, and not `.` or `..`";
        Error::invalid("category", "invalid_value", message)
    })
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

    fn take_all(&mut self, name: &str) -> Vec<String> {
        let pairs = std::mem::take(&mut self.0).into_iter();
        let (wanted, rest): (Vec<_>, Vec<_>) = pairs.partition(|(given, _)| given == name);
        self.0 = rest;
        wanted.into_iter().map(|(_, value)| value).collect()
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
        assert_eq!(refusal(&[("brand", "a"), ("brand", "b")]), ("brand".into(), "duplicate_field"));
        assert_eq!(refusal(&[("tag", "a"); 11]), ("tag".into(), "too_many_tags"));
        assert_eq!(refusal(&[("limit", "ten")]), ("limit".into(), "invalid_value"));
        assert_eq!(refusal(&[("limit", "-1")]), ("limit".into(), "invalid_value"));
        for category in ["", "a#b", "..", &"x".repeat(65)] {
            assert_eq!(refusal(&[("category", category)]), ("category".into(), "invalid_value"), "{category}");
        }
        assert_eq!(refusal(&[("minPrice", "-1")]), ("minPrice".into(), "price_out_of_range"));
    }

    #[test]
    fn attribute_and_tag_may_be_given_several_times() {
        let query = [("attribute", "colour:blue"), ("search", "mug"), ("attribute", "glazed:true"), ("limit", "7")];
        let read = SearchRequest::parse(pairs(&query)).unwrap();
        assert_eq!((read.query.attributes.len(), read.query.words.as_str(), read.page.limit), (2, "mug", Some(7)));
        let other = SearchRequest::parse(pairs(&[("attribute", "colour:blue"), ("search", "mug")])).unwrap();
        assert_ne!(read.query.list_name(), other.query.list_name(), "a cursor of one list is not valid for the other");
        let tags = SearchRequest::parse(pairs(&[("tag", "b"), ("search", "mug"), ("tag", "a")])).unwrap();
        assert_eq!(tags.query.tags, ["b", "a"]);
    }

    #[test]
    fn category_may_be_named_by_a_key_of_an_earlier_release() {
        for (written, key) in [("tea", "tea"), ("Tea", "tea"), ("a\u{61c}", "a"), (" tea", "tea")] {
            let category = SearchRequest::parse(pairs(&[("category", written)])).unwrap().category.unwrap();
            assert_eq!(category.as_str(), key, "{written:?}");
        }
    }

    #[test]
    fn skus_are_repeated_or_listed() {
        let read = |query: &[(&str, &str)]| match ListRequest::parse(pairs(query)) {
            Ok(ListRequest::Skus(request)) => Ok((request.skus, request.page.limit)),
            Ok(ListRequest::Search(_)) => panic!("it names SKUs"),
            Err(error) => Err((error.fields[0].field.clone(), error.fields[0].code)),
        };
        let skus = |skus: &[&str]| skus.iter().map(|sku| sku.parse().unwrap()).collect::<Vec<Sku>>();
        assert_eq!(
            read(&[("sku", "B"), ("sku", "A-1,a.2"), ("limit", "7")]),
            Ok((skus(&["B", "A-1", "a.2"]), Some(7)))
        );
        assert_eq!(read(&[("sku", "..,prd_x,A")]), Ok((skus(&["A"]), Some(50))), "no product has them");
        for (query, field, code) in [
            (vec![("sku", "")], "sku", "sku_invalid"),
            (vec![("sku", "A,")], "sku", "sku_invalid"),
            (vec![("sku", "A B")], "sku", "sku_invalid"),
            (vec![("sku", "A"), ("search", "mug")], "search", "not_with_sku"),
            (vec![("sku", "A"); 51], "sku", "too_many_skus"),
        ] {
            assert_eq!(read(&query), Err((field.to_owned(), code)), "{query:?}");
        }
        let name = |query: &[(&str, &str)]| match ListRequest::parse(pairs(query)) {
            Ok(ListRequest::Skus(request)) => request.list_name(),
            other => panic!("{other:?}"),
        };
        assert_ne!(name(&[("sku", "A")]), name(&[("sku", "A,B")]));
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
