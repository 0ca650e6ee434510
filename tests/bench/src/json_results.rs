//! The results as JSON: every measurement, always in the same order.

use serde_json::{Value, json};

use crate::budgets::{BINARY_BYTES, LARGE_BINARY_BYTES, MEMORY_KIB, START_RATIO};
use crate::callgrind;
use crate::contention::Contention;
use crate::function_fleet::OperationRecord;
use crate::imports::Imports;
use crate::meter::trips;
use crate::options::Options;
use crate::prices::{Item, PRICED_ON};
use crate::report::{Results, Work};
use crate::search::Search;
use crate::start_parts;
use crate::statistics::{median, percentile};

impl Results {
    /// The content of `results.json`.
    pub(crate) fn to_json(&self, options: &Options) -> Value {
        json!({
            "machine": self.machine,
            "busy": self.is_busy(),
            "quick": options.quick,
            "rounds": options.rounds,
            "invocations": options.invocations,
            "budgets": {
                "binaryBytes": BINARY_BYTES,
                "largeBinaryBytes": LARGE_BINARY_BYTES,
                "startRatio": START_RATIO,
                "memoryKib": MEMORY_KIB,
            },
            "hello": self.hello,
            "functions": self.functions,
            "startRatios": self.ratios(),
            "startParts": self.start_parts.as_ref().map(start_parts::to_json),
            "operations": self.work_json(|work| work.operations.iter().map(metered).collect()),
            "warm": self.work_json(|work| work.warm.iter().map(timed).collect()),
            "credentials": self.work_json(|work| work.credentials.to_json()),
            "prices": { "date": PRICED_ON, "region": "us-east-1", "list": prices() },
            "scenarios": self.work_json(|work| work.costs.to_json()),
            "memorySizes": self.work_json(|work| work.memory_sizes.to_json()),
            "idle": self.work_json(|work| work.idle_costs.to_json()),
            "rateLimiter": self.work_json(Work::rate_limiter_json),
            "instructions": self.work_json(|work| callgrind::to_json(&work.instructions)),
            "search": self.search.as_ref().map(Search::to_json),
            "imports": self.imports.as_ref().map(Imports::to_json),
            "contention": self.contention.as_ref().map(Contention::to_json),
        })
    }

    /// Null without a stack.
    fn work_json(&self, figures: impl Fn(&Work) -> Value) -> Value {
        self.work.as_ref().map_or(Value::Null, figures)
    }

    fn ratios(&self) -> Value {
        self.functions.iter().map(|starts| (starts.name.clone(), json!(starts.ratio()))).collect()
    }
}

fn prices() -> Value {
    let price = |item: Item| {
        let price = item.price();
        (item.key().to_owned(), json!({ "dollars": price.dollars, "per": price.per }))
    };
    Item::ALL.into_iter().map(price).collect()
}

fn metered(record: &OperationRecord) -> Value {
    json!({
        "function": record.operation.function,
        "operation": record.operation.name,
        "budgetTrips": record.operation.max_trips,
        "trips": trips(record.last_calls()),
        "maxTrips": record.max_trips(),
        "invocations": record.calls,
    })
}

fn timed(record: &OperationRecord) -> Value {
    json!({
        "function": record.operation.function,
        "operation": record.operation.name,
        "wallMs": record.walls_ms,
        "wallP50Ms": median(&record.walls_ms),
        "wallP99Ms": percentile(&record.walls_ms, 99.0),
        "cpuMsEach": record.cpu_ms_each(),
        "emulatorCpuMsEach": record.emulator_cpu_ms_each(),
    })
}
