//! Rules that an execution environment keeps in memory, so that a quote needs no read.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use values::Result;

/// For this long a change of an admin may be unknown to other execution environments.
const MAX_AGE: Duration = Duration::from_secs(30);

/// A value, and when it was read.
type Entry<T> = Option<(Instant, Arc<T>)>;

/// A value that is read again after 30 seconds.
pub(crate) struct Cached<T>(Mutex<Entry<T>>);

impl<T> Cached<T> {
    /// The value, at most 30 seconds old. Calls `read` if there is none.
    pub(crate) async fn get_or_read(&self, read: impl Future<Output = Result<T>>) -> Result<Arc<T>> {
        let now = Instant::now();
        if let Some(value) = self.find(now) {
            return Ok(value);
        }
        let value = Arc::new(read.await?);
        *self.entry() = Some((now, Arc::clone(&value)));
        Ok(value)
    }

    /// Drops the value, because it was or may have been changed.
    pub(crate) fn clear(&self) {
        *self.entry() = None;
    }

    fn find(&self, now: Instant) -> Option<Arc<T>> {
        let is_fresh = |(read_at, _): &&(Instant, Arc<T>)| now.saturating_duration_since(*read_at) < MAX_AGE;
        self.entry().as_ref().filter(is_fresh).map(|(_, value)| Arc::clone(value))
    }

    fn entry(&self) -> MutexGuard<'_, Entry<T>> {
        // A panic leaves no half-done change, so the lock's content is usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> fmt::Debug for Cached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cached")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::Error;

    #[tokio::test]
    async fn value_is_read_once_until_it_is_cleared() {
        let cached = Cached::default();
        assert_eq!(*cached.get_or_read(async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(*cached.get_or_read(async { Ok(2) }).await.unwrap(), 1);
        cached.clear();
        assert_eq!(*cached.get_or_read(async { Ok(3) }).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn value_is_read_again_after_30_seconds_and_after_an_error() {
        let cached = Cached::default();
        let outage = async { Err(Error::unavailable("database", "no answer")) };
        assert!(cached.get_or_read(outage).await.is_err());
        assert_eq!(*cached.get_or_read(async { Ok(1) }).await.unwrap(), 1);
        let now = Instant::now();
        assert!(cached.find(now + MAX_AGE - Duration::from_secs(1)).is_some());
        assert!(cached.find(now + MAX_AGE).is_none());
    }
}
