//! The judged queries (`queries.txt`): what is typed, and which products of the real catalog are relevant.

use std::collections::HashSet;

use anyhow::{Context, Result, bail, ensure};

use crate::search::product::Product;

const QUERIES: &str = include_str!("../../queries.txt");

/// What is typed, and what one would be glad to find.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) kind: String,
    pub(crate) text: String,
    /// SKUs.
    pub(crate) relevant: HashSet<String>,
}

/// A line of the file.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) kind: &'a str,
    pub(crate) text: &'a str,
    count: usize,
    rule: Rule<'a>,
}

/// The lines of the project's file, in its order.
pub(crate) fn lines() -> Result<Vec<Line<'static>>> {
    read(QUERIES)
}

fn read(file: &str) -> Result<Vec<Line<'_>>> {
    let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| Line::read(line).with_context(|| format!("queries.txt: {line}"))).collect()
}

/// What each line means in the catalog that it was written for. A rule that fits more or fewer than were looked through is refused.
pub(crate) fn judge(lines: &[Line<'_>], products: &[Product]) -> Result<Vec<Judged>> {
    let pages: Vec<Page> = products.iter().map(Page::of).collect();
    let judged = lines.iter().map(|line| {
        let relevant: HashSet<String> =
            pages.iter().filter(|page| line.rule.fits(page)).map(|page| page.id.clone()).collect();
        let (found, expected) = (relevant.len(), line.count);
        ensure!(
            found == expected,
            "queries.txt, `{}`: {found} products fit, {expected} were looked through",
            line.text
        );
        Ok(Judged { kind: line.kind.to_owned(), text: line.text.to_owned(), relevant })
    });
    judged.collect()
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Result<Self> {
        let parts: Vec<&str> = line.split(" | ").map(str::trim).collect();
        let [kind, text, count, rule] = parts.as_slice() else { bail!("is not `kind | text | number | rule`") };
        let count = count.parse()?;
        ensure!(count > 0, "nothing is relevant: no engine could be right");
        Ok(Self { kind, text, count, rule: Rule::read(rule)? })
    }
}

/// Alternatives of conditions that all must hold.
#[derive(Debug)]
struct Rule<'a>(Vec<Vec<Condition<'a>>>);

#[derive(Debug)]
struct Condition<'a> {
    field: &'a str,
    wanted: bool,
    /// Any of these runs of words.
    runs: Vec<Vec<&'a str>>,
}

impl<'a> Rule<'a> {
    fn read(rule: &'a str) -> Result<Self> {
        let condition = |condition: &'a str| {
            let (field, words) = condition.split_once(':').context("a condition is `field:words`")?;
            let (wanted, field) = field.strip_prefix('-').map_or((true, field), |field| (false, field));
            ensure!(
                ["name", "about", "text", "style", "category", "id"].contains(&field),
                "there is no field `{field}`"
            );
            let runs = words.split(',').map(|run| run.split('_').collect()).collect();
            Ok(Condition { field, wanted, runs })
        };
        let alternatives = rule.split(';').map(|all| all.split_whitespace().map(condition).collect());
        Ok(Self(alternatives.collect::<Result<_>>()?))
    }

    fn fits(&self, page: &Page) -> bool {
        self.0.iter().any(|all| all.iter().all(|condition| condition.holds(page)))
    }
}

impl Condition<'_> {
    fn holds(&self, page: &Page) -> bool {
        let within = |words: &[String]| self.runs.iter().any(|run| contains(words, run));
        let found = match self.field {
            "name" => within(&page.name),
            "about" => within(&page.about),
            "text" => within(&page.name) || within(&page.about),
            "style" => within(&page.style),
            "category" => within(&page.category),
            _ => self.runs.iter().flatten().any(|begun| page.id.starts_with(begun)),
        };
        found == self.wanted
    }
}

/// A product cut into words.
struct Page {
    id: String,
    name: Vec<String>,
    about: Vec<String>,
    style: Vec<String>,
    category: Vec<String>,
}

impl Page {
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
    let fits = |(word, wanted): (&String, &&str)| match wanted.strip_suffix('*') {
        Some(begun) => word.starts_with(begun),
        None => word == wanted,
    };
    words.windows(run.len()).any(|window| window.iter().zip(run).all(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(sku: &str, name: &str, about: &str, style: &str) -> Product {
        let (sku, name, description) = (sku.to_owned(), name.to_owned(), about.to_owned());
        Product { sku, name, description, tags: vec![style.to_owned()], ..Product::default() }
    }

    fn fits(rule: &str, product: &Product) -> bool {
        Rule::read(rule).unwrap().fits(&Page::of(product))
    }

    #[test]
    fn a_rule_looks_for_whole_words_in_its_field() {
        let boot = product("6579-1", "Rover's Chelsea Boots", "Warm, slip-on boots of suede.", "boot");
        for holds in
            ["name:boots", "name:chelsea_boots", "about:suede", "text:slip_on", "style:boot", "id:6579", "-name:suede"]
        {
            assert!(fits(holds, &boot), "{holds}");
        }
        for fails in
            ["name:boot", "name:suede", "text:boots_chelsea", "-name:boots", "name:boots -about:suede", "id:657a"]
        {
            assert!(!fits(fails, &boot), "{fails}");
        }
        assert!(fits("name:boo*", &boot) && fits("name:shoe,boots", &boot) && fits("name:shoe; style:boot", &boot));
    }

    #[test]
    fn a_line_that_cannot_be_meant_is_refused() {
        for bad in [
            "word | kayak | name:kayak",
            "word | kayak | 0 | name:kayak",
            "word | kayak | 1 | colour:red",
            "word | x | 1 | name",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_catalog_other_than_the_one_that_was_judged_is_refused() {
        let kayaks = [product("a", "Red Kayak", "", "kayaking"), product("b", "Kayak Paddle", "", "kayaking")];
        let judged = |line| judge(&read(line).unwrap(), &kayaks);
        let one = judged("word | kayak | 1 | name:kayak -name:paddle").unwrap();
        assert_eq!(one[0].relevant, HashSet::from(["a".to_owned()]));
        assert!(judged("word | kayak | 1 | name:kayak").is_err());
    }

    #[test]
    fn there_are_more_than_sixty_and_each_fits_the_real_catalog() {
        let lines = lines().unwrap();
        assert!(lines.len() > 60);
        let Some(bodies) = samples::real("EUR").unwrap() else { return };
        let products: Vec<Product> = bodies.iter().map(|body| Product::of(body).unwrap()).collect();
        assert_eq!(judge(&lines, &products).unwrap().len(), lines.len());
    }
}
