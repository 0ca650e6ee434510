//! The percentage of a promotion.

use values::{Error, Result};

/// The percentage of a promotion, in parts per million: 8.875 % is 88,750. More than 0 % and at most 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percentage(u32);

impl Percentage {
    /// 100 %.
    pub const ALL: Self = Self(1_000_000);

    /// Fails with `percentage_out_of_range` for 0 and for more than 100 %.
    pub fn new(ppm: u32) -> Result<Self> {
        match ppm {
            1..=1_000_000 => Ok(Self(ppm)),
            _ => {
                let message = "must be more than 0 and at most 1000000 parts per million, which is 100 %";
                Err(Error::invalid("percentage", "percentage_out_of_range", message))
            }
        }
    }

    /// In parts per million.
    pub fn ppm(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentage_is_at_most_100() {
        assert_eq!(Percentage::new(88_750).unwrap().ppm(), 88_750);
        assert_eq!(Percentage::new(1_000_000).unwrap(), Percentage::ALL);
        for bad in [0, 1_000_001] {
            assert_eq!(Percentage::new(bad).unwrap_err().fields[0].code, "percentage_out_of_range");
        }
    }
}
