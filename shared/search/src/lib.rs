//! Product search by words, filters and facets. The index is a set of files in S3, which the search function downloads
//! and maps into memory.
//!
//! Invariants:
//! - A version of the index never changes. A change makes the next version.
//! - One writer at a time makes the next version.
//! - A lost index is rebuilt from the catalog's table.

mod collector;
mod document;
mod facets;
mod index;
mod index_store;
mod indexer;
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
mod reader;
mod recent_changes;
mod schema;
mod search_service;
#[cfg(test)]
mod search_tests;
mod suggest;
mod words;
mod writer;

pub use document::{Document, Rating};
pub use facets::{AttributeFacet, FacetCount, Facets, PriceBand, RatingCount};
pub use index::{Hit, Index, SearchResult};
pub use indexer::{IndexRun, Indexer};
pub use process_folder::process_folder;
pub use query::{Query, SearchParams, Sort, SortKey};
pub use query_plan::MatchLevel;
pub use reader::Reader;
pub use search_service::{SearchPage, SearchService};
pub use suggest::{MAX_TYPED_LENGTH, SuggestedProduct, Suggestions};
pub use writer::Writer;
