//! The measured requests: the judged queries alone and with filters, and pages without words.

use std::collections::HashMap;
use std::fmt::{self, Display};

use crate::search::product::Product;

/// The default page length of `GET /products`.
pub(crate) const PAGE: usize = 20;

/// A request of `GET /products`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) words: String,
    pub(crate) category: Option<String>,
    pub(crate) tag: Option<String>,
    /// Lowest and highest price in minor units, inclusive.
    pub(crate) price: Option<(u64, u64)>,
    pub(crate) in_stock: bool,
    pub(crate) sort: Order,
}

/// The order of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// The best match first; without words the newest.
    #[default]
    Relevance,
    Price,
    Newest,
    Rating,
}

impl Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { words, category, tag, price, in_stock, sort } = self;
        let mut parts = Vec::new();
        parts.extend((!words.is_empty()).then(|| words.clone()));
        parts.extend(category.as_ref().map(|category| format!("category={category}")));
        parts.extend(tag.as_ref().map(|tag| format!("tag={tag}")));
        parts.extend(price.map(|(min, max)| format!("price={min}..{max}")));
        parts.extend(in_stock.then(|| "inStock".to_owned()));
        parts.extend((*sort != Order::Relevance).then(|| format!("sort={sort:?}")));
        if parts.is_empty() { f.write_str("everything") } else { f.write_str(&parts.join(" ")) }
    }
}

/// The requests. A search with words and a page of a category have different costs.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// With words.
    pub(crate) searches: Vec<Request>,
    /// Without words.
    pub(crate) browses: Vec<Request>,
    /// Typed texts, letter by letter.
    pub(crate) prefixes: Vec<String>,
}

impl Requests {
    /// Uses each text alone, a third of them in stock with a middle price, a quarter sorted by price, and a sixth in
    /// the largest category.
    pub(crate) fn of(texts: &[String], products: &[Product]) -> Self {
        let prices = Prices::of(products);
        let largest = most_frequent(products.iter().map(|product| &product.category), 20);
        let styles = most_frequent(products.iter().flat_map(|product| &product.tags), 10);
        let mut searches = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            let bare = Request { words: text.clone(), ..Request::default() };
            let filtered = [
                (3, Request { in_stock: true, price: Some(prices.middle), ..bare.clone() }),
                (4, Request { sort: Order::Price, ..bare.clone() }),
                (6, Request { category: largest.first().cloned(), ..bare.clone() }),
            ];
            searches.push(bare);
            searches.extend(filtered.into_iter().filter(|(every, _)| number % every == 0).map(|(_, request)| request));
        }
        let all = Request::default();
        let mut browses = vec![
            all.clone(),
            Request { in_stock: true, ..all.clone() },
            Request { price: Some(prices.middle), sort: Order::Price, ..all.clone() },
            Request { sort: Order::Price, ..all.clone() },
            Request { sort: Order::Newest, ..all.clone() },
            Request { sort: Order::Rating, ..all.clone() },
        ];
        browses.extend(largest.into_iter().map(|category| Request { category: Some(category), ..all.clone() }));
        browses.extend(styles.into_iter().map(|tag| Request { tag: Some(tag), in_stock: true, ..all.clone() }));
        Self { searches, browses, prefixes: prefixes(texts) }
    }
}

/// For every fourth text, the typed text after each letter.
fn prefixes(texts: &[String]) -> Vec<String> {
    let texts = texts.iter().step_by(4);
    texts
        .flat_map(|text| text.char_indices().map(|(position, letter)| text[..position + letter.len_utf8()].to_owned()))
        .collect()
}

struct Prices {
    /// From the first to the third quartile.
    middle: (u64, u64),
}

impl Prices {
    fn of(products: &[Product]) -> Self {
        let mut prices: Vec<u64> = products.iter().map(|product| product.price).collect();
        prices.sort_unstable();
        let at = |quarter: usize| prices.get(prices.len() * quarter / 4).copied().unwrap_or_default();
        Self { middle: (at(1), at(3)) }
    }
}

/// Returns the most frequent values, then alphabetically.
fn most_frequent<'a>(values: impl Iterator<Item = &'a String>, count: usize) -> Vec<String> {
    let mut counts: HashMap<&String, usize> = HashMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
    counts.into_iter().take(count).map(|(value, _)| value.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_texts_with_and_without_filters_and_categories() {
        let product = |category: &str, price| Product {
            category: category.to_owned(),
            tags: vec!["mug".to_owned()],
            price,
            ..Product::default()
        };
        let products = [product("tea", 100), product("tea", 200), product("ceramics", 300), product("books", 400)];
        let texts: Vec<String> = ["mug", "teapot"].map(str::to_owned).into();
        let requests = Requests::of(&texts, &products);
        assert_eq!(requests.searches.len(), 2 + 3, "the first text has every filter once");
        assert_eq!(requests.searches[1].price, Some((200, 400)));
        assert_eq!(requests.searches[3].category.as_deref(), Some("tea"));
        assert_eq!(requests.browses.len(), 6 + 3 + 1);
        assert_eq!(requests.prefixes, ["m", "mu", "mug"]);
    }
}
