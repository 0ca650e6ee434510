//! The index as a search function holds it: the newest version that was brought, and a look for a newer one now and then.
//! Requests never wait for that look.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_kit::{Etag, Files};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::{error, info, warn};
use values::{Currency, Error, Kind, Result};

use crate::depot::{Brought, Depot, Look};
use crate::index::Index;
use crate::manifest::{File, Manifest};
use crate::pack::META;

/// How old the last look may be.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A sandbox in which nobody asked for so long holds what was true then.
const SLEPT: Duration = Duration::from_secs(10);
/// How long its next request waits for news, which is mostly one read of a small file.
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
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Held {
    index: Option<Arc<Index>>,
    etag: Option<Etag>,
    looked: Option<Instant>,
    /// The files of each part that lies in the folder, by the part's content.
    parts: Brought,
}

impl Reader {
    /// A reader that keeps its files in `folder`, which is its own. It holds nothing yet.
    pub fn new(files: Files, folder: &Path, currency: Currency) -> Self {
        let (depot, folder, held) = (Depot::new(files), folder.to_owned(), Mutex::default());
        Self(Arc::new(Shared { depot, folder, currency, held, turn: tokio::sync::Mutex::default() }))
    }

    /// The index, as new as it was brought. If the last look is some seconds old, another one begins meanwhile; whoever wakes a
    /// sandbox waits a moment for it. Where there is no version yet, this waits; 503 `index_not_ready` when that takes too long.
    pub async fn index(&self) -> Result<Arc<Index>> {
        let (index, age) = self.0.held(|held| (held.index.clone(), held.looked.map(|looked| looked.elapsed())));
        match index {
            Some(index) => {
                if age.is_some_and(|age| age < LOOK_EVERY) {
                    return Ok(index);
                }
                let shared = Arc::clone(&self.0);
                let look = tokio::spawn(async move { shared.look_again().await });
                if age.is_none_or(|age| age >= SLEPT) {
                    let _ = timeout(MOMENT, look).await;
                }
                Ok(self.0.held(|held| held.index.clone()).unwrap_or(index))
            }
            None => {
                self.warm(PATIENCE).await;
                self.0.held(|held| held.index.clone()).ok_or_else(not_ready)
            }
        }
    }

    /// Brings the first version, within so much time; what is brought later serves as well.
    pub async fn warm(&self, patience: Duration) {
        let shared = Arc::clone(&self.0);
        // A task of its own: it goes on when the patience is over.
        let first = tokio::spawn(async move {
            let _turn = shared.turn.lock().await;
            if shared.held(|held| held.index.is_none()) {
                shared.look().await;
            }
        });
        let _ = timeout(patience, first).await;
    }
}

impl Shared {
    async fn look_again(&self) {
        // Somebody else is looking: that will do.
        let Ok(_turn) = self.turn.try_lock() else { return };
        self.look().await;
    }

    async fn look(&self) {
        let started = Instant::now();
        let known = self.held(|held| {
            held.looked = Some(started);
            held.etag.clone()
        });
        match self.try_look(known).await {
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
                "the index in the bucket does not open: rebuild it"
            ),
        }
    }

    /// Version and size of what was opened, if it is another.
    async fn try_look(&self, known: Option<Etag>) -> Result<Option<(u64, u64)>> {
        match self.depot.look(known.as_ref()).await? {
            Look::Same => Ok(None),
            // A shop that has sold nothing yet; or somebody took the index away, and what is held is better than nothing.
            Look::Missing => {
                let empty = Arc::new(Index::empty(self.currency)?);
                self.held(|held| held.index.get_or_insert(empty).documents());
                Ok(None)
            }
            Look::Broken(_) => Err(Error::internal("the manifest cannot be read")),
            Look::New(manifest, etag) => {
                let missing = self.held(|held| {
                    let is_missing = |file: &&File| !held.parts.contains_key(&file.sha256);
                    manifest.files.iter().filter(is_missing).cloned().collect::<Vec<_>>()
                });
                let files = self.folder.join("files");
                fs::create_dir_all(&files).map_err(Error::internal)?;
                let brought = self.depot.bring(&missing.iter().collect::<Vec<_>>(), &files).await?;
                let brought = brought.ok_or_else(|| Error::internal("a file of the index is missing or damaged"))?;
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
        }
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
