//! The index in a search function: the newest version that was downloaded, and a regular refresh. Requests do not wait
//! for a refresh, unless the last one is long ago; then they wait for a moment.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_kit::Etag;
use tokio::sync::OwnedMutexGuard;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout};
use tracing::{error, info, warn};
use values::{Currency, Error, Kind, Result};

use crate::index::Index;
use crate::index_store::{Bucket, IndexStore, ManifestRead, PartFiles};
use crate::manifest::{IndexFile, Manifest};
use crate::pack::META;
use crate::schema::FORMAT;

/// How often the manifest is read again.
const REFRESH_INTERVAL: Duration = Duration::from_secs(5);
/// After this time a request waits for a refresh. Lambda freezes an execution environment between requests, so a
/// refresh that starts during one request may end during a much later one.
const STALE_AFTER: Duration = REFRESH_INTERVAL.saturating_mul(2);
/// How long a request waits for a refresh, which mostly is one read of a small file.
const MAX_REFRESH_WAIT: Duration = Duration::from_millis(250);
/// How long the first request waits for the first version.
const MAX_FIRST_WAIT: Duration = Duration::from_secs(6);

/// Cheap to clone. Clones share the index.
#[derive(Clone)]
pub struct Reader(Arc<Shared>);

struct Shared {
    store: IndexStore,
    folder: PathBuf,
    currency: Currency,
    state: Mutex<ReaderState>,
    /// Locked during a refresh: one at a time.
    refresh_lock: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct ReaderState {
    index: Option<Arc<Index>>,
    etag: Option<Etag>,
    /// When the last completed refresh started. What it read is from that time.
    refreshed_at: Option<Instant>,
    /// The files of the downloaded parts in the folder.
    parts: PartFiles,
}

impl Reader {
    /// Creates a reader without an index. No other process may use `folder`.
    pub fn new(bucket: Bucket, folder: &Path, currency: Currency) -> Self {
        let (store, folder, state) = (IndexStore::new(bucket), folder.to_owned(), Mutex::default());
        Self(Arc::new(Shared { store, folder, currency, state, refresh_lock: Arc::default() }))
    }

    /// Returns the newest downloaded index. If the last refresh is some seconds old, another one starts in the
    /// background. If it is twice as old, this call waits for one, up to a quarter of a second. Before the first
    /// version was loaded, this call waits for it; it fails with 503 `index_not_ready` when that takes too long.
    pub async fn index(&self) -> Result<Arc<Index>> {
        let (index, age) = self.0.with_state(|state| (state.index.clone(), state.age()));
        let Some(index) = index else {
            self.warm(MAX_FIRST_WAIT).await;
            return self.0.with_state(|state| state.index.clone()).ok_or_else(not_ready);
        };
        if age < REFRESH_INTERVAL {
            return Ok(index);
        }
        if age < STALE_AFTER {
            // A refresh that is already running is enough.
            if let Ok(guard) = Arc::clone(&self.0.refresh_lock).try_lock_owned() {
                drop(self.0.spawn_refresh(guard));
            }
            return Ok(index);
        }
        let _ = timeout(MAX_REFRESH_WAIT, self.0.wait_for_refresh()).await;
        Ok(self.0.with_state(|state| state.index.clone()).unwrap_or(index))
    }

    /// Loads the first version and waits up to `max_wait`. After that time loading goes on in the background.
    pub async fn warm(&self, max_wait: Duration) {
        let _ = timeout(max_wait, self.0.wait_for_refresh()).await;
    }
}

impl ReaderState {
    fn age(&self) -> Duration {
        self.refreshed_at.map_or(Duration::MAX, |at| at.elapsed())
    }
}

impl Shared {
    /// Waits for the running refresh, and for another one if its data is already old. A caller that stops waiting does
    /// not stop the refresh. It also leaves no pending refresh behind, so refreshes do not pile up while S3 does not
    /// answer.
    async fn wait_for_refresh(self: &Arc<Self>) {
        let guard = Arc::clone(&self.refresh_lock).lock_owned().await;
        if self.with_state(|state| state.index.is_none() || state.age() >= REFRESH_INTERVAL) {
            let _ = self.spawn_refresh(guard).await;
        }
    }

    /// Starts a refresh in its own task.
    fn spawn_refresh(self: &Arc<Self>, guard: OwnedMutexGuard<()>) -> JoinHandle<()> {
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let _guard = guard;
            shared.refresh().await;
        })
    }

    async fn refresh(&self) {
        let started = Instant::now();
        let outcome = self.try_refresh().await;
        self.with_state(|state| state.refreshed_at = Some(started));
        match outcome {
            Ok(None) => {}
            Ok(Some((version, documents))) => {
                info!(
                    index.version = version,
                    index.documents = documents,
                    duration_ms = started.elapsed().as_secs_f64() * 1e3,
                    "index opened"
                );
            }
            // The loaded version stays in use. An execution environment that was frozen during a refresh ends here,
            // too.
            Err(cause) if matches!(cause.kind, Kind::Unavailable(_)) => {
                warn!(error.cause = cause.causes(), "could not refresh the index");
            }
            Err(cause) => error!(
                error.cause = cause.causes(),
                alarm = "search_index",
                "could not open the stored index; invoke the indexer with {{\"task\": \"rebuild\"}}"
            ),
        }
    }

    /// Returns version and number of documents of a newly opened index.
    async fn try_refresh(&self) -> Result<Option<(u64, u64)>> {
        let known = self.with_state(|state| state.etag.clone());
        let (manifest, etag) = match self.store.read_newest_manifest(known.as_ref()).await? {
            ManifestRead::Unchanged => return Ok(None),
            // The shop has no products yet. If the index was deleted, the loaded version stays in use.
            ManifestRead::Missing => {
                let empty = Arc::new(Index::empty(self.currency)?);
                self.with_state(|state| state.index.get_or_insert(empty).documents());
                return Ok(None);
            }
            ManifestRead::Unreadable(_) => return Err(Error::internal("the manifest of the index is not readable")),
            ManifestRead::Changed(manifest, etag) => (manifest, etag),
        };
        if let Some(opened) = self.open_version(manifest, etag.clone()).await? {
            return Ok(Some(opened));
        }
        // Files may have been retired and deleted while this execution environment was frozen. They are lost only if
        // the current manifest still names them.
        let lost = || Error::internal("a file of the index is missing or damaged");
        match self.store.read_newest_manifest(Some(&etag)).await? {
            ManifestRead::Changed(manifest, etag) => {
                self.open_version(manifest, etag).await?.map(Some).ok_or_else(lost)
            }
            ManifestRead::Unchanged | ManifestRead::Missing | ManifestRead::Unreadable(_) => {
                self.open_older().await?;
                Err(lost())
            }
        }
    }

    /// Opens the index of the format before if none is open. After a rollback the release before has deleted the files of this
    /// format, which it does not know.
    async fn open_older(&self) -> Result<()> {
        if self.with_state(|state| state.index.is_some()) {
            return Ok(());
        }
        if let ManifestRead::Changed(older, etag) = self.store.read_older_manifest().await? {
            self.open_version(older, etag).await?;
        }
        Ok(())
    }

    /// Downloads and opens a version. Returns `None` if a file is missing or damaged.
    async fn open_version(&self, manifest: Manifest, etag: Etag) -> Result<Option<(u64, u64)>> {
        let missing = self.with_state(|state| {
            let is_missing = |file: &&IndexFile| !state.parts.contains_key(&file.sha256);
            manifest.files.iter().filter(is_missing).cloned().collect::<Vec<_>>()
        });
        let files = self.folder.join("files");
        fs::create_dir_all(&files).map_err(Error::internal)?;
        let Some(downloaded) = self.store.download(&missing.iter().collect::<Vec<_>>(), &files).await? else {
            return Ok(None);
        };
        let parts = self.with_state(|state| {
            state.parts.extend(downloaded);
            state.parts.clone()
        });
        let (folder, currency, version) = (self.folder.clone(), self.currency, manifest.version);
        let opened = spawn_blocking(move || open(&folder, &manifest, parts, currency)).await;
        let (index, parts) = opened.map_err(Error::internal)??;
        let documents = index.documents();
        self.with_state(|state| (state.index, state.etag, state.parts) = (Some(Arc::new(index)), Some(etag), parts));
        Ok(Some((version, documents)))
    }

    fn with_state<T>(&self, access: impl FnOnce(&mut ReaderState) -> T) -> T {
        access(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Opens a version in its own folder, with hard links to the files that it shares with other versions. Then removes the
/// files that it does not need.
fn open(folder: &Path, manifest: &Manifest, mut parts: PartFiles, currency: Currency) -> Result<(Index, PartFiles)> {
    let format = if manifest.since.is_some() { FORMAT } else { FORMAT - 1 };
    let version = folder.join(format!("format{format}-v{}", manifest.version));
    link(folder, &version, manifest, &parts).map_err(Error::internal)?;
    let index = Index::open(&version, currency)?;
    parts.retain(|content, _| manifest.files.iter().any(|file| file.sha256 == *content));
    // A search that still has an old file open can go on reading it.
    remove_unneeded(folder, &version, &parts).map_err(Error::internal)?;
    Ok((index, parts))
}

fn link(folder: &Path, version: &Path, manifest: &Manifest, parts: &PartFiles) -> io::Result<()> {
    if version.exists() {
        fs::remove_dir_all(version)?;
    }
    fs::create_dir_all(version)?;
    let needed = manifest.files.iter().filter_map(|file| parts.get(&file.sha256));
    for file in needed.flatten() {
        fs::hard_link(folder.join("files").join(file), version.join(file))?;
    }
    fs::write(version.join(META), manifest.meta.to_string())
}

fn remove_unneeded(folder: &Path, version: &Path, parts: &PartFiles) -> io::Result<()> {
    for other in fs::read_dir(folder)? {
        let path = other?.path();
        if path != *version && path != folder.join("files") {
            fs::remove_dir_all(path)?;
        }
    }
    let needed: HashSet<&String> = parts.values().flatten().collect();
    for file in fs::read_dir(folder.join("files"))? {
        let file = file?;
        if !needed.contains(&file.file_name().to_string_lossy().into_owned()) {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

fn not_ready() -> Error {
    Error::new(
        Kind::Unavailable(2),
        "index_not_ready",
        "The search index is still loading. Try again in a few seconds.",
    )
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
