//! The one writer: follows what changed in the catalog, a version of the index for each batch of changes, and makes the whole
//! index anew where there is none, or none that can be read.

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

use crate::depot::{Bucket, Depot, Look};
use crate::document::Document;
use crate::manifest::Manifest;
use crate::pack::{META, parts};
use crate::recent::Recent;
use crate::writer::Writer;

/// Products that are read at once: DynamoDB's bound.
const BATCH: usize = 100;

/// Makes versions of the index.
pub struct Upkeep {
    depot: Depot,
    catalog: Catalog,
    clock: Clock,
    folder: PathBuf,
    held: Option<Held>,
    recent: Recent,
}

/// The version that lies in the folder.
struct Held {
    manifest: Manifest,
    etag: Etag,
}

/// What a turn did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn {
    /// The version that it made, or found as it had to be.
    pub version: u64,
    /// Products that it put in.
    pub put: usize,
    /// Products that it took out, or found out already.
    pub removed: usize,
}

impl Upkeep {
    /// The bucket and the table that the environment names; `folder` is its own.
    pub fn from_env(aws: &Aws, folder: &Path) -> Result<Self> {
        Settings.required("SOUK_BUCKET")?;
        let (depot, catalog) = (Depot::new(Bucket::from_env(aws)?), Catalog::from_env(aws)?);
        let (folder, held, recent) = (folder.to_owned(), None, Recent::default());
        Ok(Self { depot, catalog, clock: Clock::System, folder, held, recent })
    }

    /// The catalog, for its connection to be warmed.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Makes the version in which these products are as they are now. Whatever fails leaves the version before, and what is held
    /// is brought anew by the next turn.
    pub async fn follow(&mut self, products: &[ProductId]) -> Result<Turn> {
        self.recent.add(products, self.clock.now());
        let is_first = self.held.is_none();
        let changes = self.read(products).await?;
        let Some(Held { manifest, etag }) = self.bring().await? else { return self.rebuild(products).await };
        let (put, removed) = (changes.put.len(), changes.removed.len());
        let folder = self.folder.clone();
        let written = spawn_blocking(move || {
            // An index that was brought whole and does not open was written by another version of this program.
            let Ok(writer) = Writer::open(&folder) else { return Ok(false) };
            changes.write(&writer)?;
            writer.commit().map(|()| true)
        });
        if !written.await.map_err(Error::internal)?? {
            warn!("the index does not open; it is made anew");
            return self.rebuild(products).await;
        }
        let version = self.publish(manifest, Some(etag)).await?;
        if is_first {
            self.sweep().await;
        }
        Ok(Turn { version, put, removed })
    }

    /// Makes the index anew from all products of the table. `also` are products that changed a moment ago: the table's index,
    /// which is walked, may not have them yet, nor those of the last turns.
    pub async fn rebuild(&mut self, also: &[ProductId]) -> Result<Turn> {
        self.held = None;
        let now = self.clock.now();
        self.recent.add(also, now);
        // Read after the walk, which may have found them as they were, and known before it, which may last longer than a minute.
        let also = self.recent.products(now);
        let (manifest, etag) = match self.depot.look(None).await? {
            Look::New(manifest, etag) => (manifest, Some(etag)),
            Look::Broken(etag) => (Manifest::default(), Some(etag)),
            Look::Missing | Look::Same => (Manifest::default(), None),
        };
        // Nothing of the old index is used; its files are retired by the manifest that follows.
        self.clear()?;
        let writer = Writer::open_for_many(&self.folder)?;
        let walked = try_join_all((0..Catalog::SHARDS).map(|shard| self.walk(shard, &writer))).await?;
        let changes = self.read(&also).await?;
        let (put, removed) = (walked.iter().sum::<usize>(), changes.removed.len());
        changes.write(&writer)?;
        spawn_blocking(move || writer.commit()).await.map_err(Error::internal)??;
        let version = self.publish(manifest, etag).await?;
        info!(index.version = version, index.put = put, "rebuilt");
        self.sweep().await;
        Ok(Turn { version, put, removed })
    }

    async fn walk(&self, shard: u8, writer: &Writer) -> Result<usize> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.catalog.walk(shard, after, BATCH as u32).await?;
            let mut behind: HashSet<ProductId> = page.rows.iter().map(|product| product.id).collect();
            for listing in self.catalog.listings(page.rows).await?.iter().filter(|listing| listing.is_consistent()) {
                behind.remove(&listing.product.id);
                if is_shown(listing) {
                    writer.put(&Document::of(listing)?)?;
                    count += 1;
                }
            }
            // The walked index is a moment behind the offers: these are read from the table itself.
            let read = self.read(&behind.into_iter().collect::<Vec<_>>()).await?;
            count += read.put.len();
            read.write(writer)?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }

    /// The version in the bucket, in the folder; none if there is none, or none that is whole. Another sandbox may have made it:
    /// then only what is new of it is brought.
    async fn bring(&mut self) -> Result<Option<Held>> {
        let held = self.held.take();
        let (manifest, etag) = match self.depot.look(held.as_ref().map(|held| &held.etag)).await? {
            Look::Same => return Ok(held),
            Look::New(manifest, etag) => (manifest, etag),
            Look::Missing | Look::Broken(_) => return Ok(None),
        };
        let known = match held {
            Some(held) => held.manifest.files,
            None => {
                self.clear()?;
                Vec::new()
            }
        };
        let missing: Vec<_> = manifest.files.iter().filter(|file| !known.contains(file)).collect();
        if self.depot.bring(&missing, &self.folder).await?.is_none() {
            return Ok(None);
        }
        fs::write(self.folder.join(META), manifest.meta.to_string()).map_err(Error::internal)?;
        Ok(Some(Held { manifest, etag }))
    }

    fn clear(&self) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(Error::internal)?;
        }
        fs::create_dir_all(&self.folder).map_err(Error::internal)
    }

    /// What is to be put in and taken out so that the index knows these products as they are now.
    async fn read(&self, products: &[ProductId]) -> Result<Changes> {
        let mut changes = Changes { put: Vec::new(), removed: products.iter().copied().collect() };
        for ids in products.chunks(BATCH) {
            let rows = self.catalog.products(ids).await?;
            let active: Vec<Product> = rows.into_iter().filter(|product| product.status == Status::Active).collect();
            for listing in self.catalog.listings(active).await?.iter().filter(|listing| is_shown(listing)) {
                changes.removed.remove(&listing.product.id);
                changes.put.push(Document::of(listing)?);
            }
        }
        Ok(changes)
    }

    /// Removes what earlier turns left in the bucket without naming it. A turn looks for that when it does not go on from the one
    /// before: a turn of this process that ends well leaves nothing.
    async fn sweep(&self) {
        let Some(held) = &self.held else { return };
        match self.depot.sweep(&held.manifest, self.clock.now()).await {
            Ok(0) => {}
            Ok(strays) => info!(index.strays = strays, "removed"),
            // The version is made all the same, and the next one that begins so looks again.
            Err(cause) => warn!(error.cause = cause.causes(), "what no version needs stays in the bucket"),
        }
    }

    /// Sends what is new in the folder, and puts the manifest of the next version in the place of `before`.
    async fn publish(&mut self, before: Manifest, held: Option<Etag>) -> Result<u64> {
        let folder = self.folder.clone();
        let parts = spawn_blocking(move || parts(&folder)).await.map_err(Error::internal)??;
        let (known, new): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| before.file(&part.name).is_some());
        if let (true, true, Some(etag)) = (new.is_empty(), known.len() == before.files.len(), &held) {
            // Nothing is different: products that were removed were not there.
            let version = before.version;
            self.held = Some(Held { manifest: before, etag: etag.clone() });
            return Ok(version);
        }
        let mut files: Vec<_> = known.iter().filter_map(|part| before.file(&part.name).cloned()).collect();
        files.extend(self.depot.send(new, &self.folder).await?);
        let meta = fs::read(self.folder.join(META)).map_err(Error::internal)?;
        let meta: Value = serde_json::from_slice(&meta).map_err(Error::internal)?;
        let (manifest, over) = before.next(meta, files, self.clock.now());
        self.depot.delete(&over).await?;
        let etag = self.depot.publish(&manifest, held.as_ref()).await?;
        let version = manifest.version;
        self.held = Some(Held { manifest, etag });
        Ok(version)
    }
}

/// Can anybody find it? Rows that were read together may be of two moments; then an event is on its way that tells the rest.
fn is_shown(listing: &Listing) -> bool {
    listing.product.status == Status::Active && listing.main_offer.status != Status::Archived
}

struct Changes {
    put: Vec<Document>,
    removed: HashSet<ProductId>,
}

impl Changes {
    fn write(&self, writer: &Writer) -> Result<()> {
        self.put.iter().try_for_each(|document| writer.put(document))?;
        self.removed.iter().for_each(|id| writer.remove(*id));
        Ok(())
    }
}
