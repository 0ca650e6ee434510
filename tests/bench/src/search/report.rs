//! The report about search as text and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::budgets::{SEARCH_MS, Verdict};
use crate::machine::Machine;
use crate::search::cold::ColdOpen;
use crate::search::engine_kind::EngineKind;
use crate::search::quality::Score;
use crate::search::{Catalog, EngineFigures, LARGE, Quality, RequestTimes, Search};
use crate::statistics::median;
use crate::table::Table;
use crate::timing::{Elapsed, Times};

/// The number of slowest requests that are listed.
const SLOWEST: usize = 10;

const NOTES: &str = "\
Notes on search
- In process, on one core, with files in the page cache. It covers all work of the function between event and response: facets over
  all results, a page of 20 products, the JSON of the response and its digest. Current prices and stock come from memory.
  The pages of the other engines are turned into the same response.
- search: the judged queries, alone and some of them with filters or sorted by price. browse: no words; the whole catalog and its
  largest categories and tags. suggest: words letter by letter. Each round has another order; the first round is not counted.
- CPU: of the thread that searches. If it waited for a processor, the budget is checked with CPU time.
- open: a new process, from main to the first response, with files in place. In a cold start the download from S3 is added.
- updated: after 100 batches of 10 changed products each, as the indexer writes them, with all their segments.
- recall@10: relevant products among the first ten results, divided by the largest possible number. MRR: mean of 1 / rank of the
  first relevant result, 0 beyond ten. The judgements were written before any engine was run: tests/bench/queries.txt.
- with scripts, many scripts and spellings: tests/bench/script_products.txt, added to the small catalog, and
  tests/bench/script_queries.txt.
- FTS5: SQLite with its porter stemmer, the same column weights, and facets by GROUP BY. It matches all words, else the last one as
  a prefix, else any word. Its suggestions are names by prefix, not ranked. With trigrams: before `any word`, similar words.
  SQLite is compiled for speed, souk for size.
";

impl Search {
    /// The report; `misses` receives missed budgets.
    pub(crate) fn to_text(&self, misses: &mut Vec<String>) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{}: milliseconds\n{}", self.title(), self.speed(misses));
        let _ = writeln!(text, "The index, and opening it in a new process up to the first response\n{}", self.sizes());
        let _ = match &self.quality {
            Some(quality) => {
                writeln!(text, "{}", quality_table("Quality of the first page, in the real catalog", quality))
            }
            None => writeln!(
                text,
                "Quality was not measured: queries.txt is about the real catalog, and SOUK_DATA is not set.\n"
            ),
        };
        let title = "Quality of the first page, for queries in many scripts and spellings";
        let _ = writeln!(text, "{}", quality_table(title, &self.scripts));
        text.push_str(NOTES);
        text
    }

    /// The report, if only search was measured.
    pub(crate) fn standalone_report(&self, machine: &Machine) -> String {
        let mut misses = Vec::new();
        let text = self.to_text(&mut misses);
        let misses: String = misses.iter().map(|miss| format!("  {miss}\n")).collect();
        let over_budget = if misses.is_empty() { String::new() } else { format!("\nOver budget:\n{misses}") };
        format!("{}, load {}\n\n{text}{over_budget}", machine.processor, machine.load)
    }

    fn title(&self) -> String {
        let small = self.catalogs.first().map_or(0, |catalog| catalog.products);
        match self.is_real {
            true => format!("Search in the {small} products of the real catalog, and in {LARGE} generated ones"),
            false => format!(
                "Search in the {small} products of the demo catalog, and in {LARGE} generated ones; set SOUK_DATA for the real one"
            ),
        }
    }

    fn speed(&self, misses: &mut Vec<String>) -> Table {
        let mut table = Table::new(&[
            "catalog",
            "engine",
            " search p50",
            " p99",
            " CPU p99",
            "budget, ms",
            " browse p50",
            " p99",
            " CPU p99",
            "budget, ms",
            " suggest p50",
            " p99",
        ]);
        for catalog in &self.catalogs {
            let budget = catalog.budget_ms;
            for figures in &catalog.engines {
                let mut cells = vec![catalog.title(), figures.kind.name().to_owned()];
                for (what, timed) in [("with words", &figures.searches), ("without words", &figures.browses)] {
                    let elapsed = all(timed);
                    let times = Times::of(&elapsed);
                    let (p99, by) =
                        if Times::has_waited(&elapsed) { (times.cpu_p99_ms, " (CPU)") } else { (times.p99_ms, "") };
                    let verdict = figures.kind.is_souk().then(|| Verdict::of(p99, budget));
                    if verdict == Some(Verdict::Miss) {
                        let products = catalog.products;
                        let name = figures.kind.name();
                        misses.push(format!(
                            "{name}: search {what} in {products} products: p99 of {p99:.2} ms{by}, the budget is {budget}"
                        ));
                    }
                    cells.extend([
                        format!("{:.2}", times.p50_ms),
                        format!("{:.2}", times.p99_ms),
                        format!("{:.2}", times.cpu_p99_ms),
                    ]);
                    cells
                        .push(verdict.map(|verdict| format!("<= {budget} {}{by}", verdict.word())).unwrap_or_default());
                }
                let suggestions = Times::of(&all(&figures.suggestions));
                cells.extend([format!("{:.2}", suggestions.p50_ms), format!("{:.2}", suggestions.p99_ms)]);
                table.row(cells);
            }
        }
        table
    }

    fn sizes(&self) -> Table {
        let mut table = Table::new(&["catalog", "engine", " index MB", " write s", " open ms", " CPU ms", " peak MiB"]);
        for catalog in &self.catalogs {
            for figures in &catalog.engines {
                let of =
                    |figure: fn(&ColdOpen) -> f64| median(&figures.cold_opens.iter().map(figure).collect::<Vec<_>>());
                table.row([
                    catalog.title(),
                    figures.kind.name().to_owned(),
                    format!("{:.1}", figures.bytes as f64 / 1e6),
                    format!("{:.1}", figures.write_time.as_secs_f64()),
                    format!("{:.1}", of(|open| open.elapsed.wall_ms)),
                    format!("{:.1}", of(|open| open.elapsed.cpu_ms)),
                    format!("{:.1}", of(|open| open.peak_kib / 1024.0)),
                ]);
            }
        }
        table
    }

    /// The results as JSON.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "catalog": if self.is_real { "real" } else { "demo" },
            "budgetsMs": SEARCH_MS,
            "catalogs": self.catalogs.iter().map(catalog_json).collect::<Vec<_>>(),
            "quality": self.quality.as_ref().map(|quality| quality.iter().map(quality_json).collect::<Vec<_>>()),
            "scripts": self.scripts.iter().map(quality_json).collect::<Vec<_>>(),
        })
    }
}

/// The table of recall@10 and MRR by kind of query and engine.
fn quality_table(title: &str, quality: &[Quality]) -> String {
    let headings: Vec<String> =
        quality.iter().flat_map(|quality| [format!(" {} recall@10", quality.kind.name()), " MRR".to_owned()]).collect();
    let mut columns = vec!["judged queries", " count"];
    columns.extend(headings.iter().map(String::as_str));
    let mut table = Table::new(&columns);
    let mut kinds: Vec<&str> = Vec::new();
    for (judged, ..) in quality.iter().flat_map(|quality| &quality.scores) {
        if !kinds.contains(&judged.kind.as_str()) {
            kinds.push(&judged.kind);
        }
    }
    for kind in kinds.into_iter().map(Some).chain([None]) {
        let of = |quality: &Quality| -> Vec<Score> {
            let chosen = quality.scores.iter().filter(|(judged, ..)| kind.is_none_or(|kind| judged.kind == kind));
            chosen.map(|(_, score, _)| *score).collect()
        };
        let count = quality.first().map_or(0, |quality| of(quality).len());
        let mut cells = vec![kind.unwrap_or("all").to_owned(), count.to_string()];
        for quality in quality {
            let Score { recall, reciprocal_rank } = Score::mean(&of(quality));
            cells.extend([format!("{recall:.3}"), format!("{reciprocal_rank:.3}")]);
        }
        table.row(cells);
    }
    format!("{title}\n{table}{}", low_recall(quality))
}

/// Lists the queries with low recall of souk.
fn low_recall(quality: &[Quality]) -> String {
    let souk = quality.iter().filter(|quality| quality.kind == EngineKind::Souk).flat_map(|quality| &quality.scores);
    let mut queries: Vec<_> = souk.filter(|(_, score, _)| score.recall < 0.5).collect();
    queries.sort_by(|(_, one, _), (_, other, _)| one.recall.total_cmp(&other.recall));
    let named: Vec<String> =
        queries.iter().map(|(judged, score, _)| format!("{} ({:.1})", judged.text, score.recall)).collect();
    if named.is_empty() { String::new() } else { format!("Recall of souk below 0.5: {}\n", named.join(", ")) }
}

fn all(timed: &[RequestTimes]) -> Vec<Elapsed> {
    timed.iter().flat_map(|timed| timed.times.iter().copied()).collect()
}

impl Catalog {
    fn title(&self) -> String {
        format!("{} {}", self.products, self.name)
    }
}

fn catalog_json(catalog: &Catalog) -> Value {
    let [searches, browses, prefixes] = catalog.requests;
    json!({
        "products": catalog.products,
        "requests": { "search": searches, "browse": browses, "suggest": prefixes },
        "engines": catalog.engines.iter().map(engine_json).collect::<Vec<_>>(),
    })
}

fn engine_json(figures: &EngineFigures) -> Value {
    let times = |timed: &[RequestTimes]| {
        let all = all(timed);
        let times = Times::of(&all);
        let each = timed.iter().map(|timed| (timed.request.as_str(), Times::of(&timed.times).cpu_p50_ms));
        let mut slowest: Vec<(&str, f64)> = each.collect();
        slowest.sort_by(|one, other| other.1.total_cmp(&one.1));
        slowest.truncate(SLOWEST);
        json!({
            "count": all.len(),
            "p50Ms": times.p50_ms,
            "p99Ms": times.p99_ms,
            "cpuP50Ms": times.cpu_p50_ms,
            "cpuP99Ms": times.cpu_p99_ms,
            "slowestCpuMs": slowest,
        })
    };
    json!({
        "engine": figures.kind.name(),
        "indexBytes": figures.bytes,
        "writtenSeconds": figures.write_time.as_secs_f64(),
        "openMs": figures.cold_opens.iter().map(|open| open.elapsed.wall_ms).collect::<Vec<_>>(),
        "openCpuMs": figures.cold_opens.iter().map(|open| open.elapsed.cpu_ms).collect::<Vec<_>>(),
        "peakKib": figures.cold_opens.iter().map(|open| open.peak_kib).collect::<Vec<_>>(),
        "search": times(&figures.searches),
        "browse": times(&figures.browses),
        "suggest": times(&figures.suggestions),
    })
}

fn quality_json(quality: &Quality) -> Value {
    let scores: Vec<Score> = quality.scores.iter().map(|(_, score, _)| *score).collect();
    let mean = Score::mean(&scores);
    let queries = quality.scores.iter().map(|(judged, score, found)| {
        json!({
            "kind": judged.kind,
            "text": judged.text,
            "relevant": judged.relevant.len(),
            "recallAt10": score.recall,
            "reciprocalRank": score.reciprocal_rank,
            "found": found.iter().take(10).collect::<Vec<_>>(),
        })
    });
    json!({
        "engine": quality.kind.name(),
        "recallAt10": mean.recall,
        "mrr": mean.reciprocal_rank,
        "queries": queries.collect::<Vec<_>>(),
    })
}
