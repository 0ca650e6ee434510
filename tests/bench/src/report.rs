//! The figures for a reader, 120 columns wide, each beside its budget.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::bill::Bill;
use crate::budgets::{BINARY_BYTES, MEMORY_KIB, START_RATIO, Verdict};
use crate::callgrind::Count;
use crate::company::{Record, of};
use crate::credentials::Credentials;
use crate::idle::Idle;
use crate::imports::Imports;
use crate::machine::Machine;
use crate::meter::{Call, Purpose, trips};
use crate::options::Options;
use crate::search::Search;
use crate::start::{HELLO, Starts};
use crate::statistics::{median, percentile};
use crate::table::Table;

const BUSY: &str =
    "The machine was busy: a quarter of hello's own starts took half as long again as another quarter. So the
budget is held against CPU here, which that hardly moves; run this again when it is quiet.
";

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) hello: Starts,
    pub(crate) functions: Vec<Starts>,
    /// None without a stack.
    pub(crate) work: Option<Work>,
    /// None where functions were picked.
    pub(crate) search: Option<Search>,
    /// Likewise.
    pub(crate) imports: Option<Imports>,
}

/// What was measured of the functions' work.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) operations: Vec<Record>,
    pub(crate) warm: Vec<Record>,
    pub(crate) credentials: Credentials,
    pub(crate) bill: Bill,
    pub(crate) idle: Idle,
    pub(crate) instructions: Count,
}

impl Results {
    /// The report, and what misses its budget at its end.
    pub(crate) fn written(&self, options: &Options) -> String {
        let mut text = String::new();
        let mut misses = Vec::new();
        let parts = [
            self.heading(options),
            self.starts(options, &mut misses),
            self.work.as_ref().map(|work| work.calls(&mut misses)),
            self.work.as_ref().map(Work::times),
            self.work.as_ref().map(|work| work.credentials.written(&mut misses)),
            self.work.as_ref().map(|work| work.costs(&mut misses)),
            self.work.as_ref().map(Work::counts),
            notes(self.work.is_some()),
            self.search.as_ref().map(|search| search.written(&mut misses)),
            self.imports.as_ref().map(|imports| imports.written(&mut misses)),
        ];
        text.push_str(&parts.into_iter().flatten().collect::<Vec<_>>().join("\n"));
        match misses.as_slice() {
            [] => text.push_str("\nEverything that has a budget is within it.\n"),
            misses => {
                let _ = writeln!(text, "\nBeyond its budget:");
                misses.iter().for_each(|miss| {
                    let _ = writeln!(text, "  {miss}");
                });
            }
        }
        text
    }

    fn heading(&self, options: &Options) -> Option<String> {
        let Machine { date, processor, cores, kernel, rustc, load } = &self.machine;
        let quick = if options.quick { " QUICK: shows that everything runs, not how fast it is." } else { "" };
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
            "<= 7",
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
            let judged = if self.is_busy() { starts.cpu_ratio() } else { starts.ratio() };
            let (size, ratio, memory) = (starts.binary_bytes as f64, starts.ratio(), starts.memory_kib());
            let is_hello = starts.name == self.hello.name;
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
                verdict(size, BINARY_BYTES, format!("binary of {:.2} MB, 7 allowed", size / 1e6)),
                format!("{:.2}", median(&starts.start_ms)),
                match starts.warm_up_calls {
                    0 => "-".to_owned(),
                    calls => calls.to_string(),
                },
                format!("{:.2}", median(&starts.own_ms)),
                format!("{ratio:.2}"),
                verdict(judged, START_RATIO, format!("starts in {judged:.2} times hello{in_cpu}, 2 allowed")),
                format!("{:.2}", median(&starts.own_cpu_ms)),
                format!("{:.2}", starts.cpu_ratio()),
                format!("{:.1}", memory / 1024.0),
                verdict(memory, MEMORY_KIB, format!("{:.1} MiB at its first `next`, 10 allowed", memory / 1024.0)),
            ];
            table.row(cells);
        }
        let title = format!("Size, start and memory (medians of {}, interleaved)", options.rounds);
        let busy = if self.is_busy() { BUSY } else { "" };
        Some(format!("{title}\n{table}{busy}"))
    }

    /// Starts of one and the same program should take one and the same time.
    pub(crate) fn is_busy(&self) -> bool {
        percentile(&self.hello.own_ms, 75.0) > 1.5 * percentile(&self.hello.own_ms, 25.0)
    }
}

impl Work {
    fn calls(&self, misses: &mut Vec<String>) -> String {
        let headings = ["function", "operation", " trips", "budget", " cached", " prov.", " RCU", " WCU", "AWS calls"];
        let mut table = Table::new(&headings);
        for record in self.operations.iter().filter(|record| record.step.function != HELLO) {
            let (steady, most) = (trips(record.steady()), record.most_trips());
            let budget = record.step.trips.map(|budget| {
                let verdict = Verdict::of(most as f64, budget as f64);
                if verdict == Verdict::Miss {
                    let Record { step, .. } = record;
                    misses.push(format!("{}, {}: {most} round trips, {budget} allowed", step.function, step.does));
                }
                format!("<= {budget} {}", verdict.word())
            });
            let first = record.calls.first().map(Vec::as_slice).unwrap_or_default();
            // A seasoned sandbox may need no call at all; then those of the first one are of interest.
            let shown = if of(record.steady(), Purpose::Work).count() == 0 { first } else { record.steady() };
            let sum = |units: fn(&Call) -> f64| of(shown, Purpose::Work).map(units).sum::<f64>();
            table.row([
                record.step.function.to_owned(),
                record.step.does.to_owned(),
                if most > steady { format!("{steady} ({most})") } else { steady.to_string() },
                budget.unwrap_or_default(),
                number(of(first, Purpose::Cached).count() as f64),
                number(of(record.steady(), Purpose::Provider).count() as f64),
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
                record.step.function.to_owned(),
                record.step.does.to_owned(),
                record.walls_ms.len().to_string(),
                format!("{:.2}", median(&record.walls_ms)),
                format!("{:.2}", percentile(&record.walls_ms, 99.0)),
                format!("{:.3}", record.cpu_ms_each()),
            ]);
        }
        format!("Warm invocations over the Runtime API\n{table}")
    }
}

/// `2 Get, Transact(11)`: in the order of their answers, equal ones counted.
fn summary(calls: &[Call]) -> String {
    let mut order = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for call in of(calls, Purpose::Work) {
        let name = short(&call.operation);
        let name = if call.actions > 1 { format!("{name}({})", call.actions) } else { name.to_owned() };
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 {
            order.push(name);
        }
    }
    let counted = |name: String| match counts.get(&name) {
        Some(1) | None => name,
        Some(count) => format!("{count} {name}"),
    };
    order.into_iter().map(counted).collect::<Vec<_>>().join(", ")
}

/// 120 columns are few. Puts, gets and the like are of DynamoDB items.
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

/// Short: no decimals where there are none, nothing for nothing.
pub(crate) fn number(value: f64) -> String {
    match value {
        0.0 => "-".to_owned(),
        value if value.fract() == 0.0 => format!("{value:.0}"),
        value => format!("{value:.1}"),
    }
}

fn notes(worked: bool) -> Option<String> {
    let mut notes = vec![
        "Absolute times are of this machine; compare within a run: x hello, and CPU.",
        "start: spawn until the first GET .../invocation/next, AWS being a stub that answers at once over plain HTTP (no TLS\n\
         \x20 handshake), with the warm-up calls that the function makes. own: the same without these calls: the function has\n\
         \x20 no credentials then, so that a call ends before it has begun. x hello: beside a hello world started just before. CPU:\n\
         \x20 user and system until then, of the own starts.",
        "peak: VmHWM at the first `next`. hello: a bare lambda_http, built with the same profile.",
    ];
    if worked {
        notes.extend([
            "trips: how often the work waits for AWS; calls side by side are one. In brackets the most, where a new sandbox needs\n\
             \x20 more than a seasoned one: the budget is held against the most, the rest of the row is of the last invocation.",
            "cached: reads of keys, revocations and secrets, which a sandbox keeps (30 s to 5 minutes), in a new sandbox's first\n\
             \x20 invocation; they are in no other column. What every invocation reads anew is not cached, but work.",
            "(n): writes of a transaction, keys or messages of a batch. prov.: calls of the payment provider, which is not AWS.",
            "RCU, WCU: write units, those of indexes included, as the emulator tells them; read units by DynamoDB's rule from the\n\
             \x20 sizes of the rows, because the emulator miscounts them. Carts and orders of one line; pages as long as they came.",
            "wall: from the event's leaving to the answer's coming in: it contains the emulator's (and the provider's) answers,\n\
             \x20 which are slower than AWS's. CPU: of the function alone, user and system, until it has asked for its next event.",
            "Measured on tables and queues of the bench's own, one event a batch; the bench plays streams and queues.",
            "A million orders: a million times the last of a few orders, in seasoned sandboxes. Counted by the meter: units, sends,\n\
             \x20 mails. By formula: SQS receives and deletes (Lambda's poller takes each message by one request and deletes it by\n\
             \x20 another: batches of one, as in a quiet shop; full batches are a tenth), stream records (one for each event). Keys,\n\
             \x20 revocations and secrets are kept by sandboxes: nothing of them falls to an order. GB-seconds: the median of each\n\
             \x20 step in whole milliseconds, at the deployed memory. Log bytes: as written, and Lambda's START, END and REPORT.",
            "Not in it: storage, backups, cold starts, traffic to the internet, what the payment provider takes.",
            "Idle: a month of 30 days; 5 polls of 20 s side by side at each queue, as Lambda's poller does it at the least; the\n\
             \x20 schedules' runs with what each reads and how long it takes.",
            "Instructions: of user space alone; those of a run with 40 requests (quick: 6) less those of a run with 10 (3), a\n\
             \x20 request. Valgrind's processor has no AVX-512: cryptography takes the path that it takes there.",
        ]);
    }
    Some(format!("Notes\n{}\n", notes.iter().map(|note| format!("- {note}")).collect::<Vec<_>>().join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str, actions: usize, purpose: Purpose) -> Call {
        let operation = operation.to_owned();
        let (read_units, write_units, status, sent) = (1.0, 0.0, 200, Vec::new());
        Call { operation, actions, purpose, read_units, write_units, status, sent, began_us: 0, ended_us: 1 }
    }

    #[test]
    fn calls_are_summed_up_shortly() {
        let calls = [
            call("GetItem", 1, Purpose::Cached),
            call("GetItem", 1, Purpose::Work),
            call("TransactWriteItems", 11, Purpose::Work),
            call("GetItem", 1, Purpose::Work),
        ];
        assert_eq!(summary(&calls), "2 Get, Transact(11)");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!((number(0.0), number(2.0), number(1.5)), ("-".to_owned(), "2".to_owned(), "1.5".to_owned()));
    }
}
