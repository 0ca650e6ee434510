//! The proof: souk under many clients and many faults, judged afterwards from what it promised and what it left behind.
//!
//! A run puts products of its own into the shop, lets clients act at once ([`scenarios`]) while the [`levers`] break things,
//! and writes every call and answer into a [`history`]. When everything has come to [`rest`], the [`world`] is read from the
//! tables, the provider's books and the mail, and the [`checks`] decide. None of them knows souk's code.

pub mod checks;
pub mod client;
pub mod deed;
pub mod emulator;
pub mod fault_points;
pub mod history;
pub mod levers;
pub mod mutants;
pub mod people;
pub mod rest;
pub mod run;
pub mod scenarios;
pub mod seed;
pub mod site;
#[cfg(test)]
mod stage;
pub mod world;
