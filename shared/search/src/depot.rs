//! The index in the bucket: `search/manifest.json`, and the files that it names under `search/files/`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use aws_kit::{Etag, Fetched, Files, sha256_hex};
use futures::future::try_join_all;
use tokio::task::spawn_blocking;
use tracing::warn;
use values::{Error, Result};

use crate::manifest::{File, Manifest};
use crate::pack::{Part, pack, unpack};

const MANIFEST: &str = "search/manifest.json";
/// Files that are brought or sent at once.
const AT_ONCE: usize = 8;

/// What lies in the bucket.
#[derive(Debug, Clone)]
pub(crate) struct Depot {
    files: Files,
}

/// What a look at the manifest finds.
pub(crate) enum Look {
    /// The version that is known.
    Same,
    /// No index.
    Missing,
    /// Something that cannot be read.
    Broken(Etag),
    /// Another version.
    New(Manifest, Etag),
}

/// The files of each part that was brought, by the part's content.
pub(crate) type Brought = HashMap<String, Vec<String>>;

impl Depot {
    pub(crate) fn new(files: Files) -> Self {
        Self { files }
    }

    /// The manifest, unless it is the one that is known. 1 round trip.
    pub(crate) async fn look(&self, known: Option<&Etag>) -> Result<Look> {
        Ok(match self.files.get_changed(MANIFEST, known).await? {
            Fetched::Same => Look::Same,
            Fetched::Missing => Look::Missing,
            Fetched::New(bytes, etag) => match serde_json::from_slice(&bytes) {
                Ok(manifest) => Look::New(manifest, etag),
                Err(_) => Look::Broken(etag),
            },
        })
    }

    /// Puts a manifest in the place of the one that is held, or where there is none. 503 when somebody else did so before.
    pub(crate) async fn publish(&self, manifest: &Manifest, held: Option<&Etag>) -> Result<Etag> {
        let bytes = serde_json::to_vec(manifest).map_err(Error::internal)?;
        if let Some(etag) = self.files.put_if(MANIFEST, bytes, "application/json", held).await? {
            return Ok(etag);
        }
        // Refused may mean that an attempt of ours got through whose answer was lost.
        match self.look(None).await? {
            Look::New(there, etag) if there == *manifest => Ok(etag),
            _ => Err(Error::unavailable("search index", "another writer made a version of it")),
        }
    }

    /// Writes files of the bucket into a folder; none if one of them is missing or damaged.
    pub(crate) async fn bring(&self, files: &[&File], folder: &Path) -> Result<Option<Brought>> {
        let mut brought = Brought::new();
        for files in files.chunks(AT_ONCE) {
            for part in try_join_all(files.iter().map(|file| self.bring_one(file, folder.to_owned()))).await? {
                let Some((content, files)) = part else { return Ok(None) };
                brought.insert(content, files);
            }
        }
        Ok(Some(brought))
    }

    async fn bring_one(&self, file: &File, folder: PathBuf) -> Result<Option<(String, Vec<String>)>> {
        let File { name, sha256, .. } = file.clone();
        let Some(bytes) = self.files.get(&key(&sha256)).await? else {
            warn!(file = name, "a file of the index is missing");
            return Ok(None);
        };
        let content = sha256.clone();
        let unpacked = spawn_blocking(move || match sha256_hex(&bytes) == content {
            true => unpack(&bytes, &folder).map(Some),
            false => Ok(None),
        });
        let files = unpacked.await.map_err(Error::internal)?.map_err(Error::internal)?;
        if files.is_none() {
            warn!(file = name, "a file of the index is damaged");
        }
        Ok(files.map(|files| (sha256, files)))
    }

    /// Writes parts of the index in a folder into the bucket.
    pub(crate) async fn send(&self, parts: Vec<Part>, folder: &Path) -> Result<Vec<File>> {
        let mut sent = Vec::with_capacity(parts.len());
        for parts in parts.chunks(AT_ONCE) {
            sent.extend(try_join_all(parts.iter().map(|part| self.send_one(part.clone(), folder.to_owned()))).await?);
        }
        Ok(sent)
    }

    async fn send_one(&self, part: Part, folder: PathBuf) -> Result<File> {
        let packed = spawn_blocking(move || {
            let bytes = pack(&folder, &part)?;
            let file = File { name: part.name, bytes: bytes.len() as u64, sha256: sha256_hex(&bytes) };
            Ok::<_, std::io::Error>((file, bytes))
        });
        let (file, bytes) = packed.await.map_err(Error::internal)?.map_err(Error::internal)?;
        self.files.put(&key(&file.sha256), bytes, "application/octet-stream", None).await?;
        Ok(file)
    }

    /// Removes contents that no version needs.
    pub(crate) async fn delete(&self, contents: &[String]) -> Result<()> {
        for contents in contents.chunks(AT_ONCE) {
            let keys: Vec<String> = contents.iter().map(|content| key(content)).collect();
            try_join_all(keys.iter().map(|key| self.files.delete(key))).await?;
        }
        Ok(())
    }
}

fn key(sha256: &str) -> String {
    format!("search/files/{sha256}")
}
