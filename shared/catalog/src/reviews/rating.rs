//! The rating of a product: the sum of its visible reviews. Each review updates it in its own transaction, so it is
//! exact.

use serde::{Deserialize, Serialize};

/// The rating of a product. All numbers are 0 without reviews.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// The sum of all stars.
    pub sum: u64,
    /// The number of reviews.
    pub count: u32,
    /// Goes up with each change. Two ratings of a product with the same number are equal.
    pub changes: u64,
}

impl Rating {
    /// Stars per review, rounded to two decimals. `None` without reviews.
    pub fn average(self) -> Option<f64> {
        // Sums of stars are far below 2^53, so only the division rounds.
        (self.count > 0).then(|| (self.sum as f64 / f64::from(self.count) * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn average_has_two_decimals_and_needs_a_review() {
        assert_eq!(Rating::default().average(), None);
        assert_eq!(Rating { sum: 14, count: 3, changes: 3 }.average(), Some(4.67));
        assert_eq!(Rating { sum: 5, count: 1, changes: 9 }.average(), Some(5.0));
    }
}
