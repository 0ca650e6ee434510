//! The OpenAPI document, built from the functions' request and answer types. Only the cart is converted: until all functions are, the
//! committed file `functions/ops/openapi.json` is written by hand, and the comparison of the two is not a part of `make test`.

#![cfg(feature = "openapi")]

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
    fn_cart::openapi(&mut api);
    let head: Value = serde_json::from_str(HEAD)?;
    let document = api.document(head).map_err(|error| anyhow!(error))?;
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
