//! The manifest: which files make the index's present version, and which of older versions may still be read by somebody.
//! Whoever replaces it makes the next version; everything else in the bucket only ever comes or goes.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use values::Timestamp;

/// So long a file stays after the version that named it last: nobody takes longer to bring a version.
const KEPT_SECONDS: i64 = 15 * 60;

/// One version of the index.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// One more with every version.
    pub(crate) version: u64,
    /// tantivy's `meta.json`.
    pub(crate) meta: Value,
    /// Everything else that the version consists of.
    pub(crate) files: Vec<File>,
    /// What older versions consisted of, and this one does not.
    pub(crate) retired: Vec<Retired>,
}

/// A part of the index, as it lies in the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File {
    /// The part's.
    pub(crate) name: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// Of its content, in hexadecimal. It is called so in the bucket: a writer that lost its turn overwrites nothing.
    pub(crate) sha256: String,
}

/// A file that no version needs from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retired {
    /// Its content's.
    pub(crate) sha256: String,
    /// Since when.
    pub(crate) at: Timestamp,
}

impl Manifest {
    /// The file of a part, if the part is in this version.
    pub(crate) fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Does this version need that content, or somebody who is still bringing an older one?
    pub(crate) fn names(&self, sha256: &str) -> bool {
        self.files.iter().any(|file| file.sha256 == sha256) || self.retired.iter().any(|old| old.sha256 == sha256)
    }

    /// The version after this one, and the contents that can be deleted now. Deleted first and forgotten then: the other way
    /// round, a crash in between would leave them for ever.
    pub(crate) fn next(&self, meta: Value, files: Vec<File>, now: Timestamp) -> (Self, Vec<String>) {
        let needed: HashSet<&str> = files.iter().map(|file| file.sha256.as_str()).collect();
        let dropped = self.files.iter().map(|file| Retired { sha256: file.sha256.clone(), at: now });
        let retired = self.retired.iter().cloned().chain(dropped).filter(|old| !needed.contains(old.sha256.as_str()));
        let (over, retired): (Vec<_>, Vec<_>) = retired.partition(|old| old.at.plus_seconds(KEPT_SECONDS) <= now);
        let next = Self { version: self.version + 1, meta, files, retired };
        (next, over.into_iter().map(|old| old.sha256).collect())
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

    fn files(names: &[&str]) -> Vec<File> {
        names.iter().map(|name| File { name: (*name).into(), bytes: 1, sha256: format!("sha-{name}") }).collect()
    }

    #[test]
    fn what_a_version_does_not_need_any_more_goes_a_quarter_of_an_hour_later() {
        let (first, none) = Manifest::default().next(json!({}), files(&["a", "b"]), at(0));
        assert_eq!((first.version, first.retired.len(), none.len()), (1, 0, 0));
        let (second, none) = first.next(json!({}), files(&["b", "c"]), at(10));
        assert_eq!(second.retired, [Retired { sha256: "sha-a".into(), at: at(10) }]);
        assert!(none.is_empty(), "somebody may be reading it now");
        let (third, none) = second.next(json!({}), files(&["b", "c"]), at(10 + KEPT_SECONDS - 1));
        assert_eq!((third.retired.len(), none.len()), (1, 0));
        let (fourth, over) = third.next(json!({}), files(&["b", "c"]), at(10 + KEPT_SECONDS));
        assert_eq!((fourth.version, fourth.retired.len()), (4, 0));
        assert_eq!(over, ["sha-a"]);
    }

    #[test]
    fn a_file_that_is_needed_again_is_not_deleted() {
        let (first, _) = Manifest::default().next(json!({}), files(&["a"]), at(0));
        let (second, _) = first.next(json!({}), files(&[]), at(1));
        let (third, over) = second.next(json!({}), files(&["a"]), at(1 + KEPT_SECONDS));
        assert_eq!((third.retired.len(), over.len()), (0, 0));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_in_use_is_deleted(turns in prop::collection::vec((prop::collection::btree_set(0u8..8, 0..5), 0i64..900), 1..30)) {
            let (mut manifest, mut there, mut now) = (Manifest::default(), HashSet::<String>::new(), 0);
            for (names, pause) in turns {
                now += pause;
                let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
                let files = files(&names.iter().map(String::as_str).collect::<Vec<_>>());
                there.extend(files.iter().map(|file| file.sha256.clone()));
                let (next, over) = manifest.next(json!({}), files, at(now));
                prop_assert!(over.iter().all(|old| there.remove(old)), "only what is there is deleted, once");
                prop_assert!(next.files.iter().all(|file| there.contains(&file.sha256)));
                let known: HashSet<_> = next.files.iter().map(|file| file.sha256.clone())
                    .chain(next.retired.iter().map(|old| old.sha256.clone())).collect();
                prop_assert_eq!(&known, &there, "every file is in use or waits to be deleted");
                manifest = next;
            }
        }
    }
}
