//! The memory size of each function, from its CPU time and its waits. Lambda gives CPU by memory. So CPU time costs the same at each size
//! up to a whole vCPU, and waiting costs by size.
//!
//! https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::budgets::{PERSON_MS, Verdict};
use crate::function_fleet::{OperationRecord, calls_of};
use crate::machine::Machine;
use crate::memory_demands::{DEMANDS, Demand, SIZES, WHOLE_CPU};
use crate::meter::{Call, Purpose, trips};
use crate::prices::{Item, PRICED_ON};
use crate::table::Table;
use crate::usage::gigabyte_seconds;

/// Assumed milliseconds of a round trip to AWS, of a call to the payment provider, and of sending a mail on top of its round trip.
const TRIP_MS: f64 = 5.0;
const PROVIDER_MS: f64 = 300.0;
const MAIL_MS: f64 = 100.0;
/// The size at which the slowest operation of a function is chosen, in MB.
const COMPARED_MB: f64 = 512.0;
/// What one millisecond less in a request that a person waits for may cost, in dollars for a million requests. Lambda and API Gateway
/// charge $1.20 for them before they compute.
const DOLLARS_PER_MS: f64 = 0.02;

/// The CPU time and the waits of an operation, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct OperationTime {
    operation: &'static str,
    cpu_ms: f64,
    wait_ms: f64,
}

/// A function, its slowest operation and its size.
#[derive(Debug)]
struct FunctionSize {
    demand: Demand,
    /// None if the flow of the bench does not invoke the function.
    slowest: Option<OperationTime>,
    /// Of the process, after all its invocations.
    peak_mib: f64,
    deployed_mb: f64,
}

/// The sizes of all functions.
#[derive(Debug)]
pub(crate) struct MemorySizes(Vec<FunctionSize>);

impl OperationTime {
    /// The duration with this much memory. A vCPU counts as fast as a core of this machine.
    fn duration_ms(self, memory_mb: f64) -> f64 {
        self.cpu_ms * (WHOLE_CPU / memory_mb).max(1.0) + self.wait_ms
    }

    /// The dollars for the duration of a million invocations.
    fn dollars(self, memory_mb: f64) -> f64 {
        1e6 * Item::Compute.price().of(gigabyte_seconds(self.duration_ms(memory_mb), memory_mb))
    }

    fn cell(self, memory_mb: f64) -> String {
        format!("{:.3} / {:.0}", self.dollars(memory_mb), self.duration_ms(memory_mb))
    }
}

impl FunctionSize {
    /// The smallest size that has the memory. If a person waits, the next ones too, as long as a saved millisecond is worth its price.
    fn rule_mb(&self) -> f64 {
        let needed = self.needed_mb();
        let mut fitting = SIZES.into_iter().filter(|size| *size >= needed);
        let smallest = fitting.next().unwrap_or(WHOLE_CPU);
        let Some(work) = self.slowest.filter(|_| self.demand.is_waited_for) else { return smallest };
        let mut chosen = smallest;
        for size in fitting {
            let saved_ms = work.duration_ms(chosen) - work.duration_ms(size);
            if work.dollars(size) - work.dollars(chosen) > DOLLARS_PER_MS * saved_ms {
                break;
            }
            chosen = size;
        }
        chosen
    }

    fn needed_mb(&self) -> f64 {
        self.demand.needed_mb(self.peak_mib)
    }

    /// The duration of the slowest operation with the deployed size.
    fn deployed_ms(&self) -> Option<f64> {
        self.slowest.map(|work| work.duration_ms(self.deployed_mb))
    }

    /// What is wrong with the deployed size.
    fn miss(&self) -> Option<String> {
        let (function, deployed, needed) = (self.demand.function, self.deployed_mb, self.needed_mb());
        if Verdict::of(needed, deployed) == Verdict::Miss {
            return Some(format!("{function}: {deployed} MB of memory, it needs {needed:.0}"));
        }
        let slow = self.slowest.filter(|_| self.demand.is_waited_for)?;
        let duration = slow.duration_ms(deployed);
        (Verdict::of(duration, PERSON_MS) == Verdict::Miss).then(|| {
            format!("{function}, {}: {duration:.0} ms with {deployed} MB, the budget is {PERSON_MS}", slow.operation)
        })
    }

    fn to_json(&self) -> Value {
        let work = self.slowest.map(|work| {
            let at = |size: f64| json!({ "memoryMb": size, "ms": work.duration_ms(size), "dollarsPerMillion": work.dollars(size) });
            let sizes = SIZES.map(at);
            json!({ "operation": work.operation, "cpuMs": work.cpu_ms, "waitMs": work.wait_ms, "sizes": sizes })
        });
        json!({
            "function": self.demand.function,
            "slowest": work,
            "peakMib": self.peak_mib,
            "neededMb": self.needed_mb(),
            "ruleMb": self.rule_mb(),
            "deployedMb": self.deployed_mb,
        })
    }
}

impl MemorySizes {
    /// Takes calls from the metered invocations and CPU times from the others. `peaks_kib` are the peaks of the processes by function, and
    /// `deployed_mb` returns the size of a function.
    pub(crate) fn new(
        metered: &[OperationRecord],
        warm: &[OperationRecord],
        peaks_kib: &BTreeMap<&'static str, u64>,
        deployed_mb: impl Fn(&str) -> f64,
    ) -> Self {
        let size = |demand: Demand| {
            let of_function = warm.iter().filter(|record| record.operation.function == demand.function);
            let work = of_function.filter_map(|record| {
                let calls = metered.iter().find(|other| other.operation == record.operation)?.last_calls();
                let (operation, cpu_ms) = (record.operation.name, record.cpu_ms_each());
                Some(OperationTime { operation, cpu_ms, wait_ms: wait_ms(calls) })
            });
            let duration = |work: &OperationTime| work.duration_ms(COMPARED_MB);
            FunctionSize {
                demand,
                slowest: work.max_by(|one, other| duration(one).total_cmp(&duration(other))),
                peak_mib: peaks_kib.get(demand.function).map_or(0.0, |kib| *kib as f64 / 1024.0),
                deployed_mb: deployed_mb(demand.function),
            }
        };
        Self(DEMANDS.into_iter().map(size).collect())
    }

    /// The report.
    pub(crate) fn to_text(&self, misses: &mut Vec<String>) -> String {
        misses.extend(self.0.iter().filter_map(FunctionSize::miss));
        format!(
            "Memory sizes: dollars for a million invocations without their $0.20 / milliseconds of one, by MB\n{}\n{}",
            self.work_table(),
            self.size_table(false),
        )
    }

    /// The part of docs/costs.md between the lines about memory.
    pub(crate) fn to_markdown(&self, machine: &Machine) -> String {
        let Machine { date, processor, .. } = machine;
        let day = date.split('T').next().unwrap_or_default();
        format!(
            "Measured by `make bench` on {day}: {processor}.\n\
             Dollars are those for the duration of a million invocations, at the list prices of {PRICED_ON}.\n\
             A cell has these dollars and the milliseconds of one invocation.\n\n{}\n{}",
            self.work_table().to_markdown(),
            self.size_table(true).to_markdown(),
        )
    }

    pub(crate) fn to_json(&self) -> Value {
        self.0.iter().map(FunctionSize::to_json).collect()
    }

    /// The deployed size of a function in MB; 0 for an unknown one.
    pub(crate) fn deployed_mb(&self, function: &str) -> f64 {
        let found = self.0.iter().find(|size| size.demand.function == function);
        found.map_or(0.0, |size| size.deployed_mb)
    }

    /// What the slowest operation of each function costs, and how long it takes, at each size.
    fn work_table(&self) -> Table {
        let sizes = SIZES.map(|size| format!(" {size}"));
        let headings = ["function", "slowest operation", " CPU ms", " waits ms"].into_iter();
        let headings: Vec<&str> = headings.chain(sizes.iter().map(String::as_str)).collect();
        let mut table = Table::new(&headings);
        for FunctionSize { demand, slowest, .. } in &self.0 {
            let Some(work) = slowest else { continue };
            let cells = [
                demand.function.to_owned(),
                work.operation.to_owned(),
                format!("{:.2}", work.cpu_ms),
                format!("{:.0}", work.wait_ms),
            ];
            table.row(cells.into_iter().chain(SIZES.map(|size| work.cell(size))));
        }
        table
    }

    /// The size of each function.
    fn size_table(&self, has_reasons: bool) -> Table {
        let mut headings = vec!["function", " peak MiB", " needs MB", " by the rule", " deployed MB", " ms"];
        if has_reasons {
            headings.push("reason");
        }
        let mut table = Table::new(&headings);
        for size in &self.0 {
            let mut cells = vec![
                size.demand.function.to_owned(),
                format!("{:.1}", size.peak_mib),
                format!("{:.0}", size.needed_mb()),
                size.rule_mb().to_string(),
                size.deployed_mb.to_string(),
                size.deployed_ms().map(|duration| format!("{duration:.0}")).unwrap_or_default(),
            ];
            if has_reasons {
                cells.push(size.demand.reason.to_owned());
            }
            table.row(cells);
        }
        table
    }
}

/// How long an invocation with these calls waits. Leases and cached reads do not count, because only some invocations need them.
fn wait_ms(calls: &[Call]) -> f64 {
    let provider = calls_of(calls, Purpose::Provider).count();
    let mails = calls.iter().filter(|call| call.operation == "SendEmail").count();
    TRIP_MS * trips(calls) as f64 + PROVIDER_MS * provider as f64 + MAIL_MS * mails as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: OperationTime = OperationTime { operation: "log in", cpu_ms: 33.0, wait_ms: 15.0 };
    const CHARGE: OperationTime = OperationTime { operation: "order.created", cpu_ms: 2.0, wait_ms: 920.0 };
    const PLACE: OperationTime = OperationTime { operation: "place an order", cpu_ms: 1.4, wait_ms: 10.0 };

    fn size(is_waited_for: bool, (peak_mib, least_mb): (f64, f64), slowest: Option<OperationTime>) -> FunctionSize {
        let demand = Demand { function: "auth", is_waited_for, data_mib: 16.0, least_mb, reason: "Because." };
        FunctionSize { demand, slowest, peak_mib, deployed_mb: 512.0 }
    }

    #[test]
    fn half_the_memory_takes_twice_the_cpu_time_and_waits_the_same() {
        assert_eq!(LOGIN.duration_ms(1769.0), 48.0);
        assert_eq!(LOGIN.duration_ms(884.5), 81.0);
        // A function has more than one vCPU only for several threads.
        assert_eq!(LOGIN.duration_ms(3538.0), 48.0);
    }

    #[test]
    fn cpu_time_costs_the_same_at_each_size_and_waiting_by_size() {
        let (computing, waiting) = (OperationTime { wait_ms: 0.0, ..LOGIN }, OperationTime { cpu_ms: 0.0, ..CHARGE });
        for size in SIZES {
            assert!((computing.dollars(size) - computing.dollars(128.0)).abs() < 1e-9, "{size}");
            assert!((waiting.dollars(size) - waiting.dollars(128.0) * size / 128.0).abs() < 1e-9, "{size}");
        }
        // 0.1 s in 512 MB are 0.05 GB-s, a million of which cost $0.67.
        let wait = OperationTime { wait_ms: 100.0, ..waiting };
        assert!((wait.dollars(512.0) - 0.666_67).abs() < 1e-5, "{}", wait.dollars(512.0));
    }

    #[test]
    fn worker_has_the_smallest_size_with_its_memory() {
        let of_worker = |memory| size(false, memory, Some(CHARGE)).rule_mb();
        assert_eq!([(80.0, 128.0), (81.0, 128.0), (9.0, 512.0)].map(of_worker), [128.0, 256.0, 512.0]);
        // More than the largest compared size is a miss of the deployed one.
        assert_eq!(of_worker((3000.0, 128.0)), 1769.0);
    }

    #[test]
    fn person_gets_milliseconds_that_are_worth_their_price() {
        let of_person = |work| size(true, (9.0, 128.0), work).rule_mb();
        assert_eq!([LOGIN, PLACE, CHARGE].map(|work| of_person(Some(work))), [1769.0, 512.0, 128.0]);
        assert_eq!(of_person(None), 128.0);
    }

    #[test]
    fn too_little_memory_and_slow_requests_are_misses() {
        let miss = |is_waited_for, memory, work| size(is_waited_for, memory, Some(work)).miss();
        assert_eq!(miss(true, (9.0, 128.0), PLACE), None);
        assert_eq!(miss(false, (9.0, 128.0), LOGIN), None);
        let slow = "auth, log in: 129 ms with 512 MB, the budget is 100";
        assert_eq!(miss(true, (9.0, 128.0), LOGIN).as_deref(), Some(slow));
        let small = "auth: 512 MB of memory, it needs 648";
        assert_eq!(miss(false, (600.0, 128.0), CHARGE).as_deref(), Some(small));
    }

    #[test]
    fn function_waits_for_each_round_trip_provider_call_and_mail() {
        let call = |operation: &str, purpose: Purpose, start_us: u64| {
            let end_us = start_us + 10;
            Call { purpose, start_us, end_us, ..Call::free(operation) }
        };
        let calls = [
            call("GetItem", Purpose::Work, 0),
            call("GetItem", Purpose::Work, 5),
            call("GetSecretValue", Purpose::Cached, 20),
            call("POST /v1/payment_intents", Purpose::Provider, 30),
            call("SendEmail", Purpose::Work, 50),
        ];
        assert_eq!(wait_ms(&calls), 2.0 * TRIP_MS + PROVIDER_MS + MAIL_MS);
        assert_eq!(wait_ms(&[]), 0.0);
    }

    #[test]
    fn page_has_the_cells_of_each_size_and_the_reason() {
        let sizes = MemorySizes(vec![size(true, (9.0, 128.0), Some(PLACE)), size(false, (20.5, 128.0), None)]);
        let work = "\
| function | slowest operation | CPU ms | waits ms | 128 | 256 | 512 | 1024 | 1769 |
|---|---|---:|---:|---:|---:|---:|---:|---:|
| auth | place an order | 1.40 | 10 | 0.049 / 29 | 0.066 / 20 | 0.099 / 15 | 0.166 / 12 | 0.263 / 11 |
";
        assert_eq!(sizes.work_table().to_markdown(), work);
        let choices = "\
| function | peak MiB | needs MB | by the rule | deployed MB | ms | reason |
|---|---:|---:|---:|---:|---:|---|
| auth | 9.0 | 128 | 512 | 512 | 15 | Because. |
| auth | 20.5 | 128 | 128 | 512 |  | Because. |
";
        assert_eq!(sizes.size_table(true).to_markdown(), choices);
        let mut misses = Vec::new();
        assert!(!sizes.to_text(&mut misses).contains("Because.") && misses.is_empty());
        assert_eq!([sizes.deployed_mb("auth"), sizes.deployed_mb("cart")], [512.0, 0.0]);
    }
}
