//! The search index in S3: `search/manifest-2.json`, where 2 is the number of the format, and the files that it names under
//! `search/files/`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

#[cfg(not(test))]
pub(crate) use aws_kit::Bucket;
use aws_kit::{Etag, ObjectRead, sha256_hex};
use futures::future::try_join_all;
use tokio::task::spawn_blocking;
use tracing::warn;
use values::{Error, Result, Timestamp};

use crate::manifest::{IndexFile, Manifest};
#[cfg(test)]
pub(crate) use crate::memory_bucket::Bucket;
use crate::pack::{Part, pack, unpack};

const MANIFEST: &str = "search/manifest-2.json";
/// The manifest of the format before. Readers of the release before read it, and those of this release until this release has
/// built an index.
const OLDER_MANIFEST: &str = "search/manifest.json";
/// How long the index of the format before stays after the first index of this format. Within this time a deployment is over,
/// or was rolled back.
const OLDER_FORMAT_SECONDS: i64 = 24 * 60 * 60;
const FILES: &str = "search/files/";
/// A run of the indexer takes less time. An older file that no manifest names will never be named.
const UNREFERENCED_SECONDS: i64 = 60 * 60;
/// Files that are downloaded, uploaded or deleted at the same time.
const MAX_PARALLEL: usize = 8;

/// The index files and the manifest in the bucket.
#[derive(Debug, Clone)]
pub(crate) struct IndexStore {
    bucket: Bucket,
}

/// The result of reading the manifest.
pub(crate) enum ManifestRead {
    /// The manifest has not changed since the known version.
    Unchanged,
    /// The bucket has no index.
    Missing,
    /// The manifest is not valid JSON of this program's format.
    Unreadable(Etag),
    /// The manifest has changed.
    Changed(Manifest, Etag),
}

/// The names of the local files of each downloaded part. The key is the SHA-256 of the part.
pub(crate) type PartFiles = HashMap<String, Vec<String>>;

impl IndexStore {
    pub(crate) fn new(bucket: Bucket) -> Self {
        Self { bucket }
    }

    /// Reads the manifest of this format, unless it is still the known one. 1 round trip.
    pub(crate) async fn read_manifest(&self, known: Option<&Etag>) -> Result<ManifestRead> {
        self.read(MANIFEST, known).await
    }

    /// Reads the manifest of this format, or else of the format before, unless it is still the known one. 1 round trip, 2
    /// without an index of this format.
    pub(crate) async fn read_newest_manifest(&self, known: Option<&Etag>) -> Result<ManifestRead> {
        match self.read(MANIFEST, known).await? {
            ManifestRead::Missing => self.read(OLDER_MANIFEST, known).await,
            read => Ok(read),
        }
    }

    /// Reads the manifest of the format before. 1 round trip.
    pub(crate) async fn read_older_manifest(&self) -> Result<ManifestRead> {
        self.read(OLDER_MANIFEST, None).await
    }

    /// The version of the index of the format before; `None` without one. 1 round trip.
    pub(crate) async fn older_version(&self) -> Result<Option<u64>> {
        let ManifestRead::Changed(older, _) = self.read_older_manifest().await? else { return Ok(None) };
        Ok(Some(older.version))
    }

    /// Tells whether the bucket has no index of this format, or whether the release before has written its own since. 2 round
    /// trips at the same time.
    pub(crate) async fn is_index_missing(&self) -> Result<bool> {
        let (manifest, older) = futures::try_join!(self.read_manifest(None), self.older_version())?;
        let ManifestRead::Changed(manifest, _) = manifest else { return Ok(true) };
        Ok(older.is_some() && older != manifest.older_version)
    }

    async fn read(&self, key: &str, known: Option<&Etag>) -> Result<ManifestRead> {
        Ok(match self.bucket.get_changed(key, known).await? {
            ObjectRead::Same => ManifestRead::Unchanged,
            ObjectRead::Missing => ManifestRead::Missing,
            ObjectRead::New(bytes, etag) => match serde_json::from_slice(&bytes) {
                Ok(manifest) => ManifestRead::Changed(manifest, etag),
                Err(_) => ManifestRead::Unreadable(etag),
            },
        })
    }

    /// Writes the manifest if the stored one still has the ETag `current`, or if none is stored and `current` is
    /// `None`. Fails with 503 when another writer was first.
    pub(crate) async fn publish(&self, manifest: &Manifest, current: Option<&Etag>) -> Result<Etag> {
        let bytes = serde_json::to_vec(manifest).map_err(Error::internal)?;
        if let Some(etag) = self.bucket.put_if(MANIFEST, bytes, "application/json", current).await? {
            return Ok(etag);
        }
        // The condition also fails when an earlier attempt of this call succeeded and its response was lost.
        match self.read_manifest(None).await? {
            ManifestRead::Changed(stored, etag) if stored == *manifest => Ok(etag),
            _ => Err(Error::unavailable("search index", "another writer published a version first")),
        }
    }

    /// Downloads files into a folder. Returns `None` if one of them is missing or damaged.
    pub(crate) async fn download(&self, files: &[&IndexFile], folder: &Path) -> Result<Option<PartFiles>> {
        let mut downloaded = PartFiles::new();
        for files in files.chunks(MAX_PARALLEL) {
            for part in try_join_all(files.iter().map(|file| self.download_part(file, folder.to_owned()))).await? {
                let Some((content, files)) = part else { return Ok(None) };
                downloaded.insert(content, files);
            }
        }
        Ok(Some(downloaded))
    }

    async fn download_part(&self, file: &IndexFile, folder: PathBuf) -> Result<Option<(String, Vec<String>)>> {
        let IndexFile { name, sha256, .. } = file.clone();
        let Some(bytes) = self.bucket.get(&key(&sha256)).await? else {
            warn!(file = name, "index file missing");
            return Ok(None);
        };
        let content = sha256.clone();
        let unpacked = spawn_blocking(move || match sha256_hex(&bytes) == content {
            true => unpack(&bytes, &folder).map(Some),
            false => Ok(None),
        });
        let files = unpacked.await.map_err(Error::internal)?.map_err(Error::internal)?;
        if files.is_none() {
            warn!(file = name, "index file damaged");
        }
        Ok(files.map(|files| (sha256, files)))
    }

    /// Uploads parts of the index from a folder.
    pub(crate) async fn upload(&self, parts: Vec<Part>, folder: &Path) -> Result<Vec<IndexFile>> {
        let mut uploaded = Vec::with_capacity(parts.len());
        for parts in parts.chunks(MAX_PARALLEL) {
            uploaded.extend(
                try_join_all(parts.iter().map(|part| self.upload_part(part.clone(), folder.to_owned()))).await?,
            );
        }
        Ok(uploaded)
    }

    async fn upload_part(&self, part: Part, folder: PathBuf) -> Result<IndexFile> {
        let packed = spawn_blocking(move || {
            let bytes = pack(&folder, &part)?;
            let file = IndexFile { name: part.name, bytes: bytes.len() as u64, sha256: sha256_hex(&bytes) };
            Ok::<_, std::io::Error>((file, bytes))
        });
        let (file, bytes) = packed.await.map_err(Error::internal)?.map_err(Error::internal)?;
        self.bucket.put(&key(&file.sha256), bytes, "application/octet-stream", None).await?;
        Ok(file)
    }

    /// Deletes files by the SHA-256 of their content.
    pub(crate) async fn delete(&self, contents: &[String]) -> Result<()> {
        for contents in contents.chunks(MAX_PARALLEL) {
            let keys: Vec<String> = contents.iter().map(|content| key(content)).collect();
            try_join_all(keys.iter().map(|key| self.bucket.delete(key))).await?;
        }
        Ok(())
    }

    /// Deletes old files that no manifest names, and returns how many. A run leaves such files when it ends between
    /// upload and publishing, and so does a lost manifest. The manifest of the format before is deleted first, once it is not
    /// needed any more.
    pub(crate) async fn delete_unreferenced(&self, manifest: &Manifest, now: Timestamp) -> Result<usize> {
        let older = self.older_manifest(manifest, now).await?;
        let is_referenced = |content: &str| {
            manifest.references(content) || older.as_ref().is_some_and(|older| older.references(content))
        };
        let (mut unreferenced, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.bucket.list(FILES, after.as_deref()).await?;
            let Some((last, _, _)) = page.last() else { break };
            after = Some(last.clone());
            let old = page.iter().filter(|(_, _, modified)| modified.plus_seconds(UNREFERENCED_SECONDS) <= now);
            let contents = old.filter_map(|(key, _, _)| key.strip_prefix(FILES));
            unreferenced.extend(contents.filter(|content| !is_referenced(content)).map(str::to_owned));
        }
        self.delete(&unreferenced).await?;
        Ok(unreferenced.len())
    }

    /// Returns the manifest of the format before, as long as it is needed.
    async fn older_manifest(&self, manifest: &Manifest, now: Timestamp) -> Result<Option<Manifest>> {
        let ManifestRead::Changed(older, _) = self.read_older_manifest().await? else { return Ok(None) };
        if manifest.since.is_none_or(|since| since.plus_seconds(OLDER_FORMAT_SECONDS) > now) {
            return Ok(Some(older));
        }
        self.bucket.delete(OLDER_MANIFEST).await?;
        Ok(None)
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
    async fn old_file_that_no_manifest_names_is_deleted() {
        let (bucket, start) = (Bucket::default(), Timestamp::from_millis(1_764_000_000_000));
        let (store, now) = (IndexStore::new(bucket.clone()), start.plus_seconds(UNREFERENCED_SECONDS));
        for (content, age) in [("lost", 1), ("needed", 1), ("of an older version", 1), ("forgotten", 1), ("young", 0)] {
            bucket.set_time(now.plus_seconds(-age * UNREFERENCED_SECONDS));
            bucket.put(&key(content), vec![1], "", None).await.unwrap();
        }
        bucket.put(MANIFEST, vec![1], "", None).await.unwrap();
        let file = |content: &str| IndexFile { name: content.into(), bytes: 1, sha256: content.into() };
        let (first, _) = Manifest::default().next(json!({}), vec![file("of an older version")], start);
        let (second, _) = first.next(json!({}), vec![file("needed")], now);
        assert_eq!(store.delete_unreferenced(&second, now).await.unwrap(), 2);
        let remaining = [key("needed"), key("of an older version"), key("young"), MANIFEST.to_owned()];
        assert_eq!(bucket.keys(), remaining);
    }

    #[test]
    fn manifest_has_the_number_of_the_format() {
        assert_eq!(MANIFEST, format!("search/manifest-{}.json", crate::schema::FORMAT));
    }

    #[tokio::test]
    async fn index_is_missing_if_the_release_before_has_written_since() {
        let (bucket, now) = (Bucket::default(), Timestamp::from_millis(1_764_000_000_000));
        let store = IndexStore::new(bucket.clone());
        let write_older = async |version: u64| {
            let older = Manifest { version, ..Manifest::default() };
            bucket.put(OLDER_MANIFEST, serde_json::to_vec(&older).unwrap(), "", None).await.unwrap();
        };
        write_older(7).await;
        assert!(store.is_index_missing().await.unwrap());
        let built = Manifest { older_version: store.older_version().await.unwrap(), ..Manifest::default() };
        let (built, _) = built.next(json!({}), Vec::new(), now);
        let etag = store.publish(&built, None).await.unwrap();
        let (updated, _) = built.next(json!({}), Vec::new(), now);
        store.publish(&updated, Some(&etag)).await.unwrap();
        assert!(!store.is_index_missing().await.unwrap());
        write_older(8).await;
        assert!(store.is_index_missing().await.unwrap(), "a rollback");
        bucket.delete(OLDER_MANIFEST).await.unwrap();
        assert!(!store.is_index_missing().await.unwrap(), "it is deleted after a day");
    }

    #[tokio::test]
    async fn index_of_the_format_before_is_deleted_a_day_later() {
        let (bucket, start) = (Bucket::default(), Timestamp::from_millis(1_764_000_000_000));
        let store = IndexStore::new(bucket.clone());
        bucket.set_time(start.plus_seconds(-UNREFERENCED_SECONDS));
        let file = |content: &str| IndexFile { name: content.into(), bytes: 1, sha256: content.into() };
        let (older, _) = Manifest::default().next(json!({}), vec![file("older")], start);
        bucket.put(OLDER_MANIFEST, serde_json::to_vec(&older).unwrap(), "", None).await.unwrap();
        bucket.put(&key("older"), vec![1], "", None).await.unwrap();
        let (first, _) = Manifest::default().next(json!({}), Vec::new(), start);
        let (second, _) = first.next(json!({}), Vec::new(), start.plus_seconds(10));
        let day = start.plus_seconds(OLDER_FORMAT_SECONDS);
        for (now, deleted) in [(start, 0), (day.plus_seconds(-1), 0), (day, 1)] {
            assert_eq!(store.delete_unreferenced(&second, now).await.unwrap(), deleted);
        }
        assert!(bucket.keys().is_empty());
    }
}
