//! What customers think of a product, summed up: exact, because every review counts itself in and out in its own transaction.

use serde::{Deserialize, Serialize};

/// The sum of a product's visible reviews. A product that nobody judged has none of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// Of all stars.
    pub sum: u64,
    /// Of reviews.
    pub count: u32,
    /// One more with every change: two ratings of one product that have the same are the same.
    pub changes: u64,
}

impl Rating {
    /// Stars per review, to two decimals; none when there is no review.
    pub fn average(self) -> Option<f64> {
        // Sums of stars are far below 2^53, so only the division rounds.
        (self.count > 0).then(|| (self.sum as f64 / f64::from(self.count) * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_has_two_decimals_and_needs_a_review() {
        assert_eq!(Rating::default().average(), None);
        assert_eq!(Rating { sum: 14, count: 3, changes: 3 }.average(), Some(4.67));
        assert_eq!(Rating { sum: 5, count: 1, changes: 9 }.average(), Some(5.0));
    }
}
