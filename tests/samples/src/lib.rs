//! Catalogs for tests and the bench, as bodies of `POST /products`: real data from the folder that `SOUK_DATA` names, and the
//! project's demo catalog, which is always available.

mod real;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

/// The environment variable that names the folder of real data.
pub const DATA: &str = "SOUK_DATA";

const REAL: &str = "catalog/retail-demo-store-products.yaml";
const DEMO: &str = include_str!("../../../infra/local/demo/catalog.json");

/// The real catalog of 2,465 products, in the order of its file and with prices in `currency`. None if [`DATA`] is not set.
///
/// # Errors
/// If [`DATA`] is set and the file is missing or has another format.
pub fn real(currency: &str) -> Result<Option<Vec<Value>>> {
    let Some(folder) = std::env::var_os(DATA).filter(|folder| !folder.is_empty()) else { return Ok(None) };
    let path = from_root(&folder.into()).join(REAL);
    let text = std::fs::read_to_string(&path).with_context(|| format!("{DATA}: {} cannot be read", path.display()))?;
    Ok(Some(
        real::products(&text, currency)
            .with_context(|| format!("{} does not have the expected format", path.display()))?,
    ))
}

/// The demo catalog.
///
/// # Errors
/// If the file is not a JSON array.
pub fn demo() -> Result<Vec<Value>> {
    serde_json::from_str(DEMO).context("infra/local/demo/catalog.json is not a list of products")
}

/// Resolves a path from the project's folder, because cargo runs a test in the folder of its package.
fn from_root(path: &PathBuf) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demo_catalog_is_a_list_of_products() {
        let demo = demo().unwrap();
        assert!(demo.len() > 50 && demo.iter().all(|product| product["sku"].is_string()));
    }

    #[test]
    fn real_catalog_is_read_completely() {
        let Some(products) = real("EUR").unwrap() else { return };
        assert_eq!(products.len(), 2465);
        let cents: u64 = products.iter().filter_map(|product| product["price"]["amount"].as_u64()).sum();
        assert_eq!(cents, 77_322_988, "the sum of all prices, in cents");
    }
}
