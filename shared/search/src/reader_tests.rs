//! When a reader looks, how long it waits, and what it makes of what it finds.

use super::*;
use crate::document::{Document, Rated};
use crate::pack::parts;
use crate::writer::Writer;
use tempfile::TempDir;
use tokio::time::sleep;
use values::Clock;

const HOUR: Duration = Duration::from_secs(3600);

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A bucket with an index in it, and a reader of it.
struct Scene {
    files: Bucket,
    manifest: Manifest,
    etag: Option<Etag>,
    folder: TempDir,
    reader: Reader,
}

impl Scene {
    async fn with(products: usize) -> Self {
        let (files, folder) = (Bucket::default(), TempDir::new().unwrap());
        let reader = Reader::new(files.clone(), folder.path(), "EUR".parse().unwrap());
        let mut scene = Self { files, manifest: Manifest::default(), etag: None, folder, reader };
        scene.has(products).await;
        scene
    }

    /// A version that is made anew: it shares no file with the one before.
    async fn has(&mut self, products: usize) {
        let folder = TempDir::new().unwrap();
        let writer = Writer::open(folder.path()).unwrap();
        (0..products).for_each(|_| writer.put(&product()).unwrap());
        writer.commit().unwrap();
        let (depot, parts) = (Depot::new(self.files.clone()), parts(folder.path()).unwrap());
        let meta = serde_json::from_slice(&fs::read(folder.path().join(META)).unwrap()).unwrap();
        let sent = depot.send(parts, folder.path()).await.unwrap();
        (self.manifest, _) = self.manifest.next(meta, sent, Clock::System.now());
        self.etag = Some(depot.publish(&self.manifest, self.etag.as_ref()).await.unwrap());
    }

    /// Deletes what the present version consists of.
    async fn loses_its_files(&self) {
        let contents: Vec<_> = self.manifest.files.iter().map(|file| file.sha256.clone()).collect();
        Depot::new(self.files.clone()).delete(&contents).await.unwrap();
    }

    /// How many products a request finds, and how long it waits for that.
    async fn asks(&self) -> (u64, Duration) {
        let begun = Instant::now();
        let found = self.reader.index().await.unwrap().documents();
        (found, begun.elapsed())
    }

    /// How many products there are in what is held, without a look.
    fn holds(&self) -> Option<u64> {
        self.reader.0.held(|held| held.index.as_ref().map(|index| index.documents()))
    }
}

fn product() -> Document {
    Document {
        id: Clock::System.mint(),
        name: "Mug".to_owned(),
        description: String::new(),
        brand: None,
        category: "kitchen".to_owned(),
        tags: Vec::new(),
        attributes: Vec::new(),
        price: 100,
        rating: Rated::default(),
        in_stock: true,
        shown: String::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_is_beside_the_request_while_the_last_one_is_young() {
    let mut scene = Scene::with(1).await;
    assert_eq!(scene.asks().await.0, 1);
    scene.has(2).await;
    sleep(seconds(4.9)).await;
    scene.files.answers_late(seconds(1.0));
    assert_eq!(scene.asks().await, (1, Duration::ZERO));
    sleep(seconds(2.0)).await;
    assert_eq!(scene.holds(), Some(1), "nobody looked");
    assert_eq!(scene.asks().await, (1, Duration::ZERO), "a look begins, and is not waited for");
    sleep(seconds(2.0)).await;
    assert_eq!(scene.asks().await, (2, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_look_that_was_frozen_beside_the_request_before_does_not_make_the_next_one_late() {
    let mut scene = Scene::with(1).await;
    scene.asks().await;
    sleep(seconds(6.0)).await;
    scene.files.answers_late(seconds(20.1));
    assert_eq!(scene.asks().await, (1, Duration::ZERO), "beside this one a look begins, and sees what is there");
    sleep(seconds(1.0)).await;
    scene.has(2).await;
    sleep(seconds(19.0)).await;
    // A tenth of a second later that look ends, and what it saw is old: another one is needed.
    let (found, waited) = scene.asks().await;
    assert_eq!(found, 2);
    assert!(waited <= MOMENT, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_longer_than_a_moment() {
    let mut scene = Scene::with(1).await;
    scene.asks().await;
    scene.has(2).await;
    sleep(HOUR).await;
    scene.files.answers_late(seconds(25.0));
    for _ in 0..3 {
        let (found, waited) = scene.asks().await;
        assert_eq!(found, 1);
        assert!((MOMENT..MOMENT * 2).contains(&waited), "{waited:?}");
    }
    sleep(seconds(25.0)).await;
    assert_eq!(scene.holds(), Some(2), "the look went on");
}

#[tokio::test(start_paused = true)]
async fn whoever_slept_between_the_manifest_and_its_files_asks_once_more() {
    let mut scene = Scene::with(1).await;
    scene.files.answers_late(HOUR);
    let reader = scene.reader.clone();
    let warmed = tokio::spawn(async move { reader.warm(HOUR * 2).await });
    sleep(seconds(1.0)).await;
    scene.loses_its_files().await;
    scene.has(2).await;
    warmed.await.unwrap();
    assert_eq!(scene.holds(), Some(2));
}

#[tokio::test(start_paused = true)]
async fn an_index_that_is_damaged_leaves_what_is_held() {
    let mut scene = Scene::with(1).await;
    scene.asks().await;
    scene.has(2).await;
    scene.loses_its_files().await;
    sleep(HOUR).await;
    assert_eq!(scene.asks().await.0, 1);
    scene.has(3).await;
    sleep(HOUR).await;
    assert_eq!(scene.asks().await.0, 3);
    drop(scene.folder);
}
