//! The index in the bucket: `search/manifest.json`, and the files that it names under `search/files/`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

#[cfg(not(test))]
pub(crate) use aws_kit::Bucket;
use aws_kit::{Etag, ObjectRead, sha256_hex};
use futures::future::try_join_all;
use tokio::task::spawn_blocking;
use tracing::warn;
use values::{Error, Result, Timestamp};

use crate::manifest::{File, Manifest};
#[cfg(test)]
pub(crate) use crate::memory::Bucket;
use crate::pack::{Part, pack, unpack};

const MANIFEST: &str = "search/manifest.json";
const FILES: &str = "search/files/";
/// No turn takes so long, so what is older and was never named will not be named any more.
const STRAY_SECONDS: i64 = 60 * 60;
/// Files that are brought or sent at once.
const AT_ONCE: usize = 8;

/// What lies in the bucket.
#[derive(Debug, Clone)]
pub(crate) struct Depot {
    files: Bucket,
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
    pub(crate) fn new(files: Bucket) -> Self {
        Self { files }
    }

    /// The manifest, unless it is the one that is known. 1 round trip.
    pub(crate) async fn look(&self, known: Option<&Etag>) -> Result<Look> {
        Ok(match self.files.get_changed(MANIFEST, known).await? {
            ObjectRead::Same => Look::Same,
            ObjectRead::Missing => Look::Missing,
            ObjectRead::New(bytes, etag) => match serde_json::from_slice(&bytes) {
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

    /// Removes the files that no manifest names: those of a turn that ended between sending and publishing, or of an index whose
    /// manifest was lost. How many there were.
    pub(crate) async fn sweep(&self, manifest: &Manifest, now: Timestamp) -> Result<usize> {
        let (mut strays, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.files.list(FILES, after.as_deref()).await?;
            let Some((last, _, _)) = page.last() else { break };
            after = Some(last.clone());
            let old = page.iter().filter(|(_, _, modified)| modified.plus_seconds(STRAY_SECONDS) <= now);
            let contents = old.filter_map(|(key, _, _)| key.strip_prefix(FILES));
            strays.extend(contents.filter(|content| !manifest.names(content)).map(str::to_owned));
        }
        self.delete(&strays).await?;
        Ok(strays.len())
    }
}

fn key(sha256: &str) -> String {
    format!("{FILES}{sha256}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn what_no_manifest_names_is_removed_when_it_is_old() {
        let (files, begin) = (Bucket::default(), Timestamp::from_millis(1_764_000_000_000));
        let (depot, now) = (Depot::new(files.clone()), begin.plus_seconds(STRAY_SECONDS));
        for (content, age) in [("lost", 1), ("needed", 1), ("of an older version", 1), ("forgotten", 1), ("young", 0)] {
            files.is_at(now.plus_seconds(-age * STRAY_SECONDS));
            files.put(&key(content), vec![1], "", None).await.unwrap();
        }
        files.put("search/manifest.json", vec![1], "", None).await.unwrap();
        let file = |content: &str| File { name: content.into(), bytes: 1, sha256: content.into() };
        let (first, _) = Manifest::default().next(json!({}), vec![file("of an older version")], begin);
        let (second, _) = first.next(json!({}), vec![file("needed")], now);
        assert_eq!(depot.sweep(&second, now).await.unwrap(), 2);
        let left = [key("needed"), key("of an older version"), key("young"), MANIFEST.to_owned()];
        assert_eq!(files.keys(), left);
    }
}
