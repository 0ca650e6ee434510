//! Products and queries in many scripts and spellings (`script_products.txt`, `script_queries.txt`).

use std::collections::HashSet;

use anyhow::{Context, Result, bail, ensure};

use crate::search::judged_queries::JudgedQuery;
use crate::search::product::Product;

const PRODUCTS: &str = include_str!("../../script_products.txt");
const QUERIES: &str = include_str!("../../script_queries.txt");

/// Returns the products in order.
pub(crate) fn products() -> Result<Vec<Product>> {
    let product = |line: &str| {
        let [sku, name, description] = parts(line)?;
        let text = str::to_owned;
        let (sku, name, description, category) = (text(sku), text(name), text(description), text("scripts"));
        Ok(Product { sku, name, description, category, price: 1_000, available: 1, ..Product::default() })
    };
    lines(PRODUCTS).map(product).collect()
}

/// Returns the queries in order, each with the SKUs of its relevant products.
pub(crate) fn queries() -> Result<Vec<JudgedQuery>> {
    let skus: HashSet<String> = products()?.into_iter().map(|product| product.sku).collect();
    let query = |line: &str| {
        let [kind, text, relevant] = parts(line)?;
        let relevant: HashSet<String> = relevant.split(' ').map(str::to_owned).collect();
        ensure!(relevant.is_subset(&skus), "script_queries.txt, `{text}`: a SKU is unknown");
        Ok(JudgedQuery { kind: kind.to_owned(), text: text.to_owned(), relevant })
    };
    lines(QUERIES).map(query).collect()
}

fn lines(file: &str) -> impl Iterator<Item = &str> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn parts(line: &str) -> Result<[&str; 3]> {
    let parts: Vec<&str> = line.split(" | ").collect();
    let Ok(parts) = <[&str; 3]>::try_from(parts) else { bail!("the form is `a | b | c`: {line}") };
    parts
        .iter()
        .all(|part| !part.trim().is_empty())
        .then_some(parts)
        .with_context(|| format!("a part is empty: {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_about_products_of_at_least_eight_scripts() {
        let (products, queries) = (products().unwrap(), queries().unwrap());
        let skus: HashSet<&String> = products.iter().map(|product| &product.sku).collect();
        assert_eq!(skus.len(), products.len(), "each SKU once");
        assert!(queries.len() >= 40 && queries.iter().all(|query| !query.relevant.is_empty()));
        // Of Latin and ten other scripts, the first and the last letter.
        let scripts = "az αω ая ای את अह აჰ กฮ 一龠 アン 가힣".split(' ').map(|letters| {
            let mut letters = letters.chars();
            (letters.next().unwrap(), letters.next().unwrap())
        });
        for (first, last) in scripts {
            let has = |query: &JudgedQuery| query.text.chars().any(|letter| (first..=last).contains(&letter));
            assert!(queries.iter().any(has), "{first} to {last}");
        }
    }
}
