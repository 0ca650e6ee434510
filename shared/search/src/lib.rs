//! Search: products by words, filters and facets, from an index of files that lies in S3 and is read in place.
//!
//! Invariants: an index never changes, it is followed by another; one writer at a time makes the next one; whatever is lost
//! is made again from the catalog's table.

mod depot;
mod document;
mod facets;
#[cfg(test)]
mod finding_tests;
mod folder;
mod gather;
mod index;
mod lexicon;
mod manifest;
#[cfg(test)]
mod memory;
mod merge;
mod pack;
#[cfg(test)]
mod paging_tests;
mod plan;
mod query;
mod reader;
mod recent;
mod schema;
mod shelves;
mod suggest;
mod upkeep;
mod words;
mod writer;

pub use document::{Document, Rated};
pub use facets::{AttributeFacet, Band, Count, Facets, Stars};
pub use folder::own_folder;
pub use index::{Found, Hit, Index};
pub use plan::Step;
pub use query::{Asked, Place, Query, Sort};
pub use reader::Reader;
pub use shelves::{Shelf, Shelves};
pub use suggest::{Named, Suggestions};
pub use upkeep::{Turn, Upkeep};
pub use writer::Writer;
