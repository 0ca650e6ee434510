//! The operations of this function in the OpenAPI document.

use catalog::ProductOut;
use catalog::schema::CategoryFilter;
use http_kit::openapi::{Access, Api};
use search::SearchParams;

use crate::query_params::{SkuParams, SuggestRequest};
use crate::shape::{SearchOut, SuggestionsOut};

/// Adds the operations.
pub fn openapi(api: &mut Api) {
    api.operation("get", "/api/v1/products", Access::Open, "listProducts", "Search and list products")
        .describe(
            "Every word must match in name, brand, tags, category, attributes, description or SKU. Letter case, accents and the width \
             of letters are ignored, and so are hyphens and spaces within a word (`WD-40`, `WD40`). English word forms match each \
             other. Text without spaces between words, such as Chinese, Japanese or Thai, matches by pairs of characters. A SKU \
             matches as a whole, by its beginning, and by the parts between its separators; the product with exactly the searched \
             SKU comes first. A word that no product has is replaced by the nearest known word (one mistake from 4 letters on, two \
             from 8); the last word may be incomplete. If no product has all words, products with some of the words are found. All \
             filters must match, and if a product has variants, one variant must match all of them. A changed product is found some \
             seconds later; prices and stock are current. With `sku`, the catalog itself answers, without delay.",
        )
        .queries::<SearchParams>()
        .queries::<SkuParams>()
        .query::<CategoryFilter>(
            "category",
            false,
            "The key of a category, in any spelling, also one of an earlier release. Its subcategories are included.",
        )
        .paged()
        .if_none_match()
        .answer_page_with::<ProductOut, SearchOut>(
            "A page of products, the total and the facets. Products that were archived a moment ago are left out, and large \
             products make a page end earlier. So a page may be short: read on while there is a cursor.",
        )
        .done();
    api.operation("get", "/api/v1/products/suggest", Access::Open, "suggestProducts", "Suggest search terms")
        .describe(
            "Completions of the typed text, the one with the most products first, and products with a matching name or SKU. \
             Completions come first. Among the products, the one with exactly the typed SKU comes first. Typing mistakes are \
             tolerated as in a search.",
        )
        .queries::<SuggestRequest>()
        .if_none_match()
        .answer::<SuggestionsOut>(200, "Completions first, then products.")
        .done();
}
