//! Writes an index in a folder: adds, replaces and removes products, commits, and merges segments.

use std::path::Path;

use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, NoMergePolicy};
use tantivy::{IndexBuilder, IndexWriter, Term};
use values::{Error, ProductId, Result};

use crate::document::Document;
use crate::merge::{Segment, segments_to_merge};
use crate::schema::{Fields, schema};
use crate::tokenizers::tokenizers;

/// Memory for documents before they become a segment, in bytes. The first value is the least that tantivy accepts, the
/// second is for a whole catalog.
const BATCH_MEMORY: usize = 15_000_000;
const CATALOG_MEMORY: usize = 100_000_000;

/// Writes an index. A folder has one writer at a time.
pub struct Writer {
    writer: IndexWriter,
    fields: Fields,
}

impl Writer {
    /// Opens the index in a folder, or creates one, to write a batch of products.
    pub fn open(folder: &Path) -> Result<Self> {
        Self::try_open(folder, BATCH_MEMORY).map_err(Error::internal)
    }

    /// Opens the index in a folder, or creates one, to write a whole catalog.
    pub fn open_for_catalog(folder: &Path) -> Result<Self> {
        Self::try_open(folder, CATALOG_MEMORY).map_err(Error::internal)
    }

    fn try_open(folder: &Path, memory: usize) -> tantivy::Result<Self> {
        let mut index = IndexBuilder::new().schema(schema()).open_or_create(MmapDirectory::open(folder)?)?;
        index.set_tokenizers(tokenizers());
        let fields = Fields::of(&index.schema())?;
        let options = IndexWriterOptions::builder().memory_budget_per_thread(memory).num_merge_threads(1).build();
        let writer: IndexWriter = index.writer_with_options(options)?;
        // Merges are made explicitly, between commit and upload.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(Self { writer, fields })
    }

    /// Adds a product, or replaces its document.
    pub fn put(&self, document: &Document) -> Result<()> {
        self.remove(document.id);
        self.writer.add_document(document.to_tantivy(&self.fields)).map_err(Error::internal)?;
        Ok(())
    }

    /// Removes a product, if the index has it.
    pub fn remove(&self, id: ProductId) {
        self.writer.delete_term(Term::from_field_bytes(self.fields.id, id.uuid().as_bytes()));
    }

    /// Commits all changes, merges segments, and ends the writer. Blocks the thread, so call it on a thread for
    /// blocking work.
    pub fn commit(self) -> Result<()> {
        self.try_commit().map_err(Error::internal)
    }

    fn try_commit(mut self) -> tantivy::Result<()> {
        self.writer.commit()?;
        loop {
            let segments = self.writer.index().searchable_segment_metas()?;
            let sizes = segments.iter().map(|segment| Segment { total: segment.max_doc(), live: segment.num_docs() });
            let merged = segments_to_merge(&sizes.collect::<Vec<_>>());
            if merged.is_empty() {
                break;
            }
            let ids: Vec<_> = merged.into_iter().map(|index| segments[index].id()).collect();
            self.writer.merge(&ids).wait()?;
        }
        self.writer.garbage_collect_files().wait()?;
        self.writer.wait_merging_threads()
    }
}
