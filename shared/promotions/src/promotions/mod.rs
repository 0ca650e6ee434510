//! Room of promotions: what an admin writes, and how it becomes a live promotion. It is a draft, then live, then stopped.
//!
//! Invariants: a live promotion keeps what its counts rest on: its market, its trigger, and which limits it has. The list of a market has
//! at most 100 promotions that have not ended, of which few compete; each addition to it rests on the version of the market.

pub(crate) mod change;
pub(crate) mod check;
pub(crate) mod content;
pub(crate) mod create_draft;
pub(crate) mod delete_draft;
pub(crate) mod effect;
pub(crate) mod preview;
pub(crate) mod promotion;
pub(crate) mod publish;
pub(crate) mod read;
pub(crate) mod scope;
pub(crate) mod stop;
pub(crate) mod store;
