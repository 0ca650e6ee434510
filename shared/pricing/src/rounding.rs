//! Where prices are rounded: half up, and allocation by largest remainders. Amounts are whole steps of the market and not negative.

use std::cmp::Reverse;

use values::{Error, Result};

/// 100 % in parts per million.
pub(crate) const MILLION: i128 = 1_000_000;

/// A fraction, rounded half up. The numerator is not negative, and the denominator is positive.
pub(crate) fn half_up(numerator: i128, denominator: i128) -> Result<i64> {
    narrow((2 * numerator + denominator) / (2 * denominator))
}

/// A rate in parts per million of an amount, rounded half up.
pub(crate) fn rate_of(amount: i64, ppm: u32) -> Result<i64> {
    half_up(product(amount, ppm.into()), MILLION)
}

/// Divides `total` by the exact shares `numerators[i] / denominator`, which add up to nearly `total`. Each gets its share rounded
/// down. The steps that are left go to the largest remainders; of equal ones, to the first.
pub(crate) fn spread(total: i64, numerators: &[i128], denominator: i128) -> Result<Vec<i64>> {
    let mut shares = vec![0; numerators.len()];
    let mut remainders = Vec::new();
    // Most lines of a promotion may have no part in it, and a division of 128 bits is slow.
    for (index, &exact) in numerators.iter().enumerate().filter(|(_, exact)| **exact > 0) {
        shares[index] = narrow(exact / denominator)?;
        remainders.push((Reverse(exact % denominator), index));
    }
    let left = i128::from(total) - sum(&shares);
    if left > 0 {
        remainders.sort_unstable();
        for (_, index) in remainders.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            shares[index] += 1;
        }
    }
    Ok(shares)
}

/// Divides `amount` by weights. If the amount is not more than the sum of the weights, no share is more than its weight. All shares are
/// zero if all weights are.
pub(crate) fn allocate(amount: i64, weights: &[i64]) -> Result<Vec<i64>> {
    let all = sum(weights);
    if all == 0 {
        return Ok(vec![0; weights.len()]);
    }
    let exact: Vec<i128> = weights.iter().map(|&weight| product(amount, weight)).collect();
    spread(amount, &exact, all)
}

/// The sum of amounts. Fails with `amount_too_large`.
pub(crate) fn total(amounts: &[i64]) -> Result<i64> {
    narrow(sum(amounts))
}

/// The exact product of two amounts.
pub(crate) fn product(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

/// The exact sum of amounts.
pub(crate) fn sum(amounts: &[i64]) -> i128 {
    amounts.iter().map(|&amount| i128::from(amount)).sum()
}

/// Fails with `amount_too_large` if the amount does not fit.
pub(crate) fn narrow(amount: i128) -> Result<i64> {
    i64::try_from(amount).map_err(|_| Error::invalid("amount", "amount_too_large", "the amount is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_is_rounded_up() {
        let rounded = [(1, 2), (3, 2), (149, 100), (150, 100), (0, 7)].map(|(n, d)| half_up(n, d).unwrap());
        assert_eq!(rounded, [1, 2, 1, 2, 0]);
        assert_eq!(rate_of(9_999, 250_000).unwrap(), 2_500);
        assert!(half_up(i128::from(i64::MAX) + 1, 1).is_err());
    }

    #[test]
    fn left_over_steps_go_to_the_largest_remainders_and_then_to_the_first() {
        assert_eq!(allocate(100, &[333, 333, 333]).unwrap(), [34, 33, 33]);
        assert_eq!(allocate(10, &[1, 2, 4]).unwrap(), [1, 3, 6]);
        assert_eq!(allocate(5, &[0, 0]).unwrap(), [0, 0]);
        assert_eq!(allocate(5, &[]).unwrap(), [0_i64; 0]);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_none_is_more_than_its_weight(
            weights in prop::collection::vec(0i64..1 << 40, 1..20), part in 0.0f64..=1.0,
        ) {
            let all = total(&weights).unwrap();
            let amount = ((all as f64 * part) as i64).min(all);
            let shares = allocate(amount, &weights).unwrap();
            prop_assert_eq!(total(&shares).unwrap(), amount);
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!((0..=*weight).contains(share), "{shares:?}");
                let exact = product(amount, *weight) / i128::from(all.max(1));
                prop_assert!((exact..=exact + 1).contains(&i128::from(*share)), "{shares:?}");
            }
        }
    }
}
