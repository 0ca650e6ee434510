//! The proof: many clients use souk at the same time while faults are injected; afterwards invariants are checked.
//!
//! A run creates its own products. Its clients act concurrently ([`scenarios`]) while [`fault_injection`] breaks parts of the
//! system, and every call and response is written to a [`history`]. The run then waits for [`quiescence`] and reads the
//! [`observed`] state from the tables, the provider's ledger and the mailbox. The [`checks`] decide. No part of it uses souk's
//! code.

pub mod buyers;
pub mod checks;
pub mod client;
pub mod emulator;
pub mod fault_injection;
pub mod fault_points;
#[cfg(test)]
mod fixture;
pub mod harness;
pub mod history;
pub mod mutants;
pub mod observed;
pub mod operation;
pub mod quiescence;
pub mod run;
pub mod scenarios;
pub mod seed;
pub mod test_stack;
