//! The judge: one file per invariant, each a pure function of what is at rest and of what was asked and answered. They know
//! the contract and nothing of souk's code. Each is shown, on a world made by hand, to be content with a good one and to
//! object to every way of being wrong; `make mutants` shows the same on souk itself.

mod acknowledged;
mod cart_adds;
mod cart_totals;
mod charges;
mod delivery;
mod effects;
mod folds;
mod keys;
mod movements;
mod moves;
mod orphans;
mod outcomes;
mod oversell;
mod prices;
mod refunds;
mod stock;
mod totals;

pub use folds::unfolded;

use std::fmt;

use crate::history::History;
use crate::world::World;

/// An invariant.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// As the table of mutants names it.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    /// Every way in which it does not hold, a sentence each.
    pub find: fn(&World, &History) -> Vec<String>,
}

/// All of them.
pub const ALL: [Check; 17] = [
    Check { name: "stock_conservation", says: stock::SAYS, find: stock::check },
    Check { name: "log_adds_up", says: movements::SAYS, find: movements::check },
    Check { name: "no_oversell", says: oversell::SAYS, find: oversell::check },
    Check { name: "one_order_per_key", says: keys::SAYS, find: keys::check },
    Check { name: "hold_or_outcome", says: outcomes::SAYS, find: outcomes::check },
    Check { name: "charges_match", says: charges::SAYS, find: charges::check },
    Check { name: "no_orphan_charge", says: orphans::SAYS, find: orphans::check },
    Check { name: "refunds_within_captures", says: refunds::SAYS, find: refunds::check },
    Check { name: "events_delivered", says: delivery::SAYS, find: delivery::check },
    Check { name: "effects_once", says: effects::SAYS, find: effects::check },
    Check { name: "cart_totals", says: cart_totals::SAYS, find: cart_totals::check },
    Check { name: "no_add_lost", says: cart_adds::SAYS, find: cart_adds::check },
    Check { name: "prices_as_seen", says: prices::SAYS, find: prices::check },
    Check { name: "order_totals", says: totals::SAYS, find: totals::check },
    Check { name: "legal_moves", says: moves::SAYS, find: moves::check },
    Check { name: "history_folds", says: folds::SAYS, find: folds::check },
    Check { name: "acknowledged_kept", says: acknowledged::SAYS, find: acknowledged::check },
];

/// An invariant that does not hold, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub check: &'static str,
    /// A sentence.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.what)
    }
}

/// Asks all checks.
pub fn judge(world: &World, history: &History) -> Vec<Violation> {
    let found = ALL.iter().flat_map(|check| {
        let found = (check.find)(world, history);
        found.into_iter().map(|what| Violation { check: check.name, what })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage;

    #[test]
    fn nobody_objects_to_a_good_world() {
        let (world, history) = stage::good();
        let found: Vec<String> = judge(&world, &history).iter().map(ToString::to_string).collect();
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn nobody_objects_to_a_run_in_which_nothing_was_asked() {
        assert_eq!(judge(&World::default(), &History::default()), []);
    }

    #[test]
    fn every_check_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|check| check.name).collect();
        assert_eq!(names.len(), ALL.len());
        assert!(ALL.iter().all(|check| check.says.ends_with('.')));
    }
}
