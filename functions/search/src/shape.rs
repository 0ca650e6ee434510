//! The bodies of responses.

use search::Facets;
use serde::Serialize;
use serde_json::Value;
use values::ProductId;

/// A page of products.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "SearchTotals"))]
pub(crate) struct SearchOut {
    /// As in every list.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schemars(skip))]
    pub(crate) page: Value,
    /// The number of products on all pages.
    pub(crate) total: u64,
    pub(crate) facets: Facets,
}

/// Completions and products for a typed text.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Suggestions"))]
pub(crate) struct SuggestionsOut {
    pub(crate) data: Vec<SuggestionOut>,
}

/// A completion or a product.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Suggestion"))]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum SuggestionOut {
    /// A text to search for.
    Text { text: String },
    /// A product.
    Product {
        /// The name of the product.
        text: String,
        #[cfg_attr(feature = "openapi", schemars(with = "values::schema::ProductId"))]
        id: ProductId,
    },
}
