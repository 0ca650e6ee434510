//! A bucket for tests: it lies in memory, and answers late when a test says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_kit::{Aws, Etag, ObjectRead};
use serde_json::json;
use tokio::time::sleep;
use values::{Result, Timestamp};

/// In the place of [`aws_kit::Bucket`], with what of it is used here.
#[derive(Debug, Clone, Default)]
pub struct Bucket(Arc<Mutex<Objects>>);

#[derive(Debug, Default)]
struct Objects {
    files: BTreeMap<String, Stored>,
    writes: u64,
    now: Option<Timestamp>,
    late: Option<Duration>,
}

#[derive(Debug, Clone)]
struct Stored {
    bytes: Vec<u8>,
    /// Which write of the bucket it is of.
    write: u64,
    modified: Timestamp,
}

impl Stored {
    fn etag(&self) -> Etag {
        serde_json::from_value(json!(self.write.to_string())).unwrap()
    }
}

impl Bucket {
    /// Nothing in the environment names it.
    pub(crate) fn from_env(_: &Aws) -> Result<Self> {
        Ok(Self::default())
    }

    /// What is written from now on is of that moment.
    pub(crate) fn is_at(&self, now: Timestamp) {
        self.bucket(|bucket| bucket.now = Some(now));
    }

    /// The next answer to a read tells what is there when it is asked for, and comes so much later: a slow network, or a sandbox
    /// that was frozen meanwhile.
    pub(crate) fn answers_late(&self, by: Duration) {
        self.bucket(|bucket| bucket.late = Some(by));
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.bucket(|bucket| bucket.files.keys().cloned().collect())
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        match self.get_changed(key, None).await? {
            ObjectRead::New(bytes, _) => Ok(Some(bytes)),
            ObjectRead::Same | ObjectRead::Missing => Ok(None),
        }
    }

    pub(crate) async fn get_changed(&self, key: &str, known: Option<&Etag>) -> Result<ObjectRead> {
        let (stored, late) = self.bucket(|bucket| (bucket.files.get(key).cloned(), bucket.late.take()));
        if let Some(late) = late {
            sleep(late).await;
        }
        Ok(match stored {
            Some(stored) if known == Some(&stored.etag()) => ObjectRead::Same,
            Some(stored) => ObjectRead::New(stored.bytes.clone(), stored.etag()),
            None => ObjectRead::Missing,
        })
    }

    pub(crate) async fn put(&self, key: &str, bytes: Vec<u8>, _: &str, _: Option<&str>) -> Result<()> {
        self.bucket(|bucket| bucket.write(key, bytes));
        Ok(())
    }

    pub(crate) async fn put_if(&self, key: &str, bytes: Vec<u8>, _: &str, held: Option<&Etag>) -> Result<Option<Etag>> {
        Ok(self.bucket(|bucket| {
            let is_held = bucket.files.get(key).map(Stored::etag).as_ref() == held;
            is_held.then(|| bucket.write(key, bytes))
        }))
    }

    pub(crate) async fn delete(&self, key: &str) -> Result<()> {
        self.bucket(|bucket| bucket.files.remove(key));
        Ok(())
    }

    /// Two at a time, so that there is more than one page.
    pub(crate) async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<(String, u64, Timestamp)>> {
        let is_listed = |key: &str| key.starts_with(prefix) && after.is_none_or(|after| key > after);
        Ok(self.bucket(|bucket| {
            let files = bucket.files.iter().filter(|(key, _)| is_listed(key));
            files.map(|(key, file)| (key.clone(), file.bytes.len() as u64, file.modified)).take(2).collect()
        }))
    }

    fn bucket<T>(&self, look: impl FnOnce(&mut Objects) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Objects {
    fn write(&mut self, key: &str, bytes: Vec<u8>) -> Etag {
        self.writes += 1;
        let modified = self.now.unwrap_or(Timestamp::from_millis(0));
        let stored = Stored { bytes, write: self.writes, modified };
        let etag = stored.etag();
        self.files.insert(key.to_owned(), stored);
        etag
    }
}
