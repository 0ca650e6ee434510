//! Products and indexes for tests.

use tempfile::TempDir;
use values::Clock;

use crate::{Document, DocumentVariant, Index, Query, Rating, SearchResult, VariantOffer, Writer};

/// A product with this name and nothing else. Its JSON is its name.
pub(crate) fn document(name: &str) -> Document {
    Document {
        id: Clock::System.mint(),
        skus: Vec::new(),
        name: name.to_owned(),
        description: String::new(),
        brand: None,
        category: "things".to_owned(),
        tags: Vec::new(),
        attributes: Vec::new(),
        variants: Vec::new(),
        price: 1_000,
        rating: Rating::default(),
        in_stock: true,
        product_json: name.to_owned(),
    }
}

/// A variant with these options.
pub(crate) fn variant(options: &[(&str, &str)], price: u64, in_stock: bool) -> DocumentVariant {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    DocumentVariant { options: options.collect(), offer: VariantOffer { price, in_stock } }
}

/// An open index, and its folder.
pub(crate) struct TestIndex {
    pub(crate) index: Index,
    _folder: TempDir,
}

impl TestIndex {
    /// Writes the products in batches of so many.
    pub(crate) fn in_batches(documents: &[Document], size: usize) -> Self {
        let folder = TempDir::new().unwrap();
        Writer::open(folder.path()).unwrap().commit().unwrap();
        for batch in documents.chunks(size) {
            let writer = Writer::open(folder.path()).unwrap();
            batch.iter().for_each(|document| writer.put(document).unwrap());
            writer.commit().unwrap();
        }
        Self { index: Index::open(folder.path(), "EUR".parse().unwrap()).unwrap(), _folder: folder }
    }

    pub(crate) fn of(documents: &[Document]) -> Self {
        Self::in_batches(documents, usize::MAX)
    }

    /// Products with these names.
    pub(crate) fn of_names(names: &[&str]) -> Self {
        Self::of(&names.iter().map(|name| document(name)).collect::<Vec<_>>())
    }

    pub(crate) fn search(&self, query: Query) -> SearchResult {
        self.index.find(&Query { limit: 20, ..query }).unwrap()
    }

    /// The names of the products that a text finds.
    pub(crate) fn find(&self, words: &str) -> Vec<String> {
        let result = self.search(Query { words: words.to_owned(), ..Query::default() });
        result.hits.into_iter().map(|hit| hit.product_json).collect()
    }
}
