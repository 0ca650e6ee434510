//! The indexer is the only writer of the index. It publishes a version for each batch of changed products. It rebuilds
//! the whole index if there is none, or if the stored one cannot be read.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use aws_kit::{Aws, Etag, Settings};
use catalog::{Catalog, Listing, Product, Status};
use futures::future::try_join_all;
use serde_json::Value;
use tokio::task::spawn_blocking;
use tracing::{info, warn};
use values::{Clock, Error, ProductId, Result};

use crate::document::Document;
use crate::index_store::{Bucket, IndexStore, ManifestRead};
use crate::manifest::Manifest;
use crate::pack::{META, list_parts};
use crate::recent_changes::RecentChanges;
use crate::writer::Writer;

/// Products in one BatchGetItem: the limit of DynamoDB.
const BATCH: usize = 100;

/// Publishes versions of the index.
pub struct Indexer {
    store: IndexStore,
    catalog: Catalog,
    clock: Clock,
    folder: PathBuf,
    local: Option<LocalVersion>,
    recent: RecentChanges,
}

/// The version of the index that lies in the folder.
struct LocalVersion {
    manifest: Manifest,
    etag: Etag,
}

/// The outcome of one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexRun {
    /// The version that the run published, or the current one if nothing changed.
    pub version: u64,
    /// Products that the run added or replaced.
    pub put_count: usize,
    /// Products that the run removed; some of them may not have been in the index.
    pub removed_count: usize,
}

impl Indexer {
    /// Takes the bucket and the table from the environment. No other process may use `folder`.
    pub fn from_env(aws: &Aws, folder: &Path) -> Result<Self> {
        Settings.required("SOUK_BUCKET")?;
        let (store, catalog) = (IndexStore::new(Bucket::from_env(aws)?), Catalog::from_env(aws)?);
        let (folder, local, recent) = (folder.to_owned(), None, RecentChanges::default());
        Ok(Self { store, catalog, clock: Clock::System, folder, local, recent })
    }

    /// The catalog, so that its connection can be opened at start.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Tells whether the bucket has no index of this release's format, or one that lacks what the release before has written
    /// since. Without one searches use the index of the release before, or there are no products. 2 round trips at the same
    /// time.
    pub async fn is_index_missing(&self) -> Result<bool> {
        self.store.is_index_missing().await
    }

    /// Builds the index if it is missing.
    pub async fn ensure_index(&mut self) -> Result<Option<IndexRun>> {
        if self.is_index_missing().await? { self.rebuild(&[]).await.map(Some) } else { Ok(None) }
    }

    /// Publishes a version with the current state of these products. After an error the version before is still in
    /// place, and the next run downloads it again.
    pub async fn update(&mut self, products: &[ProductId]) -> Result<IndexRun> {
        self.recent.add(products, self.clock.now());
        let is_first_run = self.local.is_none();
        let changes = self.read_changes(products).await?;
        let Some(LocalVersion { manifest, etag }) = self.load_current().await? else {
            return self.rebuild(products).await;
        };
        let (put_count, removed_count) = (changes.documents.len(), changes.removals.len());
        let folder = self.folder.clone();
        let written = spawn_blocking(move || {
            // The files are complete, so an index that does not open was written by another program.
            let Ok(writer) = Writer::open(&folder) else { return Ok(false) };
            changes.apply(&writer)?;
            writer.commit().map(|()| true)
        });
        if !written.await.map_err(Error::internal)?? {
            warn!("index does not open, rebuilding it");
            return self.rebuild(products).await;
        }
        let version = self.publish(manifest, Some(etag)).await?;
        if is_first_run {
            self.delete_unreferenced().await;
        }
        Ok(IndexRun { version, put_count, removed_count })
    }

    /// Rebuilds the index from all products of the table. `changed` are products that changed a moment ago: the
    /// secondary index that is read may lag behind for them, and for those of the last runs.
    pub async fn rebuild(&mut self, changed: &[ProductId]) -> Result<IndexRun> {
        self.local = None;
        let now = self.clock.now();
        self.recent.add(changed, now);
        // These are collected before the secondary index is read, because that may take longer than a minute. They are
        // read again afterwards, because the secondary index may return older versions.
        let changed = self.recent.products(now);
        let (manifest, etag) = match self.store.read_manifest(None).await? {
            ManifestRead::Changed(manifest, etag) => (manifest, Some(etag)),
            ManifestRead::Unreadable(etag) => (Manifest::default(), Some(etag)),
            ManifestRead::Missing | ManifestRead::Unchanged => (Manifest::default(), None),
        };
        // It is read before the catalog: what the release before writes meanwhile leads to another rebuild.
        let older_version = self.store.older_version().await?;
        let manifest = manifest.built_beside(older_version);
        // Nothing of the old index is used. The next manifest retires its files.
        self.clear_folder()?;
        let writer = Writer::open_for_catalog(&self.folder)?;
        let counts = try_join_all((0..Catalog::SHARDS).map(|shard| self.index_shard(shard, &writer))).await?;
        let changes = self.read_changes(&changed).await?;
        let (put_count, removed_count) = (counts.iter().sum::<usize>(), changes.removals.len());
        changes.apply(&writer)?;
        spawn_blocking(move || writer.commit()).await.map_err(Error::internal)??;
        let version = self.publish(manifest, etag).await?;
        info!(index.version = version, index.put = put_count, "index rebuilt");
        self.delete_unreferenced().await;
        Ok(IndexRun { version, put_count, removed_count })
    }

    async fn index_shard(&self, shard: u8, writer: &Writer) -> Result<usize> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.catalog.walk(shard, after, BATCH as u32).await?;
            let mut outdated: HashSet<ProductId> = page.rows.iter().map(|product| product.id).collect();
            for listing in self.catalog.listings(page.rows).await?.iter().filter(|listing| listing.is_consistent()) {
                outdated.remove(&listing.product.id);
                if is_shown(listing) {
                    writer.put(&Document::of(listing)?)?;
                    count += 1;
                }
            }
            // The secondary index lags behind the offers, so these products are read from the table itself.
            let changes = self.read_changes(&outdated.into_iter().collect::<Vec<_>>()).await?;
            count += changes.documents.len();
            changes.apply(writer)?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }

    /// Returns the version in the bucket, with its files in the folder. Returns `None` if there is no version or a file
    /// of it is missing or damaged. If another execution environment published it, only the new files are downloaded.
    async fn load_current(&mut self) -> Result<Option<LocalVersion>> {
        let local = self.local.take();
        let (manifest, etag) = match self.store.read_manifest(local.as_ref().map(|local| &local.etag)).await? {
            ManifestRead::Unchanged => return Ok(local),
            ManifestRead::Changed(manifest, etag) => (manifest, etag),
            ManifestRead::Missing | ManifestRead::Unreadable(_) => return Ok(None),
        };
        let known = match local {
            Some(local) => local.manifest.files,
            None => {
                self.clear_folder()?;
                Vec::new()
            }
        };
        let missing: Vec<_> = manifest.files.iter().filter(|file| !known.contains(file)).collect();
        if self.store.download(&missing, &self.folder).await?.is_none() {
            return Ok(None);
        }
        fs::write(self.folder.join(META), manifest.meta.to_string()).map_err(Error::internal)?;
        Ok(Some(LocalVersion { manifest, etag }))
    }

    fn clear_folder(&self) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(Error::internal)?;
        }
        fs::create_dir_all(&self.folder).map_err(Error::internal)
    }

    /// Reads the current state of these products: the documents to write, and the ids to remove.
    async fn read_changes(&self, products: &[ProductId]) -> Result<Changes> {
        let mut changes = Changes { documents: Vec::new(), removals: products.iter().copied().collect() };
        for ids in products.chunks(BATCH) {
            let rows = self.catalog.products(ids).await?;
            let active: Vec<Product> = rows.into_iter().filter(|product| product.status == Status::Active).collect();
            for listing in self.catalog.listings(active).await?.iter().filter(|listing| is_shown(listing)) {
                changes.removals.remove(&listing.product.id);
                changes.documents.push(Document::of(listing)?);
            }
        }
        Ok(changes)
    }

    /// Deletes files that earlier runs left in the bucket. Only the first run of a process and a rebuild do this: a
    /// successful run of this process leaves no such files.
    async fn delete_unreferenced(&self) {
        let Some(local) = &self.local else { return };
        match self.store.delete_unreferenced(&local.manifest, self.clock.now()).await {
            Ok(0) => {}
            Ok(count) => info!(index.unreferenced = count, "unreferenced index files deleted"),
            // The version is published all the same. The next first run tries again.
            Err(cause) => warn!(error.cause = cause.causes(), "could not delete unreferenced index files"),
        }
    }

    /// Uploads the new files of the folder and publishes the version after `before`.
    async fn publish(&mut self, before: Manifest, local: Option<Etag>) -> Result<u64> {
        let folder = self.folder.clone();
        let parts = spawn_blocking(move || list_parts(&folder)).await.map_err(Error::internal)??;
        let (known, new): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| before.file(&part.name).is_some());
        if let (true, true, Some(etag)) = (new.is_empty(), known.len() == before.files.len(), &local) {
            // Nothing changed: the removed products were not in the index.
            let version = before.version;
            self.local = Some(LocalVersion { manifest: before, etag: etag.clone() });
            return Ok(version);
        }
        let mut files: Vec<_> = known.iter().filter_map(|part| before.file(&part.name).cloned()).collect();
        files.extend(self.store.upload(new, &self.folder).await?);
        let meta = fs::read(self.folder.join(META)).map_err(Error::internal)?;
        let meta: Value = serde_json::from_slice(&meta).map_err(Error::internal)?;
        let (manifest, expired) = before.next(meta, files, self.clock.now());
        self.store.delete(&expired).await?;
        let etag = self.store.publish(&manifest, local.as_ref()).await?;
        let version = manifest.version;
        self.local = Some(LocalVersion { manifest, etag });
        Ok(version)
    }
}

/// Tells whether customers may find the product. Rows that were read together may be from two moments. In that case
/// another event is on its way.
fn is_shown(listing: &Listing) -> bool {
    listing.product.status == Status::Active && listing.main_offer.status != Status::Archived
}

struct Changes {
    documents: Vec<Document>,
    removals: HashSet<ProductId>,
}

impl Changes {
    fn apply(&self, writer: &Writer) -> Result<()> {
        self.documents.iter().try_for_each(|document| writer.put(document))?;
        self.removals.iter().for_each(|id| writer.remove(*id));
        Ok(())
    }
}
