//! What is asked for while the clock runs: the judged queries as they are and with filters, and pages without any words.

use std::collections::HashMap;
use std::fmt::{self, Display};

use crate::search::product::Product;

/// Products of a page, as `GET /products` has it unless told otherwise.
pub(crate) const PAGE: usize = 20;

/// One `GET /products`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) words: String,
    pub(crate) category: Option<String>,
    pub(crate) tag: Option<String>,
    /// From, to: minor units, both included.
    pub(crate) price: Option<(u64, u64)>,
    pub(crate) in_stock: bool,
    pub(crate) sort: Order,
}

/// The order of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// The best match first; without words, the newest.
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
        parts.extend(price.map(|(least, most)| format!("price={least}..{most}")));
        parts.extend(in_stock.then(|| "inStock".to_owned()));
        parts.extend((*sort != Order::Relevance).then(|| format!("sort={sort:?}")));
        if parts.is_empty() { f.write_str("everything") } else { f.write_str(&parts.join(" ")) }
    }
}

/// What one types and sees; a search and a page of a category cost differently.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// With words.
    pub(crate) searched: Vec<Request>,
    /// Without.
    pub(crate) browsed: Vec<Request>,
    /// What was typed so far, letter by letter.
    pub(crate) begun: Vec<String>,
}

impl Requests {
    /// Each text as it is, a third of them in stock and of a middle price, a quarter cheapest first, a sixth in the largest category.
    pub(crate) fn of(texts: &[String], products: &[Product]) -> Self {
        let prices = Prices::of(products);
        let largest = most(products.iter().map(|product| &product.category), 20);
        let styles = most(products.iter().flat_map(|product| &product.tags), 10);
        let mut searched = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            let bare = Request { words: text.clone(), ..Request::default() };
            let filtered = [
                (3, Request { in_stock: true, price: Some(prices.middle), ..bare.clone() }),
                (4, Request { sort: Order::Price, ..bare.clone() }),
                (6, Request { category: largest.first().cloned(), ..bare.clone() }),
            ];
            searched.push(bare);
            searched.extend(filtered.into_iter().filter(|(every, _)| number % every == 0).map(|(_, request)| request));
        }
        let all = Request::default();
        let mut browsed = vec![
            all.clone(),
            Request { in_stock: true, ..all.clone() },
            Request { price: Some(prices.middle), sort: Order::Price, ..all.clone() },
            Request { sort: Order::Price, ..all.clone() },
            Request { sort: Order::Newest, ..all.clone() },
            Request { sort: Order::Rating, ..all.clone() },
        ];
        browsed.extend(largest.into_iter().map(|category| Request { category: Some(category), ..all.clone() }));
        browsed.extend(styles.into_iter().map(|tag| Request { tag: Some(tag), in_stock: true, ..all.clone() }));
        Self { searched, browsed, begun: begun(texts) }
    }
}

/// Of every fourth text, what stands there after each letter.
fn begun(texts: &[String]) -> Vec<String> {
    let typed = texts.iter().step_by(4);
    typed
        .flat_map(|text| text.char_indices().map(|(place, letter)| text[..place + letter.len_utf8()].to_owned()))
        .collect()
}

struct Prices {
    /// From the cheapest quarter to the dearest.
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

/// The most frequent first; of equals, in the order of the alphabet.
fn most<'a>(values: impl Iterator<Item = &'a String>, count: usize) -> Vec<String> {
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
    fn texts_are_asked_bare_and_with_filters_and_categories_are_browsed() {
        let product = |category: &str, price| Product {
            category: category.to_owned(),
            tags: vec!["mug".to_owned()],
            price,
            ..Product::default()
        };
        let products = [product("tea", 100), product("tea", 200), product("ceramics", 300), product("books", 400)];
        let texts: Vec<String> = ["mug", "teapot"].map(str::to_owned).into();
        let requests = Requests::of(&texts, &products);
        assert_eq!(requests.searched.len(), 2 + 3, "the first text has every filter once");
        assert_eq!(requests.searched[1].price, Some((200, 400)));
        assert_eq!(requests.searched[3].category.as_deref(), Some("tea"));
        assert_eq!(requests.browsed.len(), 6 + 3 + 1);
        assert_eq!(requests.begun, ["m", "mu", "mug"]);
    }
}
