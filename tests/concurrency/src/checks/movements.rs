//! The log of movements says how there came to be as many as there are: nothing is missing in it, and nothing is told twice.

use crate::history::History;
use crate::world::World;

pub(super) const SAYS: &str =
    "The movements of every SKU add up to its stock, with a line for each time that it changed and no other.";

pub(super) fn check(world: &World, _: &History) -> Vec<String> {
    let mut found = Vec::new();
    for (sku, offer) in &world.offers {
        let lines = || world.movements.iter().filter(|line| line.sku == *sku);
        let (sum, count) = (lines().map(|line| line.delta).sum::<i64>(), lines().count());
        if sum != offer.available {
            found.push(format!("{sku}: {count} movements come to {sum}, but {} are available", offer.available));
        }
        if count as u64 != offer.stock_version {
            found.push(format!("{sku}: {count} movements, but its stock changed {} times", offer.stock_version));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage;

    #[test]
    fn a_sale_that_was_not_logged_is_found() {
        let (mut world, history) = stage::good();
        world.movements.retain(|line| line.delta != -2);
        let found = check(&world, &history);
        assert!(found.len() == 2 && found[0].contains("4 movements come to 15, but 13 are available"), "{found:?}");
    }

    #[test]
    fn what_was_logged_twice_is_found() {
        let (mut world, history) = stage::good();
        let twice = world.movements.iter().find(|line| line.delta == -2).cloned();
        world.movements.extend(twice);
        let found = check(&world, &history);
        assert!(found.len() == 2 && found[0].contains("6 movements come to 11, but 13 are available"), "{found:?}");
    }

    #[test]
    fn what_cancels_out_has_to_be_there_all_the_same() {
        let (mut world, history) = stage::good();
        world.movements.retain(|line| line.delta.abs() != 3);
        stage::objects(&check(&world, &history), &["3 movements, but its stock changed 5 times"]);
    }
}
