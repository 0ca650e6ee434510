//! The figures for programs: everything that was measured, nothing left out, no order left to chance.

use serde_json::{Value, json};

use crate::budgets::{BINARY_BYTES, MEMORY_KIB, START_RATIO};
use crate::callgrind;
use crate::company::Record;
use crate::imports::Imports;
use crate::meter::trips;
use crate::options::Options;
use crate::prices::{Item, PRICED_ON};
use crate::report::{Results, Work};
use crate::search::Search;
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
            "operations": self.of_work(|work| work.operations.iter().map(metered).collect()),
            "warm": self.of_work(|work| work.warm.iter().map(timed).collect()),
            "credentials": self.of_work(|work| work.credentials.raw()),
            "prices": { "date": PRICED_ON, "region": "us-east-1", "list": prices() },
            "lives": self.of_work(|work| work.bill.raw()),
            "idle": self.of_work(|work| work.idle.raw()),
            "instructions": self.of_work(|work| callgrind::raw(&work.instructions)),
            "search": self.search.as_ref().map(Search::raw),
            "imports": self.imports.as_ref().map(Imports::raw),
        })
    }

    /// Nothing where no stack ran.
    fn of_work(&self, figures: impl Fn(&Work) -> Value) -> Value {
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
