//! Faults on request: every nth call of an operation fails, before it reaches DynamoDB or after.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Not forwarded; another transaction holds the item.
    TransactionConflict,
    /// Not forwarded; too many calls.
    Throttle,
    /// Not forwarded; 500.
    InternalError,
    /// Forwarded, then the connection is closed: the caller cannot know.
    TimeoutAfterCommit,
}

/// A fault, as `POST /_fake/faults` takes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// Every operation if absent.
    operation: Option<String>,
    /// A part of a table's name that the request has to touch.
    table_contains: Option<String>,
    /// The caller (see `wire::caller`) has to contain this.
    caller_contains: Option<String>,
    pub(crate) kind: Kind,
    /// 3: the third, the sixth, … of the calls that fit.
    #[serde(default = "each")]
    every: u64,
    /// How many calls are hit before the fault is over; for ever if absent.
    times: Option<u64>,
    /// Calls that fitted so far.
    #[serde(skip_deserializing)]
    seen: u64,
    /// Calls that were hit so far.
    #[serde(skip_deserializing)]
    hit: u64,
}

fn each() -> u64 {
    1
}

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn all(&self) -> &[Fault] {
        &self.0
    }

    /// Is this call hit, and by what? Every fault that fits counts it.
    pub(crate) fn strike(&mut self, operation: &str, tables: &[String], caller: &str) -> Option<Kind> {
        let mut struck = None;
        for fault in self.0.iter_mut().filter(|fault| fault.fits(operation, tables, caller)) {
            fault.seen += 1;
            let due = fault.seen % fault.every.max(1) == 0 && fault.times.is_none_or(|times| fault.hit < times);
            if due && struck.is_none() {
                fault.hit += 1;
                struck = Some(fault.kind);
            }
        }
        struck
    }
}

impl Fault {
    fn fits(&self, operation: &str, tables: &[String], caller: &str) -> bool {
        self.operation.as_deref().is_none_or(|wanted| wanted == operation)
            && self.table_contains.as_deref().is_none_or(|part| tables.iter().any(|table| table.contains(part)))
            && self.caller_contains.as_deref().is_none_or(|part| caller.contains(part))
    }
}
