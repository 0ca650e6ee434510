//! What a start consists of: the instructions until the first `next`, by the crates that they are for. callgrind counts them in programs
//! that have their symbols, without warm-up calls. What serves many crates, such as the allocator or a hash map, counts for its callers.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::{Value, json};

use crate::aws_stub::AwsStub;
use crate::callgrind::ensure_installed;
use crate::execution_environment::ExecutionEnvironment;
use crate::machine::Machine;
use crate::start::{Program, file_name, without_credentials};
use crate::table::Table;

/// The parts with the crates whose instructions count for them. `*` stands for any end of a name.
const PARTS: [(&str, &[&str]); 9] = [
    // The dynamic linker, by its file.
    ("load", &[]),
    (
        "runtime",
        &[
            "aws_lambda_events",
            "http",
            "http_body",
            "http_body_util",
            "hyper",
            "hyper_util",
            "lambda_*",
            "mio",
            "tokio",
            "tokio_stream",
            "tokio_util",
            "tower*",
        ],
    ),
    ("log", &["log", "sharded_slab", "telemetry", "tracing*"]),
    ("crypto", &["aws_lc_*", "hyper_rustls", "rustls*", "tokio_rustls", "webpki*"]),
    (
        "AWS",
        &["aws_config", "aws_credential_types", "aws_runtime", "aws_sdk_*", "aws_sigv4", "aws_smithy_*", "aws_types"],
    ),
    ("provider", &["oauth2", "outbound", "reqwest", "url"]),
    ("routes", &["axum*", "matchit"]),
    ("index", &["frostem", "tantivy*"]),
    (
        "souk",
        &[
            "aws_kit",
            "cart",
            "catalog",
            "events",
            "fn_*",
            "http_kit",
            "identity",
            "notifications",
            "orders",
            "payments",
            "pricing",
            "search",
            "tabular",
            "values",
        ],
    ),
];
const LOAD: usize = 0;
const RUNTIME: usize = 1;
/// What no part has caused.
const REST: usize = PARTS.len();

/// Instructions of each part, and of the rest.
type Shares = [f64; PARTS.len() + 1];

/// Callers of callers are followed so far. Calls in circles need some rounds.
const ROUNDS: usize = 40;

/// The instructions of one start.
#[derive(Debug, Serialize)]
pub(crate) struct StartParts {
    name: String,
    instructions: Shares,
}

/// The starts of hello and of all functions, or the reason why there are none.
pub(crate) type AllStartParts = Result<Vec<StartParts>>;

/// Counts the start of each program once. `symbols` is the folder of the programs with symbols.
pub(crate) async fn count(hello: &Program, programs: &[Program], symbols: &Path, logs: &Path) -> AllStartParts {
    ensure_installed()?;
    let stub = AwsStub::start().await?;
    let mut all = Vec::new();
    for program in std::iter::once(hello).chain(programs) {
        let profile = profile(program, symbols, &stub, logs).await;
        let profile = profile.with_context(|| format!("{} failed under valgrind", program.name))?;
        let instructions = profile.parts();
        ensure!(instructions[RUNTIME] > 0.0, "{} has no symbols in {}", program.name, symbols.display());
        all.push(StartParts { name: program.name.clone(), instructions });
    }
    Ok(all)
}

async fn profile(program: &Program, symbols: &Path, stub: &AwsStub, logs: &Path) -> Result<Profile> {
    let out = logs.join(format!("callgrind-start-{}.out", program.name));
    let mut option = OsString::from("--callgrind-out-file=");
    option.push(&out);
    let path = symbols.join(file_name(&program.name));
    let command_line = ["valgrind", "--tool=callgrind", "--quiet", "--demangle=no"]
        .map(OsStr::new)
        .into_iter()
        .chain([&*option, path.as_os_str()]);
    let command_line: Vec<&OsStr> = command_line.collect();
    let mut variables = without_credentials(&program.variables);
    variables.insert("AWS_ENDPOINT_URL".into(), stub.url());
    let log = logs.join("callgrind-start.log");
    let (environment, _) = ExecutionEnvironment::start(&program.name, &command_line, &variables, &log).await?;
    environment.terminate().await?;
    let written =
        std::fs::read_to_string(&out).with_context(|| format!("callgrind did not write {}", out.display()))?;
    Ok(Profile::parse(&written))
}

/// A table for the report and the page.
pub(crate) fn table(all: &[StartParts]) -> Table {
    let parts = PARTS.iter().map(|(part, _)| format!(" {part}"));
    let headings: Vec<String> = ["function", " all", " x hello"].map(str::to_owned).into_iter().chain(parts).collect();
    let headings = headings.iter().map(String::as_str).chain([" rest", "beyond hello most for"]);
    let mut table = Table::new(&headings.collect::<Vec<_>>());
    let Some(hello) = all.first() else { return table };
    let sum = |start: &StartParts| start.instructions.iter().sum::<f64>();
    let thousands = |instructions: f64| format!("{:.0}", instructions / 1e3);
    for start in all {
        let figures = [start.name.clone(), thousands(sum(start)), format!("{:.2}", sum(start) / sum(hello))];
        let parts = start.instructions.iter().map(|instructions| thousands(*instructions));
        table.row(figures.into_iter().chain(parts).chain([most_beyond(hello, start)]));
    }
    table
}

/// The three parts that have most instructions more than in hello.
fn most_beyond(hello: &StartParts, start: &StartParts) -> String {
    let names = PARTS.iter().map(|(part, _)| *part).chain(["rest"]);
    let more = start.instructions.iter().zip(hello.instructions).map(|(here, there)| here - there);
    let mut more: Vec<(&str, f64)> = names.zip(more).filter(|(_, more)| *more >= 1e3).collect();
    more.sort_by(|a, b| b.1.total_cmp(&a.1));
    let most = more.iter().take(3).map(|(part, more)| format!("{part} {:.0}", more / 1e3));
    most.collect::<Vec<_>>().join(", ")
}

pub(crate) fn to_text(all: &AllStartParts) -> String {
    let title = "Instructions of a start, in thousands";
    match all {
        Ok(all) => format!("{title}\n{}", table(all)),
        Err(error) => format!("{title}\nnot counted: {error:#}\n"),
    }
}

/// The part of docs/costs.md.
pub(crate) fn to_markdown(all: &[StartParts], machine: &Machine) -> String {
    let Machine { date, rustc, .. } = machine;
    let day = date.split('T').next().unwrap_or_default();
    format!("Thousands of instructions, counted by `make bench` on {day}, {rustc}.\n\n{}", table(all).to_markdown())
}

/// The counts or the reason as JSON.
pub(crate) fn to_json(all: &AllStartParts) -> Value {
    match all {
        Ok(starts) => json!({ "parts": PARTS.map(|(part, _)| part), "starts": starts }),
        Err(error) => json!({ "failure": format!("{error:#}") }),
    }
}

/// The functions of a run and their calls, as callgrind wrote them.
#[derive(Debug, Default)]
struct Profile {
    functions: Vec<Function>,
    calls: Vec<Call>,
}

#[derive(Debug, Default)]
struct Function {
    symbol: String,
    /// The file that it is in.
    object: String,
    /// Without those that it calls.
    instructions: f64,
}

#[derive(Debug)]
struct Call {
    caller: usize,
    callee: usize,
    /// With all that it calls in turn.
    instructions: f64,
}

impl Profile {
    /// Reads callgrind's format: https://valgrind.org/docs/manual/cl-format.html
    fn parse(written: &str) -> Self {
        let mut profile = Self::default();
        let (mut indexes, mut objects) = (BTreeMap::new(), BTreeMap::new());
        let (mut object, mut caller, mut callee, mut is_call) = (String::new(), None, None, false);
        for line in written.lines() {
            match line.split_once('=') {
                Some(("ob", value)) => object = name_of(&mut objects, value),
                // Gives the file of the next callee a number.
                Some(("cob", value)) => drop(name_of(&mut objects, value)),
                Some(("fn", value)) => {
                    let index = profile.index_of(&mut indexes, value);
                    profile.functions[index].object.clone_from(&object);
                    caller = Some(index);
                }
                Some(("cfn", value)) => callee = Some(profile.index_of(&mut indexes, value)),
                Some(("calls", _)) => is_call = true,
                Some(_) => {}
                // A line of the source, and its instructions.
                None if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) => {
                    let instructions = line.split_whitespace().nth(1).and_then(|count| count.parse().ok());
                    let instructions = instructions.unwrap_or_default();
                    match (caller, callee) {
                        (Some(caller), Some(callee)) if is_call => {
                            profile.calls.push(Call { caller, callee, instructions });
                        }
                        (Some(caller), _) => profile.functions[caller].instructions += instructions,
                        _ => {}
                    }
                    is_call = false;
                }
                None => {}
            }
        }
        profile
    }

    fn index_of(&mut self, indexes: &mut BTreeMap<String, usize>, value: &str) -> usize {
        let (number, name) = numbered(value);
        *indexes.entry(number.to_owned()).or_insert_with(|| {
            self.functions.push(Function { symbol: name.to_owned(), ..Function::default() });
            self.functions.len() - 1
        })
    }

    fn parts(&self) -> Shares {
        let parts: Vec<Option<usize>> = self.functions.iter().map(Function::part).collect();
        let mut shares: Vec<Shares> = parts.iter().map(|part| whole(part.unwrap_or(REST))).collect();
        for _ in 0..ROUNDS {
            let mut sums: Vec<(Shares, f64)> = vec![Default::default(); shares.len()];
            for Call { caller, callee, instructions } in &self.calls {
                if parts[*callee].is_none() && caller != callee {
                    // The dynamic linker also starts libc, and so all of `main`: that is not its work.
                    let share = if parts[*caller] == Some(LOAD) { whole(REST) } else { shares[*caller] };
                    let (sum, all) = &mut sums[*callee];
                    sum.iter_mut().zip(share).for_each(|(sum, share)| *sum += share * instructions);
                    *all += instructions;
                }
            }
            for (share, (sum, all)) in shares.iter_mut().zip(sums) {
                if all > 0.0 {
                    *share = sum.map(|part| part / all);
                }
            }
        }
        let mut total = Shares::default();
        for (function, shares) in self.functions.iter().zip(shares) {
            total.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share * function.instructions);
        }
        total
    }
}

impl Function {
    /// The part that it counts for; none if it serves its callers.
    fn part(&self) -> Option<usize> {
        let file = self.object.rsplit('/').next().unwrap_or_default();
        if file.starts_with("ld-linux") || file.starts_with("ld-2") {
            return Some(LOAD);
        }
        let name = crate_of(&self.symbol)?;
        PARTS.iter().position(|(_, crates)| crates.iter().any(|pattern| matches(pattern, name)))
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |begin| name.starts_with(begin))
}

fn whole(part: usize) -> Shares {
    let mut shares = Shares::default();
    shares[part] = 1.0;
    shares
}

/// `(7) name`, or `(7)` where it is repeated: the number and the name.
fn numbered(value: &str) -> (&str, &str) {
    let (number, name) = value.split_once(')').unwrap_or((value, ""));
    (number, name.trim_start())
}

fn name_of(names: &mut BTreeMap<String, String>, value: &str) -> String {
    let (number, name) = numbered(value);
    names.entry(number.to_owned()).or_insert_with(|| name.to_owned()).clone()
}

/// The crate that a symbol is from, in both ways in which rustc writes symbols. Another symbol, such as one of C, is its own answer.
fn crate_of(symbol: &str) -> Option<&str> {
    if let Some(path) = symbol.strip_prefix("_R") {
        // The first crate in it: `C`, perhaps a hash, and its name.
        return path.match_indices('C').find_map(|(at, _)| {
            let name = &path[at + 1..];
            let name = match name.strip_prefix('s') {
                Some(hashed) => hashed.split_once('_')?.1,
                None => name,
            };
            identifier(name)
        });
    }
    let Some(path) = symbol.strip_prefix("_ZN") else { return Some(symbol) };
    // An implementation begins with its type, such as `_$LT$alloc..vec..Vec$LT$T$GT$$u20$as…`.
    let words = identifier(path)?.split('$').map(|word| word.trim_matches('_'));
    let mut names = words.filter(|word| word.starts_with(|first: char| first.is_ascii_lowercase()));
    let name = names.find(|word| !["as", "dyn", "impl", "mut", "u20", "u5b", "u7b"].contains(word))?;
    name.split("..").next()
}

/// A name behind its length, such as `5tokio`.
fn identifier(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let length: usize = text[..text.len() - rest.len()].parse().ok()?;
    rest.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crate_of_a_symbol_is_the_first_of_its_path() {
        let crates = [
            ("_RNvNtCs1Ab_5tokio7runtime3new", Some("tokio")),
            ("_RINvNtCsC0_4core3ptr13drop_in_placeNtCs1_6rustls6ConfigE", Some("core")),
            ("_ZN5tokio7runtime3new17h0123456789abcdefE", Some("tokio")),
            ("_ZN45_$LT$rustls..Config$u20$as$u20$core..Drop$GT$4drop17hE", Some("rustls")),
            ("aws_lc_0_47_0_SHA256_Init", Some("aws_lc_0_47_0_SHA256_Init")),
            ("_ZN", None),
        ];
        for (symbol, expected) in crates {
            assert_eq!(crate_of(symbol), expected, "{symbol}");
        }
    }

    #[test]
    fn helpers_count_for_their_callers() {
        let written = "\
ob=(1) /lib64/ld-linux-x86-64.so.2
fn=(1) _dl_start
0 100
cob=(2) /program
cfn=(2) main
calls=1 0
0 370
ob=(2)
fn=(2)
0 10
cfn=(3) _RNvCs1_5tokio3run
calls=1 0
0 90
cfn=(4) _RNvCs1_6rustls3new
calls=1 0
0 270

fn=(3)
0 50
cob=(3) /lib/libc.so.6
cfn=(5) malloc
calls=1 0
+1 40

fn=(4)
0 150
cob=(3)
cfn=(5)
calls=3 0
* 120
ob=(3)
fn=(5)
0 160
totals: 470
";
        let profile = Profile::parse(written);
        assert_eq!(profile.functions[4].object, "/lib/libc.so.6");
        let parts = profile.parts();
        let part = |name: &str| PARTS.iter().position(|(part, _)| *part == name).map(|index| parts[index]);
        let found = ["load", "runtime", "crypto", "AWS"].map(|name| part(name).unwrap_or_default().round());
        assert_eq!(found, [100.0, 90.0, 270.0, 0.0]);
        assert_eq!(parts[REST], 10.0, "only the dynamic linker calls main");
    }
}
