//! The figures for programs: everything that was measured, nothing left out, no order left to chance.

use serde_json::{Value, json};

use crate::budgets::{BINARY_BYTES, MEMORY_KIB, START_RATIO};
use crate::company::Record;
use crate::meter::trips;
use crate::options::Options;
use crate::report::Results;
use crate::statistics::{median, percentile};

impl Results {
    /// `results.json`.
    pub(crate) fn raw(&self, options: &Options) -> Value {
        json!({
            "machine": self.machine,
            "busy": self.is_busy(),
            "quick": options.quick,
            "rounds": options.rounds,
            "invocations": options.invocations,
            "budgets": { "binaryBytes": BINARY_BYTES, "startRatio": START_RATIO, "memoryKib": MEMORY_KIB },
            "hello": self.hello,
            "functions": self.functions,
            "startRatios": self.ratios(),
            "operations": self.operations.iter().map(metered).collect::<Vec<_>>(),
            "warm": self.warm.iter().map(timed).collect::<Vec<_>>(),
        })
    }

    fn ratios(&self) -> Value {
        self.functions.iter().map(|starts| (starts.name.clone(), json!(starts.ratio()))).collect()
    }
}

fn metered(record: &Record) -> Value {
    json!({
        "function": record.step.function,
        "operation": record.step.does,
        "budgetTrips": record.step.trips,
        "trips": trips(record.steady()),
        "mostTrips": record.most_trips(),
        "invocations": record.calls,
    })
}

fn timed(record: &Record) -> Value {
    json!({
        "function": record.step.function,
        "operation": record.step.does,
        "wallMs": record.walls_ms,
        "wallP50Ms": median(&record.walls_ms),
        "wallP99Ms": percentile(&record.walls_ms, 99.0),
        "cpuMsEach": record.cpu_ms_each(),
    })
}
