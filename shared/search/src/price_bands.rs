//! The bands of the price facet.

use values::Currency;

/// Prices in major units at which one band ends and the next begins.
const BOUNDS: [u64; 7] = [10, 25, 50, 100, 250, 500, 1000];
pub(crate) const BANDS: usize = BOUNDS.len() + 1;

/// The bounds of the bands in a currency, in minor units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PriceBands([u64; BOUNDS.len()]);

impl PriceBands {
    pub(crate) fn of(currency: Currency) -> Self {
        let major = 10u64.pow(currency.exponent());
        Self(BOUNDS.map(|bound| bound * major))
    }

    /// The number of the band of a price.
    pub(crate) fn band(&self, price: u64) -> usize {
        self.0.iter().take_while(|bound| **bound <= price).count()
    }

    /// The lowest and the highest price of each band. The last one has no highest price.
    pub(crate) fn ranges(self) -> impl Iterator<Item = (u64, Option<u64>)> {
        let from = std::iter::once(0).chain(self.0);
        let to = self.0.into_iter().map(|bound| Some(bound - 1)).chain([None]);
        from.zip(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_in_minor_units_of_the_currency() {
        let (eur, jpy) = (PriceBands::of("EUR".parse().unwrap()), PriceBands::of("JPY".parse().unwrap()));
        assert_eq!((eur.band(999), eur.band(1_000), eur.band(u64::MAX)), (0, 1, BANDS - 1));
        assert_eq!((jpy.band(9), jpy.band(10)), (0, 1));
        let ranges: Vec<_> = eur.ranges().collect();
        assert_eq!((ranges.len(), ranges[0], ranges[BANDS - 1]), (BANDS, (0, Some(999)), (100_000, None)));
    }
}
