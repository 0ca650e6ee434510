//! Product search by words, filters and facets. The index is a set of files in S3, which the search function downloads
//! and maps into memory.
//!
//! Invariants:
//! - Documents and queries are folded and split into words by the same functions.
//! - A version of the index never changes. A change makes the next version.
//! - One writer at a time makes the next version.
//! - A lost index is rebuilt from the catalog's table.

mod category_counts;
mod collector;
mod document;
mod document_facets;
mod document_set;
mod facet_table;
#[cfg(test)]
mod facet_tests;
mod facets;
mod filter;
mod find_by_sku;
mod fold;
mod index;
mod index_store;
mod indexer;
mod joined_words;
mod lexicon;
mod manifest;
#[cfg(test)]
mod memory_bucket;
mod merge;
mod pack;
#[cfg(test)]
mod paging_tests;
mod process_folder;
mod query;
mod query_plan;
mod query_words;
mod reader;
mod recent_changes;
mod schema;
mod search_service;
#[cfg(test)]
mod search_tests;
mod sku_terms;
#[cfg(test)]
mod sku_tests;
#[cfg(test)]
mod spelling_tests;
mod stems;
mod stop_words;
mod suggest;
#[cfg(test)]
mod test_index;
mod tokenizers;
mod variants;
mod words;
mod writer;

pub use document::{Document, DocumentVariant, Rating, VariantOffer};
pub use facets::{AttributeFacet, FacetCount, Facets, PriceBand, RatingCount};
pub use find_by_sku::MAX_SKUS;
pub use index::{Hit, Index, SearchResult};
pub use indexer::{IndexRun, Indexer};
pub use process_folder::process_folder;
pub use query::{Query, SearchParams, Sort, SortKey};
pub use query_plan::MatchLevel;
pub use reader::Reader;
pub use search_service::{SearchPage, SearchService};
pub use suggest::{MAX_TYPED_LENGTH, SuggestedProduct, Suggestions};
pub use writer::Writer;
