//! Counters: calls by caller and operation, and on request the consumed capacity by caller, operation and table.

use std::collections::BTreeMap;

use serde_json::{Value, json};

#[derive(Debug, Default)]
struct Calls {
    requests: u64,
    refused: u64,
    injected: u64,
}

#[derive(Debug, Default)]
struct Units {
    read: f64,
    write: f64,
}

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Is the consumed capacity of each call requested? Off at first, so that the proxy forwards requests unchanged.
    pub(crate) measures_capacity: bool,
    calls: BTreeMap<(String, String), Calls>,
    capacity: BTreeMap<(String, String, String), Units>,
}

impl Meter {
    /// Counts a call and its result. A refused call with an injected fault counts as refused and as injected.
    pub(crate) fn count(&mut self, caller: &str, operation: &str, refused: bool, injected: bool) {
        let calls = self.calls.entry((caller.to_owned(), operation.to_owned())).or_default();
        calls.requests += 1;
        calls.refused += u64::from(refused);
        calls.injected += u64::from(injected);
    }

    /// Adds the capacity that a call consumed.
    pub(crate) fn consume(&mut self, caller: &str, operation: &str, consumed: Vec<(String, f64, f64)>) {
        for (table, read, write) in consumed {
            let units = self.capacity.entry((caller.to_owned(), operation.to_owned(), table)).or_default();
            units.read += read;
            units.write += write;
        }
    }

    /// Sets all counters to zero. `measures_capacity` stays.
    pub(crate) fn reset(&mut self) {
        self.calls.clear();
        self.capacity.clear();
    }

    /// All counters.
    pub(crate) fn read(&self) -> Value {
        let calls = self.calls.iter().map(|((caller, operation), calls)| {
            json!({
                "caller": caller, "operation": operation,
                "requests": calls.requests, "refused": calls.refused, "injected": calls.injected,
            })
        });
        let capacity = self.capacity.iter().map(|((caller, operation, table), units)| {
            json!({ "caller": caller, "operation": operation, "table": table, "read_units": units.read, "write_units": units.write })
        });
        json!({ "on": self.measures_capacity, "calls": calls.collect::<Vec<_>>(), "capacity": capacity.collect::<Vec<_>>() })
    }
}
