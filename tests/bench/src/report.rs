//! The report as text, 120 columns wide. Each figure stands next to its budget.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::budgets::{MEMORY_KIB, START_RATIO, Verdict, binary_bytes};
use crate::callgrind::InstructionCounts;
use crate::contention::Contention;
use crate::costs::Costs;
use crate::credentials::Credentials;
use crate::function_fleet::{OperationRecord, calls_of};
use crate::idle_costs::IdleCosts;
use crate::imports::Imports;
use crate::machine::Machine;
use crate::memory_sizes::MemorySizes;
use crate::meter::{Call, Purpose, trips};
use crate::options::Options;
use crate::search::Search;
use crate::start::{HELLO, StartFigures};
use crate::start_parts::{self, AllStartParts};
use crate::statistics::{median, percentile};
use crate::table::Table;

const BUSY: &str = "The machine was busy: a quarter of the starts of hello took 1.5 times as long as another quarter.
So the start budget is checked with CPU time here. Run the bench again when the machine is idle.
";

/// All results.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) hello: StartFigures,
    pub(crate) functions: Vec<StartFigures>,
    /// `None` without programs that have their symbols.
    pub(crate) start_parts: Option<AllStartParts>,
    /// `None` without a stack.
    pub(crate) work: Option<Work>,
    /// `None` with `--only`.
    pub(crate) search: Option<Search>,
    /// `None` with `--only`.
    pub(crate) imports: Option<Imports>,
    /// `None` with `--only`.
    pub(crate) contention: Option<Contention>,
}

/// The results about the work of the functions.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) operations: Vec<OperationRecord>,
    pub(crate) warm: Vec<OperationRecord>,
    pub(crate) credentials: Credentials,
    pub(crate) costs: Costs,
    pub(crate) idle_costs: IdleCosts,
    pub(crate) memory_sizes: MemorySizes,
    pub(crate) instructions: InstructionCounts,
}

impl Results {
    /// The report, with the missed budgets at its end.
    pub(crate) fn to_text(&self, options: &Options) -> String {
        let mut text = String::new();
        let mut misses = Vec::new();
        let parts = [
            self.heading(options),
            self.starts(options, &mut misses),
            self.start_parts.as_ref().map(start_parts::to_text),
            self.work.as_ref().map(|work| work.calls(&mut misses)),
            self.work.as_ref().map(Work::times),
            self.work.as_ref().map(|work| work.credentials.to_text(&mut misses)),
            self.work.as_ref().map(|work| work.costs_text(&mut misses)),
            self.work.as_ref().map(|work| work.memory_sizes.to_text(&mut misses)),
            self.work.as_ref().map(Work::rate_limiter_text),
            self.work.as_ref().map(Work::instruction_counts),
            notes(self.work.is_some()),
            self.search.as_ref().map(|search| search.to_text(&mut misses)),
            self.imports.as_ref().map(|imports| imports.to_text(&mut misses)),
            self.contention.as_ref().map(Contention::to_text),
        ];
        text.push_str(&parts.into_iter().flatten().collect::<Vec<_>>().join("\n"));
        match misses.as_slice() {
            [] => text.push_str("\nAll figures are within their budgets.\n"),
            misses => {
                let _ = writeln!(text, "\nOver budget:");
                misses.iter().for_each(|miss| {
                    let _ = writeln!(text, "  {miss}");
                });
            }
        }
        text
    }

    fn heading(&self, options: &Options) -> Option<String> {
        let Machine { date, processor, cores, kernel, rustc, load } = &self.machine;
        let quick = if options.quick { " QUICK: a test of the bench; its times mean little." } else { "" };
        Some(format!(
            "souk bench, {date}\n{processor}, {cores} cores, load {load}; Linux {kernel}; {rustc}\n\
             {} starts of each function, {} invocations of each operation.{quick}\n",
            options.rounds, options.invocations,
        ))
    }

    fn starts(&self, options: &Options, misses: &mut Vec<String>) -> Option<String> {
        let mut table = Table::new(&[
            "function",
            " binary MB",
            "<= 7, 9",
            " start ms",
            " calls",
            " own ms",
            " x hello",
            "<= 2",
            " CPU ms",
            " x hello",
            " peak MiB",
            "<= 10",
        ]);
        let in_cpu = if self.is_busy() { " (CPU)" } else { "" };
        for starts in std::iter::once(&self.hello).chain(&self.functions) {
            let judged_ratio = if self.is_busy() { starts.cpu_ratio() } else { starts.ratio() };
            let (size, ratio, memory) = (starts.binary_bytes as f64, starts.ratio(), starts.memory_kib());
            let (largest, is_hello) = (binary_bytes(&starts.name), starts.name == self.hello.name);
            let mut verdict = |figure: f64, budget: f64, what: String| {
                if is_hello {
                    return String::new();
                }
                let verdict = Verdict::of(figure, budget);
                if verdict == Verdict::Miss {
                    misses.push(format!("{}: {what}", starts.name));
                }
                verdict.word().to_owned()
            };
            let cells = [
                starts.name.clone(),
                format!("{:.2}", size / 1e6),
                verdict(size, largest, format!("binary of {:.2} MB, the budget is {:.0}", size / 1e6, largest / 1e6)),
                format!("{:.2}", median(&starts.start_ms)),
                match starts.warm_up_calls {
                    0 => "-".to_owned(),
                    calls => calls.to_string(),
                },
                format!("{:.2}", median(&starts.own_ms)),
                format!("{ratio:.2}"),
                verdict(
                    judged_ratio,
                    START_RATIO,
                    format!("start of {judged_ratio:.2} times hello{in_cpu}, the budget is 2"),
                ),
                format!("{:.2}", median(&starts.own_cpu_ms)),
                format!("{:.2}", starts.cpu_ratio()),
                format!("{:.1}", memory / 1024.0),
                verdict(
                    memory,
                    MEMORY_KIB,
                    format!("{:.1} MiB at its first `next`, the budget is 10", memory / 1024.0),
                ),
            ];
            table.row(cells);
        }
        let title = format!("Size, start and memory (medians of {}, interleaved)", options.rounds);
        let busy = if self.is_busy() { BUSY } else { "" };
        Some(format!("{title}\n{table}{busy}"))
    }

    /// The starts of hello should all take the same time. If they do not, the machine is busy.
    pub(crate) fn is_busy(&self) -> bool {
        percentile(&self.hello.own_ms, 75.0) > 1.5 * percentile(&self.hello.own_ms, 25.0)
    }
}

impl Work {
    fn calls(&self, misses: &mut Vec<String>) -> String {
        let headings = ["function", "operation", " trips", "budget", " cached", " prov.", " RCU", " WCU", "AWS calls"];
        let mut table = Table::new(&headings);
        for record in self.operations.iter().filter(|record| record.operation.function != HELLO) {
            let (last, max) = (trips(record.last_calls()), record.max_trips());
            let budget = record.operation.max_trips.map(|budget| {
                let verdict = Verdict::of(max as f64, budget as f64);
                if verdict == Verdict::Miss {
                    let OperationRecord { operation, .. } = record;
                    misses.push(format!(
                        "{}, {}: {max} round trips, the budget is {budget}",
                        operation.function, operation.name
                    ));
                }
                format!("<= {budget} {}", verdict.word())
            });
            let first = record.calls.first().map(Vec::as_slice).unwrap_or_default();
            // A warm execution environment may need no call. Then the calls of the first one are shown.
            let shown =
                if calls_of(record.last_calls(), Purpose::Work).count() == 0 { first } else { record.last_calls() };
            let sum = |units: fn(&Call) -> f64| calls_of(shown, Purpose::Work).map(units).sum::<f64>();
            table.row([
                record.operation.function.to_owned(),
                record.operation.name.to_owned(),
                if max > last { format!("{last} ({max})") } else { last.to_string() },
                budget.unwrap_or_default(),
                number(calls_of(first, Purpose::Cached).count() as f64),
                number(calls_of(record.last_calls(), Purpose::Provider).count() as f64),
                number(sum(|call| call.read_units)),
                number(sum(|call| call.write_units)),
                summary(shown),
            ]);
        }
        format!("AWS calls and consumed capacity of one invocation\n{table}")
    }

    fn times(&self) -> String {
        let mut table = Table::new(&["function", "operation", " times", " wall p50 ms", " wall p99 ms", " CPU ms"]);
        for record in &self.warm {
            table.row([
                record.operation.function.to_owned(),
                record.operation.name.to_owned(),
                record.walls_ms.len().to_string(),
                format!("{:.2}", median(&record.walls_ms)),
                format!("{:.2}", percentile(&record.walls_ms, 99.0)),
                format!("{:.3}", record.cpu_ms_each()),
            ]);
        }
        format!("Warm invocations over the Runtime API\n{table}")
    }
}

/// For example `2 Get, Transact(11)`: in the order of their responses, with equal calls counted.
fn summary(calls: &[Call]) -> String {
    let mut order = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for call in calls_of(calls, Purpose::Work) {
        let name = short(&call.operation);
        let name = if call.actions > 1 { format!("{name}({})", call.actions) } else { name.to_owned() };
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 {
            order.push(name);
        }
    }
    let with_count = |name: String| match counts.get(&name) {
        Some(1) | None => name,
        Some(count) => format!("{count} {name}"),
    };
    order.into_iter().map(with_count).collect::<Vec<_>>().join(", ")
}

/// Short names, because the report has 120 columns. Names without an object are about DynamoDB items.
fn short(operation: &str) -> &str {
    match operation {
        "TransactWriteItems" => "Transact",
        "BatchGetItem" => "BatchGet",
        "SendMessageBatch" => "Send",
        "GetQueueAttributes" => "QueueAttributes",
        "DescribeSecret" => "Secret",
        other => other.trim_end_matches("Item"),
    }
}

/// Formats a number without needless decimals; 0 becomes `-`.
pub(crate) fn number(value: f64) -> String {
    match value {
        0.0 => "-".to_owned(),
        value if value.fract() == 0.0 => format!("{value:.0}"),
        value => format!("{value:.1}"),
    }
}

fn notes(has_work: bool) -> Option<String> {
    let mut notes = vec![
        "Absolute times depend on this machine. Compare values within one run: x hello, and CPU.",
        "start: from spawn to the first GET .../invocation/next, with warm-up calls. AWS is a stub that responds at once over\n\
         \x20 plain HTTP, without TLS. own: the same without warm-up calls; the function has no credentials, so its calls fail\n\
         \x20 at once. x hello: compared with a hello world that was started just before. CPU: user and system time of own.",
        "Instructions of a start: without warm-up calls, in user space only. load: the dynamic linker. runtime: tokio, hyper and the\n\
         \x20 Lambda runtime, which hello has too. provider: the client for servers outside AWS. What serves many crates, such as the\n\
         \x20 allocator, counts for its callers. rest: what no part has caused, such as the start of libc.",
        "peak: VmHWM at the first `next`. hello: a bare lambda_http program, built with the same profile.",
    ];
    if has_work {
        notes.extend([
            "trips: how often the work waits for AWS; concurrent calls count as one. In brackets is the maximum, if a new execution\n\
             \x20 environment needs more. The budget applies to the maximum; the rest of the row is about the last invocation.",
            "cached: reads of keys, revocations and secrets in the first invocation. An execution environment caches them for\n\
             \x20 30 s to 5 minutes. They are in no other column. A read that every invocation repeats counts as work.",
            "The rate limiter's leases are in no other column. Its limits are so high here that each lease has its largest size.",
            "(n): writes of a transaction, keys or messages of a batch. prov.: calls to the payment provider, which is not AWS.",
            "RCU, WCU: write units include indexes and are reported by the emulator. Read units are computed from the sizes of the\n\
             \x20 rows by the rule of DynamoDB, because the emulator counts them wrongly. Carts and orders have one line.",
            "wall: from sending the event until the response arrived. It includes the emulator and the provider; the emulator is\n\
             \x20 slower than AWS. CPU: user and system time of the function alone, until it requests its next event.",
            "The bench has its own tables and queues. It delivers stream records and messages, one event per batch. The event source\n\
             \x20 mappings of the stack, with their filters, say which function a record or a message invokes.",
            "A million orders: a million times the last of a few orders, in warm execution environments. The meter counts units,\n\
             \x20 sends and mails. SQS receives and deletes are computed: Lambda receives each message with one request and deletes\n\
             \x20 it with another; with full batches they are a tenth. Each event is one stream record. Cached reads cost an order\n\
             \x20 nothing. GB-seconds: the median duration of each invocation in whole milliseconds, with the deployed memory; the\n\
             \x20 duration is that on a whole core, and \"memory sizes\" shows those with less CPU.\n\
             \x20 Log bytes: the log of the function, and the lines START, END and REPORT of Lambda where its level is not WARN.",
            "Memory sizes: the slowest operation of each function. A vCPU, which 1,769 MB have, counts as a core of this machine.\n\
             \x20 Assumed waits: 5 ms for a round trip to AWS, 300 for a call to the payment provider, 100 more for a mail. Needs: the\n\
             \x20 peak after all invocations, known data, and 32 MiB. Rule: the smallest such size; if a person waits, the next ones\n\
             \x20 too, while a saved millisecond costs at most $0.02. Budget of such an operation: 100 ms with the deployed size.",
            "Not included: storage, backups, cold starts, traffic to the internet, fees of the payment provider.",
            "A month without orders: 30 days; 5 concurrent polls of 20 s at each queue, the minimum of Lambda; the scheduled runs\n\
             \x20 with their reads and durations.",
            "Instructions: user space only. The difference between runs with 40 and 10 requests (quick: 6 and 3), per request.\n\
             \x20 The processor of valgrind has no AVX-512, so cryptography takes its slower path.",
        ]);
    }
    Some(format!("Notes\n{}\n", notes.iter().map(|note| format!("- {note}")).collect::<Vec<_>>().join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str, actions: usize, purpose: Purpose) -> Call {
        Call { actions, purpose, read_units: 1.0, ..Call::free(operation) }
    }

    #[test]
    fn summary_counts_equal_calls() {
        let calls = [
            call("GetItem", 1, Purpose::Cached),
            call("GetItem", 1, Purpose::Work),
            call("TransactWriteItems", 11, Purpose::Work),
            call("GetItem", 1, Purpose::Work),
        ];
        assert_eq!(summary(&calls), "2 Get, Transact(11)");
    }

    #[test]
    fn numbers_have_no_needless_decimals() {
        assert_eq!((number(0.0), number(2.0), number(1.5)), ("-".to_owned(), "2".to_owned(), "1.5".to_owned()));
    }
}
