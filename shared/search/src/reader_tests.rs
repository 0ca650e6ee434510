//! When a reader refreshes, how long requests wait, and how it handles damaged versions.

use super::*;
use crate::document::{Document, Rating};
use crate::pack::list_parts;
use crate::query::Query;
use crate::schema::{Fields, STEMS, WORDS, schema_before};
use crate::tokenizers::tokenizers;
use crate::writer::Writer;
use tantivy::IndexWriter;
use tempfile::TempDir;
use tokio::time::sleep;
use values::Clock;

const HOUR: Duration = Duration::from_secs(3600);

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A bucket with an index, and a reader of it.
struct Fixture {
    bucket: Bucket,
    manifest: Manifest,
    etag: Option<Etag>,
    folder: TempDir,
    reader: Reader,
}

impl Fixture {
    async fn with(products: usize) -> Self {
        let (bucket, folder) = (Bucket::default(), TempDir::new().unwrap());
        let reader = Reader::new(bucket.clone(), folder.path(), "EUR".parse().unwrap());
        let mut fixture = Self { bucket, manifest: Manifest::default(), etag: None, folder, reader };
        fixture.publish(products).await;
        fixture
    }

    /// Publishes a version that shares no file with the one before.
    async fn publish(&mut self, products: usize) {
        let folder = TempDir::new().unwrap();
        let writer = Writer::open(folder.path()).unwrap();
        (0..products).for_each(|_| writer.put(&product()).unwrap());
        writer.commit().unwrap();
        let (store, parts) = (IndexStore::new(self.bucket.clone()), list_parts(folder.path()).unwrap());
        let meta = serde_json::from_slice(&fs::read(folder.path().join(META)).unwrap()).unwrap();
        let files = store.upload(parts, folder.path()).await.unwrap();
        (self.manifest, _) = self.manifest.next(meta, files, Clock::System.now());
        self.etag = Some(store.publish(&self.manifest, self.etag.as_ref()).await.unwrap());
    }

    /// Deletes the files of the current version.
    async fn delete_files(&self) {
        let contents: Vec<_> = self.manifest.files.iter().map(|file| file.sha256.clone()).collect();
        IndexStore::new(self.bucket.clone()).delete(&contents).await.unwrap();
    }

    /// Makes a request: the number of products in its index, and how long it waited.
    async fn request(&self) -> (u64, Duration) {
        let start = Instant::now();
        let documents = self.reader.index().await.unwrap().documents();
        (documents, start.elapsed())
    }

    /// The number of products in the loaded index, without a refresh.
    fn loaded_documents(&self) -> Option<u64> {
        self.reader.0.with_state(|state| state.index.as_ref().map(|index| index.documents()))
    }
}

fn product() -> Document {
    Document {
        id: Clock::System.mint(),
        skus: Vec::new(),
        name: "Mug".to_owned(),
        description: String::new(),
        brand: None,
        category: "kitchen".to_owned(),
        tags: Vec::new(),
        attributes: Vec::new(),
        variants: Vec::new(),
        price: 100,
        rating: Rating::default(),
        in_stock: true,
        product_json: String::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn refresh_runs_in_the_background_while_the_last_one_is_young() {
    let mut fixture = Fixture::with(1).await;
    assert_eq!(fixture.request().await.0, 1);
    fixture.publish(2).await;
    sleep(seconds(4.9)).await;
    fixture.bucket.delay_next_read(seconds(1.0));
    assert_eq!(fixture.request().await, (1, Duration::ZERO));
    sleep(seconds(2.0)).await;
    assert_eq!(fixture.loaded_documents(), Some(1), "no request, no refresh");
    assert_eq!(fixture.request().await, (1, Duration::ZERO), "a refresh starts in the background");
    sleep(seconds(2.0)).await;
    assert_eq!(fixture.request().await, (2, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn frozen_refresh_does_not_delay_the_next_one() {
    let mut fixture = Fixture::with(1).await;
    fixture.request().await;
    sleep(seconds(6.0)).await;
    fixture.bucket.delay_next_read(seconds(20.1));
    assert_eq!(fixture.request().await, (1, Duration::ZERO), "a refresh starts and reads the old manifest");
    sleep(seconds(1.0)).await;
    fixture.publish(2).await;
    sleep(seconds(19.0)).await;
    // That refresh ends a tenth of a second later, and its data is old. Another one is needed.
    let (documents, waited) = fixture.request().await;
    assert_eq!(documents, 2);
    assert!(waited <= MAX_REFRESH_WAIT, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn request_waits_for_a_refresh_only_for_a_moment() {
    let mut fixture = Fixture::with(1).await;
    fixture.request().await;
    fixture.publish(2).await;
    sleep(HOUR).await;
    fixture.bucket.delay_next_read(seconds(25.0));
    for _ in 0..3 {
        let (documents, waited) = fixture.request().await;
        assert_eq!(documents, 1);
        assert!((MAX_REFRESH_WAIT..MAX_REFRESH_WAIT * 2).contains(&waited), "{waited:?}");
    }
    sleep(seconds(25.0)).await;
    assert_eq!(fixture.loaded_documents(), Some(2), "the refresh went on");
}

#[tokio::test(start_paused = true)]
async fn reader_that_was_frozen_before_the_download_reads_the_manifest_again() {
    let mut fixture = Fixture::with(1).await;
    fixture.bucket.delay_next_read(HOUR);
    let reader = fixture.reader.clone();
    let warmed = tokio::spawn(async move { reader.warm(HOUR * 2).await });
    sleep(seconds(1.0)).await;
    fixture.delete_files().await;
    fixture.publish(2).await;
    warmed.await.unwrap();
    assert_eq!(fixture.loaded_documents(), Some(2));
}

#[tokio::test(start_paused = true)]
async fn damaged_version_leaves_the_loaded_one_in_use() {
    let mut fixture = Fixture::with(1).await;
    fixture.request().await;
    fixture.publish(2).await;
    fixture.delete_files().await;
    sleep(HOUR).await;
    assert_eq!(fixture.request().await.0, 1);
    fixture.publish(3).await;
    sleep(HOUR).await;
    assert_eq!(fixture.request().await.0, 3);
    drop(fixture.folder);
}

/// Writes an index of the format before with one product, and its manifest.
async fn publish_older_index(bucket: &Bucket) {
    let folder = TempDir::new().unwrap();
    let mut index = tantivy::Index::create_in_dir(folder.path(), schema_before()).unwrap();
    let manager = tokenizers();
    manager.register("stems", tokenizers().get(STEMS).unwrap());
    manager.register("words", tokenizers().get(WORDS).unwrap());
    index.set_tokenizers(manager);
    let fields = Fields::of(&index.schema()).unwrap();
    let mut writer: IndexWriter = index.writer_with_num_threads(1, 15_000_000).unwrap();
    writer.add_document(Document { tags: vec!["Tea".to_owned()], ..product() }.to_tantivy(&fields)).unwrap();
    writer.commit().unwrap();
    writer.wait_merging_threads().unwrap();
    let (store, parts) = (IndexStore::new(bucket.clone()), list_parts(folder.path()).unwrap());
    let meta: serde_json::Value = serde_json::from_slice(&fs::read(folder.path().join(META)).unwrap()).unwrap();
    let files = store.upload(parts, folder.path()).await.unwrap();
    let manifest = serde_json::json!({ "version": 7, "meta": meta, "files": files, "retired": [] });
    bucket.put("search/manifest.json", manifest.to_string().into_bytes(), "", None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn index_of_the_release_before_is_used_until_there_is_a_new_one() {
    let (bucket, folder) = (Bucket::default(), TempDir::new().unwrap());
    publish_older_index(&bucket).await;
    let reader = Reader::new(bucket.clone(), folder.path(), "EUR".parse().unwrap());
    let index = reader.index().await.unwrap();
    let find = |query: Query| index.find(&Query { limit: 20, ..query }).unwrap().total;
    assert_eq!(find(Query { words: "mugs".to_owned(), ..Query::default() }), 1);
    assert_eq!(find(Query { words: "MUG-1".to_owned(), ..Query::default() }), 0, "it has no SKUs");
    assert_eq!(find(Query { tags: vec!["tea".to_owned()], max_price: Some(100), ..Query::default() }), 1);
    assert_eq!(index.suggest("mu", 5).unwrap().products.len(), 1);

    let mut fixture = Fixture { bucket, manifest: Manifest::default(), etag: None, folder, reader };
    sleep(HOUR).await;
    assert_eq!(fixture.request().await.0, 1, "nothing has changed");
    fixture.publish(2).await;
    sleep(HOUR).await;
    assert_eq!(fixture.request().await.0, 2);
}

#[tokio::test(start_paused = true)]
async fn index_of_the_release_before_is_used_if_files_are_lost() {
    let mut fixture = Fixture::with(2).await;
    publish_older_index(&fixture.bucket).await;
    fixture.delete_files().await;
    assert_eq!(fixture.request().await.0, 1);
    fixture.publish(3).await;
    sleep(HOUR).await;
    assert_eq!(fixture.request().await.0, 3);
}
