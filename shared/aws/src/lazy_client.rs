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
