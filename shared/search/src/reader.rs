//! The index as a search function holds it: the newest version that was brought, and a look for a newer one now and then.
//! Requests do not wait for that look, unless the last one is long over; and then for a moment.

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

use crate::depot::{Brought, Bucket, Depot, Look};
use crate::index::Index;
use crate::manifest::{File, Manifest};
use crate::pack::META;

/// How old the last look may be.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// When it is so old, a request waits for another one. Between requests Lambda lets a sandbox do nothing, so a look that began
/// beside one request ends beside a later one, however much later that comes.
const LATE: Duration = LOOK_EVERY.saturating_mul(2);
/// How long a request waits, for what is mostly one read of a small file.
const MOMENT: Duration = Duration::from_millis(250);
/// How long the first request waits for the first version.
const PATIENCE: Duration = Duration::from_secs(6);

/// Cheap to clone; clones share the index.
#[derive(Clone)]
pub struct Reader(Arc<Shared>);

struct Shared {
    depot: Depot,
    folder: PathBuf,
    currency: Currency,
    held: Mutex<Held>,
    /// Held by whoever looks: one at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Held {
    index: Option<Arc<Index>>,
    etag: Option<Etag>,
    /// When the last look that has ended began: what it saw is of then.
    looked: Option<Instant>,
    /// The files of each part that lies in the folder, by the part's content.
    parts: Brought,
}

impl Reader {
    /// A reader that keeps its files in `folder`, which is its own. It holds nothing yet.
    pub fn new(files: Bucket, folder: &Path, currency: Currency) -> Self {
        let (depot, folder, held) = (Depot::new(files), folder.to_owned(), Mutex::default());
        Self(Arc::new(Shared { depot, folder, currency, held, turn: Arc::default() }))
    }

    /// The index, as new as it was brought. If the last look is some seconds old, another one begins meanwhile; if it is twice as
    /// old, this waits for one, a moment at most. Where there is no version yet, this waits; 503 `index_not_ready` when that takes
    /// too long.
    pub async fn index(&self) -> Result<Arc<Index>> {
        let (index, age) = self.0.held(|held| (held.index.clone(), held.age()));
        let Some(index) = index else {
            self.warm(PATIENCE).await;
            return self.0.held(|held| held.index.clone()).ok_or_else(not_ready);
        };
        if age < LOOK_EVERY {
            return Ok(index);
        }
        if age < LATE {
            // Unless somebody is looking: that will do.
            if let Ok(turn) = Arc::clone(&self.0.turn).try_lock_owned() {
                drop(self.0.begin(turn));
            }
            return Ok(index);
        }
        let _ = timeout(MOMENT, self.0.catch_up()).await;
        Ok(self.0.held(|held| held.index.clone()).unwrap_or(index))
    }

    /// Brings the first version, within so much time; what is brought later serves as well.
    pub async fn warm(&self, patience: Duration) {
        let _ = timeout(patience, self.0.catch_up()).await;
    }
}

impl Held {
    fn age(&self) -> Duration {
        self.looked.map_or(Duration::MAX, |looked| looked.elapsed())
    }
}

impl Shared {
    /// Waits for the look that is under way, and for another one if what that one saw is old by now. Who stops waiting stops no
    /// look, and leaves nothing behind that would begin one: when the bucket does not answer, looks do not pile up.
    async fn catch_up(self: &Arc<Self>) {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        if self.held(|held| held.index.is_none() || held.age() >= LOOK_EVERY) {
            let _ = self.begin(turn).await;
        }
    }

    /// A look in a task of its own.
    fn begin(self: &Arc<Self>, turn: OwnedMutexGuard<()>) -> JoinHandle<()> {
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let _turn = turn;
            shared.look().await;
        })
    }

    async fn look(&self) {
        let started = Instant::now();
        let looked = self.try_look().await;
        self.held(|held| held.looked = Some(started));
        match looked {
            Ok(None) => {}
            Ok(Some((version, index))) => {
                info!(
                    index.version = version,
                    index.documents = index,
                    duration_ms = started.elapsed().as_secs_f64() * 1e3,
                    "opened"
                );
            }
            // The version that is held goes on serving. A sandbox that slept in the middle of a look finds itself here, too.
            Err(cause) if matches!(cause.kind, Kind::Unavailable(_)) => {
                warn!(error.cause = cause.causes(), "no look at the index in the bucket");
            }
            Err(cause) => error!(
                error.cause = cause.causes(),
                alarm = "search_index",
                "the index in the bucket does not open: invoke the indexer with {{\"task\": \"rebuild\"}}"
            ),
        }
    }

    /// Version and size of what was opened, if it is another.
    async fn try_look(&self) -> Result<Option<(u64, u64)>> {
        let known = self.held(|held| held.etag.clone());
        let (manifest, etag) = match self.depot.look(known.as_ref()).await? {
            Look::Same => return Ok(None),
            // A shop that has sold nothing yet; or somebody took the index away, and what is held is better than nothing.
            Look::Missing => {
                let empty = Arc::new(Index::empty(self.currency)?);
                self.held(|held| held.index.get_or_insert(empty).documents());
                return Ok(None);
            }
            Look::Broken(_) => return Err(Error::internal("the manifest cannot be read")),
            Look::New(manifest, etag) => (manifest, etag),
        };
        if let Some(opened) = self.try_open(manifest, etag.clone()).await? {
            return Ok(Some(opened));
        }
        // A sandbox that was frozen since it looked comes for files that were retired and deleted meanwhile. They are lost only if
        // the manifest still names them.
        let lost = || Error::internal("a file of the index is missing or damaged");
        match self.depot.look(Some(&etag)).await? {
            Look::New(manifest, etag) => self.try_open(manifest, etag).await?.map(Some).ok_or_else(lost),
            Look::Same | Look::Missing | Look::Broken(_) => Err(lost()),
        }
    }

    /// Brings and opens a version; none if a file of it is missing or damaged.
    async fn try_open(&self, manifest: Manifest, etag: Etag) -> Result<Option<(u64, u64)>> {
        let missing = self.held(|held| {
            let is_missing = |file: &&File| !held.parts.contains_key(&file.sha256);
            manifest.files.iter().filter(is_missing).cloned().collect::<Vec<_>>()
        });
        let files = self.folder.join("files");
        fs::create_dir_all(&files).map_err(Error::internal)?;
        let Some(brought) = self.depot.bring(&missing.iter().collect::<Vec<_>>(), &files).await? else {
            return Ok(None);
        };
        let parts = self.held(|held| {
            held.parts.extend(brought);
            held.parts.clone()
        });
        let (folder, currency, version) = (self.folder.clone(), self.currency, manifest.version);
        let opened = spawn_blocking(move || open(&folder, &manifest, parts, currency)).await;
        let (index, parts) = opened.map_err(Error::internal)??;
        let documents = index.documents();
        self.held(|held| (held.index, held.etag, held.parts) = (Some(Arc::new(index)), Some(etag), parts));
        Ok(Some((version, documents)))
    }

    fn held<T>(&self, look: impl FnOnce(&mut Held) -> T) -> T {
        look(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Opens a version in a folder of its own, linked to the files that it shares with others; then removes what it does not need.
fn open(folder: &Path, manifest: &Manifest, mut parts: Brought, currency: Currency) -> Result<(Index, Brought)> {
    let version = folder.join(format!("v{}", manifest.version));
    link(folder, &version, manifest, &parts).map_err(Error::internal)?;
    let index = Index::open(&version, currency)?;
    parts.retain(|content, _| manifest.files.iter().any(|file| file.sha256 == *content));
    // What is unlinked is still there for whoever has it open.
    sweep(folder, &version, &parts).map_err(Error::internal)?;
    Ok((index, parts))
}

fn link(folder: &Path, version: &Path, manifest: &Manifest, parts: &Brought) -> io::Result<()> {
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

fn sweep(folder: &Path, version: &Path, parts: &Brought) -> io::Result<()> {
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
    Error::new(Kind::Unavailable(2), "index_not_ready", "The search index is not open yet. Try again.")
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
