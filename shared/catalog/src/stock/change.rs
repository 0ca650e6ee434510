//! How an adjustment changes stock.

use values::{Error, Result};

/// The most pieces of one SKU.
pub const MAX_PIECES: u32 = 1_000_000;

/// How an adjustment changes stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockChange {
    /// Counted by hand: the new number of pieces.
    Set(u32),
    /// Changed by hand: pieces added, or removed if negative.
    Delta(i32),
    /// Counted by an import: the new number of pieces.
    Import(u32),
}

impl StockChange {
    /// The pieces after the change. 409 `stock_negative` below 0, 422 above a million.
    pub fn apply_to(self, available: u32) -> Result<u32> {
        match self {
            Self::Set(pieces) => check_pieces("set", pieces),
            Self::Import(pieces) => check_pieces("stock.available", pieces),
            Self::Delta(delta) => {
                let pieces = i64::from(available) + i64::from(delta);
                let pieces = u32::try_from(pieces).map_err(|_| stock_negative(available))?;
                // Returned pieces may exceed the bound, so only an addition is checked.
                if delta > 0 { check_pieces("delta", pieces) } else { Ok(pieces) }
            }
        }
    }
}

/// Rejects more pieces than allowed.
pub(crate) fn check_pieces(field: &str, pieces: u32) -> Result<u32> {
    match pieces <= MAX_PIECES {
        true => Ok(pieces),
        false => Err(Error::invalid(field, "stock_out_of_range", format!("must be from 0 to {MAX_PIECES}"))),
    }
}

fn stock_negative(available: u32) -> Error {
    let facts = [("available".to_owned(), available.into())].into_iter().collect();
    Error::conflict("stock_negative", format!("Only {available} pieces are in stock; stock cannot go below 0."))
        .with_facts("delta", "stock_negative", "removes more pieces than are in stock", facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stock_never_goes_below_0() {
        assert_eq!(StockChange::Delta(-3).apply_to(3).unwrap(), 0);
        assert_eq!(StockChange::Delta(-4).apply_to(3).unwrap_err().code, "stock_negative");
        assert_eq!(StockChange::Delta(i32::MIN).apply_to(3).unwrap_err().code, "stock_negative");
        assert_eq!(StockChange::Set(0).apply_to(3).unwrap(), 0);
        assert!(
            StockChange::Set(MAX_PIECES + 1).apply_to(3).is_err()
                && StockChange::Delta(1).apply_to(MAX_PIECES).is_err()
        );
    }

    proptest! {
        #[test]
        fn delta_and_its_opposite_cancel_out(available in 0u32..=MAX_PIECES, delta in -1000i32..=1000) {
            if let Ok(there) = StockChange::Delta(delta).apply_to(available) {
                prop_assert_eq!(StockChange::Delta(-delta).apply_to(there).unwrap(), available);
            }
        }
    }
}
