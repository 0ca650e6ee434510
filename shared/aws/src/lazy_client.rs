//! Clients that many requests do not need, such as that of SQS in a worker, which sends a message only if something failed.

use std::ops::Deref;
use std::sync::{Arc, LazyLock};

/// A client of a service that is made when it is first used, so that a start does not make it. Cheap to clone.
#[derive(Debug)]
pub(crate) struct LazyClient<C>(Arc<LazyLock<C, Box<dyn FnOnce() -> C + Send>>>);

impl<C> LazyClient<C> {
    pub(crate) fn new(make: impl FnOnce() -> C + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(make))))
    }
}

impl<C> Clone for LazyClient<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> Deref for LazyClient<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn client_is_made_once_and_not_before_it_is_used() {
        let made = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&made);
        let client = LazyClient::new(move || counter.fetch_add(1, Ordering::Relaxed));
        let copy = client.clone();
        assert_eq!(made.load(Ordering::Relaxed), 0);
        assert_eq!((*client, *copy), (0, 0));
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }
}
