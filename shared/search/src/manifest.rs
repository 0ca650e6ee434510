//! The manifest names the files of the current version of the index, and the files of older versions that a reader may
//! still need. A writer replaces the manifest to publish a version. Index files are only ever added and deleted.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::Timestamp;

/// How long a file stays after the last version that named it. Every download of a version takes less time.
const RETENTION_SECONDS: i64 = 15 * 60;

/// One version of the index. It is stored as JSON, so the names of its fields must not change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Each version has the number of the version before plus 1.
    pub(crate) version: u64,
    /// The content of tantivy's `meta.json`.
    pub(crate) meta: Value,
    /// All other files of this version.
    pub(crate) files: Vec<IndexFile>,
    /// Files of older versions that this version does not need.
    pub(crate) retired: Vec<RetiredFile>,
    /// When the first version of this format was made.
    #[serde(default)]
    pub(crate) since: Option<Timestamp>,
    /// The version of the index of the format before, when this index was built. If that one has another version now, the
    /// release before has written since, and this index lacks those changes.
    #[serde(default)]
    pub(crate) older_version: Option<u64>,
}

/// A part of the index in the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexFile {
    /// The name of the part.
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// SHA-256 of the content, in hexadecimal. It is the file's key in the bucket, so a writer that lost the race
    /// overwrites nothing.
    pub(crate) sha256: String,
}

/// A file that no version needs any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RetiredFile {
    /// SHA-256 of the content, in hexadecimal.
    pub(crate) sha256: String,
    /// When the first version without this file was made.
    pub(crate) at: Timestamp,
}

impl Manifest {
    /// Returns the file of a part, if the part belongs to this version.
    pub(crate) fn file(&self, name: &str) -> Option<&IndexFile> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Tells whether this version, or a download of an older one, needs that content.
    pub(crate) fn references(&self, sha256: &str) -> bool {
        self.files.iter().any(|file| file.sha256 == sha256) || self.retired.iter().any(|file| file.sha256 == sha256)
    }

    /// The manifest to continue when the index is built from the catalog, beside that version of the index of the format before. If that
    /// one has changed, the release before may still run, and its index stays for a day from now.
    pub(crate) fn built_beside(self, older_version: Option<u64>) -> Self {
        let since = self.since.filter(|_| self.older_version == older_version);
        Self { since, older_version, ..self }
    }

    /// Returns the next version, and the contents to delete now. Delete them before the next version is published: a
    /// crash between the two steps would otherwise leave them in the bucket for ever.
    pub(crate) fn next(&self, meta: Value, files: Vec<IndexFile>, now: Timestamp) -> (Self, Vec<String>) {
        let needed: HashSet<&str> = files.iter().map(|file| file.sha256.as_str()).collect();
        let dropped = self.files.iter().map(|file| RetiredFile { sha256: file.sha256.clone(), at: now });
        let retired = self.retired.iter().cloned().chain(dropped).filter(|file| !needed.contains(file.sha256.as_str()));
        let (expired, retired): (Vec<_>, Vec<_>) =
            retired.partition(|file| file.at.plus_seconds(RETENTION_SECONDS) <= now);
        let (since, older_version) = (self.since.or(Some(now)), self.older_version);
        let next = Self { version: self.version + 1, meta, files, retired, since, older_version };
        (next, expired.into_iter().map(|file| file.sha256).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000).plus_seconds(seconds)
    }

    fn files(names: &[&str]) -> Vec<IndexFile> {
        names.iter().map(|name| IndexFile { name: (*name).into(), bytes: 1, sha256: format!("sha-{name}") }).collect()
    }

    #[test]
    fn index_of_the_release_before_is_needed_again_after_it_has_written() {
        let start = Timestamp::from_millis(1_764_000_000_000);
        let built = Manifest { since: Some(start), older_version: Some(7), ..Manifest::default() };
        assert_eq!(built.clone().built_beside(Some(7)).since, Some(start));
        let again = built.built_beside(Some(8));
        assert_eq!((again.since, again.older_version), (None, Some(8)));
        assert_eq!(again.next(Value::Null, Vec::new(), start).0.since, Some(start));
    }

    #[test]
    fn unneeded_file_is_deleted_a_quarter_of_an_hour_later() {
        let (first, none) = Manifest::default().next(json!({}), files(&["a", "b"]), at(0));
        assert_eq!((first.version, first.retired.len(), none.len()), (1, 0, 0));
        let (second, none) = first.next(json!({}), files(&["b", "c"]), at(10));
        assert_eq!(second.retired, [RetiredFile { sha256: "sha-a".into(), at: at(10) }]);
        assert!(none.is_empty(), "a reader may still download it");
        let (third, none) = second.next(json!({}), files(&["b", "c"]), at(10 + RETENTION_SECONDS - 1));
        assert_eq!((third.retired.len(), none.len()), (1, 0));
        let (fourth, expired) = third.next(json!({}), files(&["b", "c"]), at(10 + RETENTION_SECONDS));
        assert_eq!((fourth.version, fourth.retired.len()), (4, 0));
        assert_eq!(expired, ["sha-a"]);
    }

    #[test]
    fn file_that_is_needed_again_is_not_deleted() {
        let (first, _) = Manifest::default().next(json!({}), files(&["a"]), at(0));
        let (second, _) = first.next(json!({}), files(&[]), at(1));
        let (third, expired) = second.next(json!({}), files(&["a"]), at(1 + RETENTION_SECONDS));
        assert_eq!((third.retired.len(), expired.len()), (0, 0));
    }

    proptest! {
        #[test]
        fn every_file_is_in_use_or_retired(versions in prop::collection::vec((prop::collection::btree_set(0u8..8, 0..5), 0i64..900), 1..30)) {
            let (mut manifest, mut stored, mut now) = (Manifest::default(), HashSet::<String>::new(), 0);
            for (names, pause) in versions {
                now += pause;
                let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
                let files = files(&names.iter().map(String::as_str).collect::<Vec<_>>());
                stored.extend(files.iter().map(|file| file.sha256.clone()));
                let (next, expired) = manifest.next(json!({}), files, at(now));
                prop_assert!(expired.iter().all(|file| stored.remove(file)), "only a stored file is deleted, and only once");
                prop_assert!(next.files.iter().all(|file| stored.contains(&file.sha256)));
                let known: HashSet<_> = next.files.iter().map(|file| file.sha256.clone())
                    .chain(next.retired.iter().map(|file| file.sha256.clone())).collect();
                prop_assert_eq!(&known, &stored, "every file is in use or waits to be deleted");
                manifest = next;
            }
        }
    }
}
