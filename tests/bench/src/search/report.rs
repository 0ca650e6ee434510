//! Search for a reader and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::budgets::{SEARCH_MS, Verdict};
use crate::clock::{Times, Took};
use crate::machine::Machine;
use crate::search::cold::Opened;
use crate::search::engine::Kind;
use crate::search::quality::Score;
use crate::search::{Catalog, Figures, LARGE, Quality, Search, Timed};
use crate::statistics::median;
use crate::table::Table;

/// Requests that are named because they take longest.
const SLOWEST: usize = 10;

const NOTES: &str = "\
Notes on search
- In process, on one core, files in the page cache: all that the function does between the event and its answer, but for the
  reading of fresh prices and stock, which come from memory here: facets over everything that was found, a page of 20 products,
  the answer's JSON and its digest. The other engines' pages are made into the same answer.
- search: the judged queries as they are and, some of them, with filters or cheapest first; browse: no words, the whole catalog
  and its largest categories and tags; suggest: words letter by letter. All in another order in each round, the first is dropped.
- CPU: of the thread that searches. Where it waited for a processor (other work on the machine), the goal is held against that.
- open: a new process, from main to the first answer, files being there. The download from S3 comes on top in a cold sandbox.
- updated: after 100 batches of 10 changed products each, as the indexer writes them, with all the segments that they leave.
- recall@10: of as many relevant products as ten places can hold, how many stand there. MRR: one over the place of the first
  relevant one, 0 beyond ten. The judgements were written before any engine was asked: tests/bench/queries.txt.
- FTS5: SQLite's own, with its porter stemmer, the same weights of columns, facets by GROUP BY; all words, else the last one as a
  beginning, else any; its suggestions are names by their words' beginnings, unranked. With trigrams: before `any`, what shares
  letters with it. SQLite is compiled for speed, souk for size.
";

impl Search {
    /// The tables, and what ours misses its goals by.
    pub(crate) fn written(&self, misses: &mut Vec<String>) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{}: milliseconds\n{}", self.title(), self.speed(misses));
        let _ = writeln!(text, "The index, and opening it in a new process up to the first answer\n{}", self.weight());
        let _ = match &self.quality {
            Some(quality) => writeln!(text, "{}", grades(quality)),
            None => writeln!(
                text,
                "Quality is not judged: queries.txt is about the real catalog, which SOUK_DATA does not name.\n"
            ),
        };
        text.push_str(NOTES);
        text
    }

    /// The report where nothing else was measured.
    pub(crate) fn alone(&self, machine: &Machine) -> String {
        let mut misses = Vec::new();
        let text = self.written(&mut misses);
        let misses: String = misses.iter().map(|miss| format!("  {miss}\n")).collect();
        let beyond = if misses.is_empty() { String::new() } else { format!("\nBeyond its budget:\n{misses}") };
        format!("{}, load {}\n\n{text}{beyond}", machine.processor, machine.load)
    }

    fn title(&self) -> String {
        let small = self.catalogs.first().map_or(0, |catalog| catalog.products);
        match self.real {
            true => format!("Search in the {small} products of the real catalog, and in {LARGE} made of them"),
            false => format!(
                "Search in the {small} products of the demo catalog, and in {LARGE} made of them; for the real one, set SOUK_DATA"
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
            "goal, ms",
            " browse p50",
            " p99",
            " CPU p99",
            "goal, ms",
            " suggest p50",
            " p99",
        ]);
        for (catalog, goal) in self.catalogs.iter().zip(SEARCH_MS) {
            for figures in &catalog.engines {
                let mut cells = vec![catalog.title(), figures.kind.name().to_owned()];
                for (what, timed) in [("with words", &figures.searched), ("without words", &figures.browsed)] {
                    let took = all(timed);
                    let times = Times::of(&took);
                    let (p99, by) =
                        if Times::waited(&took) { (times.cpu_p99_ms, " (CPU)") } else { (times.p99_ms, "") };
                    let verdict = figures.kind.is_ours().then(|| Verdict::of(p99, goal));
                    if verdict == Some(Verdict::Miss) {
                        let products = catalog.products;
                        let name = figures.kind.name();
                        misses.push(format!(
                            "{name}: search {what} in {products} products: p99 of {p99:.2} ms{by}, {goal} allowed"
                        ));
                    }
                    cells.extend([
                        format!("{:.2}", times.p50_ms),
                        format!("{:.2}", times.p99_ms),
                        format!("{:.2}", times.cpu_p99_ms),
                    ]);
                    cells.push(verdict.map(|verdict| format!("<= {goal} {}{by}", verdict.word())).unwrap_or_default());
                }
                let suggested = Times::of(&all(&figures.suggested));
                cells.extend([format!("{:.2}", suggested.p50_ms), format!("{:.2}", suggested.p99_ms)]);
                table.row(cells);
            }
        }
        table
    }

    fn weight(&self) -> Table {
        let mut table =
            Table::new(&["catalog", "engine", " index MB", " written in s", " open ms", " CPU ms", " peak MiB"]);
        for catalog in &self.catalogs {
            for figures in &catalog.engines {
                let of = |figure: fn(&Opened) -> f64| median(&figures.opened.iter().map(figure).collect::<Vec<_>>());
                table.row([
                    catalog.title(),
                    figures.kind.name().to_owned(),
                    format!("{:.1}", figures.bytes as f64 / 1e6),
                    format!("{:.1}", figures.written.as_secs_f64()),
                    format!("{:.1}", of(|opened| opened.took.wall_ms)),
                    format!("{:.1}", of(|opened| opened.took.cpu_ms)),
                    format!("{:.1}", of(|opened| opened.peak_kib / 1024.0)),
                ]);
            }
        }
        table
    }

    /// For `results.json`.
    pub(crate) fn raw(&self) -> Value {
        json!({
            "catalog": if self.real { "real" } else { "demo" },
            "goalsMs": SEARCH_MS,
            "catalogs": self.catalogs.iter().map(of_catalog).collect::<Vec<_>>(),
            "quality": self.quality.as_ref().map(|quality| quality.iter().map(of_quality).collect::<Vec<_>>()),
        })
    }
}

/// Kind by kind, each engine's recall@10 and mean reciprocal rank.
fn grades(quality: &[Quality]) -> String {
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
    format!("How good the first page is, on the real catalog\n{table}{}", poor(quality))
}

/// What ours answers worst, so that nobody has to look for it.
fn poor(quality: &[Quality]) -> String {
    let ours = quality.iter().filter(|quality| quality.kind == Kind::Souk).flat_map(|quality| &quality.scores);
    let mut poor: Vec<_> = ours.filter(|(_, score, _)| score.recall < 0.5).collect();
    poor.sort_by(|(_, one, _), (_, other, _)| one.recall.total_cmp(&other.recall));
    let named: Vec<String> =
        poor.iter().map(|(judged, score, _)| format!("{} ({:.1})", judged.text, score.recall)).collect();
    if named.is_empty() { String::new() } else { format!("Below 0.5 in ours: {}\n", named.join(", ")) }
}

fn all(timed: &[Timed]) -> Vec<Took> {
    timed.iter().flat_map(|timed| timed.took.iter().copied()).collect()
}

impl Catalog {
    fn title(&self) -> String {
        format!("{} {}", self.products, self.name)
    }
}

fn of_catalog(catalog: &Catalog) -> Value {
    let [searched, browsed, begun] = catalog.requests;
    json!({
        "products": catalog.products,
        "requests": { "search": searched, "browse": browsed, "suggest": begun },
        "engines": catalog.engines.iter().map(of_engine).collect::<Vec<_>>(),
    })
}

fn of_engine(figures: &Figures) -> Value {
    let times = |timed: &[Timed]| {
        let all = all(timed);
        let times = Times::of(&all);
        let each = timed.iter().map(|timed| (timed.asked.as_str(), Times::of(&timed.took).cpu_p50_ms));
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
        "writtenSeconds": figures.written.as_secs_f64(),
        "openMs": figures.opened.iter().map(|opened| opened.took.wall_ms).collect::<Vec<_>>(),
        "openCpuMs": figures.opened.iter().map(|opened| opened.took.cpu_ms).collect::<Vec<_>>(),
        "peakKib": figures.opened.iter().map(|opened| opened.peak_kib).collect::<Vec<_>>(),
        "search": times(&figures.searched),
        "browse": times(&figures.browsed),
        "suggest": times(&figures.suggested),
    })
}

fn of_quality(quality: &Quality) -> Value {
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
