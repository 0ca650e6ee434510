//! The source of time and of new ids: the system, or a test.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use time::OffsetDateTime;
use type_safe_id::StaticType;

use crate::{Id, Timestamp};

/// The source of time and ids. Cheap to clone; clones of a fixed clock share its time.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The system's clock and randomness.
    #[default]
    System,
    /// A time that a test sets, in milliseconds. Every read advances it by one, so ids stay unique and in order.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that starts at `start` and that a test advances.
    pub fn fixed(start: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(start.millis())))
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since = OffsetDateTime::now_utc() - OffsetDateTime::UNIX_EPOCH;
                Timestamp::from_millis(since.whole_milliseconds() as i64)
            }
            Self::Fixed(millis) => Timestamp::from_millis(millis.fetch_add(1, Ordering::SeqCst)),
        }
    }

    /// Creates a new id.
    pub fn mint<T: StaticType>(&self) -> Id<T> {
        match self {
            Self::System => Id::new(),
            Self::Fixed(_) => {
                let millis = self.now().millis() as u64;
                Id::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::creation_time;

    #[test]
    fn fixed_clock_creates_ids_in_order() {
        let clock = Clock::fixed(Timestamp::from_millis(1_000));
        let (first, second): (crate::OrderId, crate::OrderId) = (clock.mint(), clock.mint());
        assert!(first.to_string() < second.to_string());
    }

    #[test]
    fn id_has_its_creation_time() {
        let now = Timestamp::from_millis(1_764_000_000_123);
        let id: crate::UserId = Clock::fixed(now).mint();
        assert_eq!(creation_time(&id), now);
    }
}
