//! Seeds. A run with the same seed makes the same random decisions. Each client has its own random number generator, so that its
//! decisions do not depend on which client was faster.

/// `SOUK_SEED`, or a random seed.
pub fn from_environment() -> u64 {
    let variable = std::env::var("SOUK_SEED").ok();
    variable.and_then(|seed| seed.trim().parse().ok()).unwrap_or_else(|| fastrand::u64(1..1_000_000_000))
}

/// The random number generator of the actor `name` in the run with this seed.
pub fn rng(seed: u64, name: &str) -> fastrand::Rng {
    // FNV-1a gives the same result in every build. The standard library's hasher does not promise that.
    let hash_of_name = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    fastrand::Rng::with_seed(hash_of_name)
}

/// Picks a choice with a probability proportional to its weight.
pub fn pick_weighted<T: Copy>(random: &mut fastrand::Rng, choices: &[(u32, T)]) -> T {
    let mut remaining = random.u32(0..choices.iter().map(|(weight, _)| weight).sum());
    for (weight, choice) in choices {
        match remaining.checked_sub(*weight) {
            Some(after) => remaining = after,
            None => return *choice,
        }
    }
    choices[choices.len() - 1].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_name_make_the_same_luck_each_time() {
        let draw = |seed, name| rng(seed, name).u64(..);
        assert_eq!(draw(7, "buyer 1"), draw(7, "buyer 1"));
        assert_ne!(draw(7, "buyer 1"), draw(7, "buyer 2"));
        assert_ne!(draw(7, "buyer 1"), draw(8, "buyer 1"));
    }

    #[test]
    fn what_has_no_weight_is_never_drawn() {
        let mut random = rng(1, "weights");
        let drawn: Vec<char> = (0..200).map(|_| pick_weighted(&mut random, &[(1, 'a'), (0, 'b'), (3, 'c')])).collect();
        assert!(drawn.contains(&'a') && drawn.contains(&'c') && !drawn.contains(&'b'));
    }
}
