//! The OpenAPI document, built from the functions' request and answer types. `make openapi` writes it to the committed file.

#![cfg(feature = "openapi")]

#[cfg(test)]
mod patterns;
#[cfg(test)]
mod replacements;

use anyhow::{Result, anyhow};
use http_kit::openapi::Api;
use serde_json::Value;

/// What no type says: title, tags, shared parameters, headers and errors.
const HEAD: &str = include_str!("../head.json");

/// The path of the committed document from the root of the project.
pub const COMMITTED: &str = "functions/ops/openapi.json";

/// The document, pretty-printed, with a line break at its end.
///
/// # Errors
/// When two types give one name to two schemas.
pub fn document() -> Result<String> {
    let mut api = Api::default();
    for operations in [
        fn_auth::openapi,
        fn_oauth::openapi,
        fn_users::openapi,
        fn_products::openapi,
        fn_search::openapi,
        fn_cart::openapi,
        fn_orders::openapi,
        fn_payments::openapi,
        fn_ops::openapi,
    ] {
        operations(&mut api);
    }
    let head: Value = serde_json::from_str(HEAD)?;
    let document = api.document(head).map_err(|error| anyhow!(error))?;
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::ensure;
    use std::path::Path;

    #[test]
    fn committed_document_is_the_generated_one() -> Result<()> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(COMMITTED);
        let (committed, generated) = (std::fs::read_to_string(path)?, document()?);
        let differs = committed.lines().zip(generated.lines()).position(|(one, other)| one != other);
        ensure!(
            committed == generated,
            "{} differs from line {} on: run `make openapi` and commit the file",
            COMMITTED,
            differs.map_or(committed.lines().count().min(generated.lines().count()), |line| line) + 1
        );
        Ok(())
    }
}
