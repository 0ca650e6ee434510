//! A query for documents that were found before, such as those of a range of terms.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::index::SegmentId;
use tantivy::query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{BitSet, DocId, Score, SegmentReader};

/// Documents by segment. As a query it gives each of them the score 1.
#[derive(Debug, Clone, Default)]
pub(crate) struct DocumentSet(Arc<HashMap<SegmentId, Vec<DocId>>>);

impl DocumentSet {
    /// The documents of each segment, in any order. Segments without documents may be missing.
    pub(crate) fn new(segments: impl IntoIterator<Item = (SegmentId, Vec<DocId>)>) -> Self {
        Self(Arc::new(segments.into_iter().filter(|(_, documents)| !documents.is_empty()).collect()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Query for DocumentSet {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(DocumentSetWeight(self.clone())))
    }
}

struct DocumentSetWeight(DocumentSet);

impl Weight for DocumentSetWeight {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut documents = BitSet::with_max_value(segment.max_doc());
        for document in self.0.0.get(&segment.segment_id()).into_iter().flatten() {
            documents.insert(*document);
        }
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(documents), boost)))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("found before", 1.0))
    }
}
