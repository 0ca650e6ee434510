//! Writes an index in a folder: puts and removes products, commits, and keeps the number of segments small by itself.

use std::path::Path;

use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, NoMergePolicy};
use tantivy::{IndexBuilder, IndexWriter, Term};
use values::{Error, ProductId, Result};

use crate::document::Document;
use crate::merge::{Segment, due};
use crate::schema::{Fields, schema};
use crate::words::tokenizers;

/// For what is held before it becomes a segment. The first is tantivy's least, the second for a whole catalog.
const LITTLE: usize = 15_000_000;
const MUCH: usize = 100_000_000;

/// A writer of an index. There is one at a time in a folder.
pub struct Writer {
    writer: IndexWriter,
    fields: Fields,
}

impl Writer {
    /// Goes on with the index in a folder, or begins one. For a batch of products.
    pub fn open(folder: &Path) -> Result<Self> {
        Self::try_open(folder, LITTLE).map_err(Error::internal)
    }

    /// The same, for as many products as there are.
    pub fn open_for_many(folder: &Path) -> Result<Self> {
        Self::try_open(folder, MUCH).map_err(Error::internal)
    }

    fn try_open(folder: &Path, memory: usize) -> tantivy::Result<Self> {
        let mut index = IndexBuilder::new().schema(schema()).open_or_create(MmapDirectory::open(folder)?)?;
        index.set_tokenizers(tokenizers());
        let fields = Fields::of(&index.schema())?;
        let options = IndexWriterOptions::builder().memory_budget_per_thread(memory).num_merge_threads(1).build();
        let writer: IndexWriter = index.writer_with_options(options)?;
        // Merges are made in the open, between commit and upload.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(Self { writer, fields })
    }

    /// Puts a product in, in the place of what was known of it.
    pub fn put(&self, document: &Document) -> Result<()> {
        self.remove(document.id);
        self.writer.add_document(document.indexed(&self.fields)).map_err(Error::internal)?;
        Ok(())
    }

    /// Takes a product out, if it is in.
    pub fn remove(&self, id: ProductId) {
        self.writer.delete_term(Term::from_field_bytes(self.fields.id, id.uuid().as_bytes()));
    }

    /// Makes all of it the index's next version, merges what has become many, and ends. Slow: not for a thread that waits for
    /// other things, too.
    pub fn commit(self) -> Result<()> {
        self.try_commit().map_err(Error::internal)
    }

    fn try_commit(mut self) -> tantivy::Result<()> {
        self.writer.commit()?;
        loop {
            let segments = self.writer.index().searchable_segment_metas()?;
            let sizes = segments.iter().map(|segment| Segment { size: segment.max_doc(), alive: segment.num_docs() });
            let together = due(&sizes.collect::<Vec<_>>());
            if together.is_empty() {
                break;
            }
            let ids: Vec<_> = together.into_iter().map(|index| segments[index].id()).collect();
            self.writer.merge(&ids).wait()?;
        }
        self.writer.garbage_collect_files().wait()?;
        self.writer.wait_merging_threads()
    }
}
