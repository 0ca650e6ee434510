//! The judged queries (`queries.txt`): the typed text, and the relevant products of the real catalog.

use std::collections::HashSet;

use anyhow::{Context, Result, bail, ensure};

use crate::search::product::Product;

const QUERIES: &str = include_str!("../../queries.txt");

/// A typed text and its relevant products.
#[derive(Debug, Clone)]
pub(crate) struct JudgedQuery {
    pub(crate) kind: String,
    pub(crate) text: String,
    /// SKUs.
    pub(crate) relevant: HashSet<String>,
}

/// A line of queries.txt.
#[derive(Debug)]
pub(crate) struct QueryLine<'a> {
    pub(crate) kind: &'a str,
    pub(crate) text: &'a str,
    count: usize,
    rule: Rule<'a>,
}

/// Returns the lines of queries.txt in order.
pub(crate) fn lines() -> Result<Vec<QueryLine<'static>>> {
    parse(QUERIES)
}

fn parse(file: &str) -> Result<Vec<QueryLine<'_>>> {
    let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| QueryLine::parse(line).with_context(|| format!("queries.txt: {line}"))).collect()
}

/// Evaluates the lines for the catalog that they were written for. A rule must match exactly as many products as were
/// checked by hand.
pub(crate) fn judge(lines: &[QueryLine<'_>], products: &[Product]) -> Result<Vec<JudgedQuery>> {
    let pages: Vec<ProductWords> = products.iter().map(ProductWords::of).collect();
    let judged = lines.iter().map(|line| {
        let relevant: HashSet<String> =
            pages.iter().filter(|page| line.rule.matches(page)).map(|page| page.id.clone()).collect();
        let (found, expected) = (relevant.len(), line.count);
        ensure!(
            found == expected,
            "queries.txt, `{}`: {found} products match, but {expected} were checked by hand",
            line.text
        );
        Ok(JudgedQuery { kind: line.kind.to_owned(), text: line.text.to_owned(), relevant })
    });
    judged.collect()
}

impl<'a> QueryLine<'a> {
    fn parse(line: &'a str) -> Result<Self> {
        let parts: Vec<&str> = line.split(" | ").map(str::trim).collect();
        let [kind, text, count, rule] = parts.as_slice() else { bail!("the form is `kind | text | number | rule`") };
        let count = count.parse()?;
        ensure!(count > 0, "at least one product must be relevant");
        Ok(Self { kind, text, count, rule: Rule::parse(rule)? })
    }
}

/// Alternatives; each is a list of conditions that must all hold.
#[derive(Debug)]
struct Rule<'a>(Vec<Vec<Condition<'a>>>);

#[derive(Debug)]
struct Condition<'a> {
    field: &'a str,
    is_positive: bool,
    /// Any of these sequences of words.
    runs: Vec<Vec<&'a str>>,
}

impl<'a> Rule<'a> {
    fn parse(rule: &'a str) -> Result<Self> {
        let condition = |condition: &'a str| {
            let (field, words) = condition.split_once(':').context("a condition has the form `field:words`")?;
            let (is_positive, field) = field.strip_prefix('-').map_or((true, field), |field| (false, field));
            ensure!(["name", "about", "text", "style", "category", "id"].contains(&field), "unknown field `{field}`");
            let runs = words.split(',').map(|run| run.split('_').collect()).collect();
            Ok(Condition { field, is_positive, runs })
        };
        let alternatives = rule.split(';').map(|all| all.split_whitespace().map(condition).collect());
        Ok(Self(alternatives.collect::<Result<_>>()?))
    }

    fn matches(&self, page: &ProductWords) -> bool {
        self.0.iter().any(|all| all.iter().all(|condition| condition.holds(page)))
    }
}

impl Condition<'_> {
    fn holds(&self, page: &ProductWords) -> bool {
        let within = |words: &[String]| self.runs.iter().any(|run| contains(words, run));
        let found = match self.field {
            "name" => within(&page.name),
            "about" => within(&page.about),
            "text" => within(&page.name) || within(&page.about),
            "style" => within(&page.style),
            "category" => within(&page.category),
            _ => self.runs.iter().flatten().any(|prefix| page.id.starts_with(prefix)),
        };
        found == self.is_positive
    }
}

/// The words of a product.
struct ProductWords {
    id: String,
    name: Vec<String>,
    about: Vec<String>,
    style: Vec<String>,
    category: Vec<String>,
}

impl ProductWords {
    fn of(product: &Product) -> Self {
        Self {
            id: product.sku.clone(),
            name: words(&product.name),
            about: words(&product.description),
            style: product.tags.first().map(|style| words(style)).unwrap_or_default(),
            category: words(&product.category),
        }
    }
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect()
}

fn contains(words: &[String], run: &[&str]) -> bool {
    let matches = |(word, wanted): (&String, &&str)| match wanted.strip_suffix('*') {
        Some(prefix) => word.starts_with(prefix),
        None => word == wanted,
    };
    words.windows(run.len()).any(|window| window.iter().zip(run).all(matches))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(sku: &str, name: &str, about: &str, style: &str) -> Product {
        let (sku, name, description) = (sku.to_owned(), name.to_owned(), about.to_owned());
        Product { sku, name, description, tags: vec![style.to_owned()], ..Product::default() }
    }

    fn matches(rule: &str, product: &Product) -> bool {
        Rule::parse(rule).unwrap().matches(&ProductWords::of(product))
    }

    #[test]
    fn rule_matches_whole_words_in_its_field() {
        let boot = product("6579-1", "Rover's Chelsea Boots", "Warm, slip-on boots of suede.", "boot");
        for holds in
            ["name:boots", "name:chelsea_boots", "about:suede", "text:slip_on", "style:boot", "id:6579", "-name:suede"]
        {
            assert!(matches(holds, &boot), "{holds}");
        }
        for fails in
            ["name:boot", "name:suede", "text:boots_chelsea", "-name:boots", "name:boots -about:suede", "id:657a"]
        {
            assert!(!matches(fails, &boot), "{fails}");
        }
        assert!(
            matches("name:boo*", &boot) && matches("name:shoe,boots", &boot) && matches("name:shoe; style:boot", &boot)
        );
    }

    #[test]
    fn invalid_line_is_refused() {
        for bad in [
            "word | kayak | name:kayak",
            "word | kayak | 0 | name:kayak",
            "word | kayak | 1 | colour:red",
            "word | x | 1 | name",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn another_catalog_is_refused() {
        let kayaks = [product("a", "Red Kayak", "", "kayaking"), product("b", "Kayak Paddle", "", "kayaking")];
        let judged = |line| judge(&parse(line).unwrap(), &kayaks);
        let one = judged("word | kayak | 1 | name:kayak -name:paddle").unwrap();
        assert_eq!(one[0].relevant, HashSet::from(["a".to_owned()]));
        assert!(judged("word | kayak | 1 | name:kayak").is_err());
    }

    #[test]
    fn more_than_sixty_queries_match_the_real_catalog() {
        let lines = lines().unwrap();
        assert!(lines.len() > 60);
        let Some(bodies) = samples::real("EUR").unwrap() else { return };
        let products: Vec<Product> = bodies.iter().map(|body| Product::of(body).unwrap()).collect();
        assert_eq!(judge(&lines, &products).unwrap().len(), lines.len());
    }
}
