//! Queries SQLite FTS5: all words, then the last word as a prefix, then (with trigrams) similar words, then any word.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, ToSql, params_from_iter};
use serde_json::json;

use crate::search::engine::{Engine, Page};
use crate::search::request::{Order, PAGE, Request};
use crate::search::sqlite::{self, SpellCorrection};

const SUGGESTIONS: usize = 8;
/// The first letter of the Indic scripts and of those after them in Unicode.
const FIRST_VOWEL_SIGNS: char = '\u{900}';

/// The facets of a page of results, one statement each.
const FACETS: [&str; 5] = [
    "SELECT category, count(*) FROM hit GROUP BY category ORDER BY 2 DESC, 1 LIMIT 20",
    "SELECT brand, count(*) FROM hit WHERE brand IS NOT NULL GROUP BY brand ORDER BY 2 DESC, 1 LIMIT 20",
    "SELECT tag, count(*) FROM hit JOIN tag ON tag.product = hit.id GROUP BY tag ORDER BY 2 DESC, 1 LIMIT 20",
    "SELECT name || char(31) || value, count(*) FROM hit JOIN attribute ON attribute.product = hit.id
        GROUP BY name, value ORDER BY 2 DESC, 1 LIMIT 20",
    "SELECT 'all', count(*), sum(price < 1000), sum(price >= 1000 AND price < 2500), sum(price >= 2500 AND price < 5000),
        sum(price >= 5000 AND price < 10000), sum(price >= 10000 AND price < 25000), sum(price >= 25000), sum(stars >= 400),
        sum(stars >= 300), sum(stars >= 200), sum(stars >= 100) FROM hit",
];

/// An open database.
#[derive(Debug)]
pub(crate) struct Fts5 {
    connection: Connection,
    correction: SpellCorrection,
}

impl Engine for Fts5 {
    fn search(&mut self, request: &Request) -> Result<Page> {
        self.fill_hits(request)?;
        let mut facets = Vec::with_capacity(FACETS.len());
        for facet in FACETS {
            let mut statement = self.connection.prepare_cached(facet)?;
            let width = statement.column_count();
            let counts = statement.query_map([], |row| {
                let value: String = row.get(0)?;
                let counts =
                    (1..width).map(|column| row.get::<_, Option<i64>>(column)).collect::<rusqlite::Result<Vec<_>>>()?;
                Ok(json!({ "value": value, "counts": counts }))
            })?;
            facets.push(counts.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        Ok(Page { products: self.page(request)?, facets: json!(facets) })
    }

    fn suggest(&mut self, prefix: &str) -> Result<usize> {
        let quoted: Vec<String> = words(prefix).iter().map(|word| format!("\"{word}\"")).collect();
        // FTS5 splits words with vowel signs again. The index of names has no positions, so it refuses them as phrases.
        if quoted.is_empty() || prefix.chars().any(|letter| letter >= FIRST_VOWEL_SIGNS) {
            return Ok(0);
        }
        let names = format!(
            "SELECT json_extract(shown, '$.name') FROM title JOIN shown ON shown.id = title.rowid
                WHERE title MATCH ? LIMIT {SUGGESTIONS}"
        );
        let mut names = self.connection.prepare_cached(&names)?;
        let found = names.query_map([quoted.join(" ") + "*"], |row| row.get::<_, String>(0))?;
        Ok(found.collect::<rusqlite::Result<Vec<_>>>()?.len())
    }
}

impl Fts5 {
    pub(crate) fn open(folder: &Path, correction: SpellCorrection) -> Result<Self> {
        Ok(Self { connection: sqlite::open(folder)?, correction })
    }

    /// Fills the table `hit` with all matching products.
    fn fill_hits(&self, request: &Request) -> Result<()> {
        let words = words(&request.words);
        if words.is_empty() {
            self.fill("product", None, request)?;
            return Ok(());
        }
        let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let mut attempts = vec![("words", quoted.join(" ")), ("words", quoted.join(" ") + "*")];
        if self.correction == SpellCorrection::Trigrams {
            attempts.push(("near", trigrams(&words).join(" OR ")));
        }
        attempts.push(("words", quoted.join(" OR ")));
        for (index, expression) in attempts.into_iter().filter(|(_, expression)| !expression.is_empty()) {
            if self.fill(index, Some(expression), request)? > 0 {
                break;
            }
        }
        Ok(())
    }

    fn fill(&self, index: &str, expression: Option<String>, request: &Request) -> Result<usize> {
        let mut conditions = Vec::new();
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        let (rank, from) = match expression {
            Some(expression) => {
                conditions.push(format!("{index} MATCH ?"));
                values.push(Box::new(expression));
                ("rank", format!("{index} JOIN product ON product.id = {index}.rowid"))
            }
            None => ("0", "product".to_owned()),
        };
        if let Some(category) = &request.category {
            conditions.push("product.category = ?".to_owned());
            values.push(Box::new(category.clone()));
        }
        if let Some(tag) = &request.tag {
            conditions.push("product.id IN (SELECT product FROM tag WHERE tag = ?)".to_owned());
            values.push(Box::new(tag.clone()));
        }
        if let Some((min, max)) = request.price {
            conditions.push("price BETWEEN ? AND ?".to_owned());
            values.push(Box::new(min as i64));
            values.push(Box::new(max as i64));
        }
        if request.in_stock {
            conditions.push("in_stock".to_owned());
        }
        let filter = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
        self.connection.prepare_cached("DELETE FROM hit")?.execute([])?;
        let fill = format!(
            "INSERT INTO hit SELECT product.id, {rank}, product.category, product.brand, price, stars, reviews FROM {from}{filter}"
        );
        Ok(self.connection.prepare_cached(&fill)?.execute(params_from_iter(values))?)
    }

    fn page(&self, request: &Request) -> Result<Vec<String>> {
        let order = match request.sort {
            Order::Relevance => "hit.rank, hit.id DESC",
            Order::Price => "hit.price, hit.id DESC",
            Order::Newest => "hit.id DESC",
            Order::Rating => "hit.stars DESC, hit.reviews DESC, hit.id DESC",
        };
        let first = format!("SELECT id FROM hit ORDER BY {order} LIMIT {PAGE}");
        let mut first = self.connection.prepare_cached(&first)?;
        let ids = first.query_map([], |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
        let mut shown = self.connection.prepare_cached("SELECT shown FROM shown WHERE id = ?")?;
        ids.into_iter().map(|id| Ok(shown.query_row([id], |row| row.get(0))?)).collect()
    }
}

/// Splits text into runs of letters and digits, so that no part of a query is taken for syntax of FTS5.
fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn trigrams(words: &[String]) -> Vec<String> {
    let letters = words.iter().map(|word| word.chars().collect::<Vec<_>>());
    letters
        .flat_map(|letters| {
            letters.windows(3).map(|three| format!("\"{}\"", three.iter().collect::<String>())).collect::<Vec<_>>()
        })
        .collect()
}
