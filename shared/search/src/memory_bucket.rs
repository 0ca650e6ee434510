//! A bucket in memory for tests. A test can delay its responses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_kit::{Aws, Etag, ObjectRead};
use serde_json::json;
use tokio::time::sleep;
use values::{Result, Timestamp};

/// Replaces [`aws_kit::Bucket`], with the methods that this crate uses.
#[derive(Debug, Clone, Default)]
pub struct Bucket(Arc<Mutex<Objects>>);

#[derive(Debug, Default)]
struct Objects {
    files: BTreeMap<String, Stored>,
    writes: u64,
    now: Option<Timestamp>,
    delay: Option<Duration>,
}

#[derive(Debug, Clone)]
struct Stored {
    bytes: Vec<u8>,
    /// The number of the write that stored these bytes; it serves as the ETag.
    write: u64,
    modified: Timestamp,
}

impl Stored {
    fn etag(&self) -> Etag {
        serde_json::from_value(json!(self.write.to_string())).unwrap()
    }
}

impl Bucket {
    /// Tests set no environment variables.
    pub(crate) fn from_env(_: &Aws) -> Result<Self> {
        Ok(Self::default())
    }

    /// Sets the modification time of the writes that follow.
    pub(crate) fn set_time(&self, now: Timestamp) {
        self.with_objects(|objects| objects.now = Some(now));
    }

    /// Delays the response to the next read. The read still returns the state at the time of the call, as on a slow
    /// network or in a frozen execution environment.
    pub(crate) fn delay_next_read(&self, delay: Duration) {
        self.with_objects(|objects| objects.delay = Some(delay));
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.with_objects(|objects| objects.files.keys().cloned().collect())
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        match self.get_changed(key, None).await? {
            ObjectRead::New(bytes, _) => Ok(Some(bytes)),
            ObjectRead::Same | ObjectRead::Missing => Ok(None),
        }
    }

    pub(crate) async fn get_changed(&self, key: &str, known: Option<&Etag>) -> Result<ObjectRead> {
        let (stored, delay) = self.with_objects(|objects| (objects.files.get(key).cloned(), objects.delay.take()));
        if let Some(delay) = delay {
            sleep(delay).await;
        }
        Ok(match stored {
            Some(stored) if known == Some(&stored.etag()) => ObjectRead::Same,
            Some(stored) => ObjectRead::New(stored.bytes.clone(), stored.etag()),
            None => ObjectRead::Missing,
        })
    }

    pub(crate) async fn put(&self, key: &str, bytes: Vec<u8>, _: &str, _: Option<&str>) -> Result<()> {
        self.with_objects(|objects| objects.write(key, bytes));
        Ok(())
    }

    pub(crate) async fn put_if(
        &self,
        key: &str,
        bytes: Vec<u8>,
        _: &str,
        current: Option<&Etag>,
    ) -> Result<Option<Etag>> {
        Ok(self.with_objects(|objects| {
            let is_current = objects.files.get(key).map(Stored::etag).as_ref() == current;
            is_current.then(|| objects.write(key, bytes))
        }))
    }

    pub(crate) async fn delete(&self, key: &str) -> Result<()> {
        self.with_objects(|objects| objects.files.remove(key));
        Ok(())
    }

    /// Returns two objects per page, so that tests need several pages.
    pub(crate) async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<(String, u64, Timestamp)>> {
        let is_listed = |key: &str| key.starts_with(prefix) && after.is_none_or(|after| key > after);
        Ok(self.with_objects(|objects| {
            let files = objects.files.iter().filter(|(key, _)| is_listed(key));
            files.map(|(key, file)| (key.clone(), file.bytes.len() as u64, file.modified)).take(2).collect()
        }))
    }

    fn with_objects<T>(&self, access: impl FnOnce(&mut Objects) -> T) -> T {
        access(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
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
