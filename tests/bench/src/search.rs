//! Measures speed and quality of search: the index of souk and SQLite FTS5, with the same catalogs and queries.

pub(crate) mod cold;
mod engine;
mod engine_kind;
mod fts5;
mod generator;
mod judged_queries;
mod listings;
mod product;
mod quality;
mod report;
mod request;
mod scripts;
mod souk;
mod sqlite;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use catalog::Listing;
use fastrand::Rng;

use crate::budgets::SEARCH_MS;
use crate::options::Options;
use crate::search::engine::{Engine, Page};
use crate::search::engine_kind::EngineKind;
use crate::search::judged_queries::JudgedQuery;
use crate::search::listings::ResponseBuilder;
use crate::search::product::{CURRENCY, Product};
use crate::search::quality::Score;
use crate::search::request::{Request, Requests};
use crate::timing::{Elapsed, measure as measure_time};

/// The number of products in the large catalog.
const LARGE: usize = 100_000;
/// The number of rounds, and of new processes that open the index.
const ROUNDS: usize = 10;
/// Each round has its own order of requests, the same in every run.
const SEED: u64 = 4711;

/// All results.
#[derive(Debug)]
pub(crate) struct Search {
    /// Whether the small catalog is the real one.
    is_real: bool,
    catalogs: Vec<Catalog>,
    /// `None` without the real catalog, because the judgements are about its products.
    quality: Option<Vec<Quality>>,
    /// For queries in many scripts, about products that are added to the small catalog.
    scripts: Vec<Quality>,
}

/// The results for one catalog.
#[derive(Debug)]
struct Catalog {
    name: &'static str,
    /// p99 of a search, in milliseconds.
    budget_ms: f64,
    products: usize,
    /// The numbers of requests with words, of requests without words, and of prefixes.
    requests: [usize; 3],
    engines: Vec<EngineFigures>,
}

/// The results of one engine for one catalog.
#[derive(Debug)]
struct EngineFigures {
    kind: EngineKind,
    /// The time to write the index with all products.
    write_time: Duration,
    bytes: u64,
    /// New processes that open the index and answer one query.
    cold_opens: Vec<cold::ColdOpen>,
    searches: Vec<RequestTimes>,
    browses: Vec<RequestTimes>,
    suggestions: Vec<RequestTimes>,
}

/// One request and its time in each round.
#[derive(Debug)]
struct RequestTimes {
    request: String,
    times: Vec<Elapsed>,
}

/// The quality of the first pages of one engine.
#[derive(Debug)]
struct Quality {
    kind: EngineKind,
    /// In the order of the queries in their file.
    scores: Vec<(JudgedQuery, Score, Vec<String>)>,
}

/// Measures everything. The indexes are in a temporary folder.
pub(crate) fn measure(options: &Options, beside: &Path) -> Result<Search> {
    let folder = beside.join("indexes");
    let results = measure_all(options, &folder);
    let _ = std::fs::remove_dir_all(folder);
    results
}

fn measure_all(options: &Options, folder: &Path) -> Result<Search> {
    let real = samples::real(CURRENCY)?;
    let is_real = real.is_some();
    let small: Vec<Product> = real.map_or_else(samples::demo, Ok)?.iter().map(Product::of).collect::<Result<_>>()?;
    let lines = judged_queries::lines()?;
    let judged = if is_real { Some(judged_queries::judge(&lines, &small)?) } else { None };
    // In the demo catalog most of the queries would find nothing, so its product names are used instead.
    let texts: Vec<String> = match is_real {
        true => lines.iter().map(|line| line.text.to_owned()).collect(),
        false => small.iter().map(|product| product.name.clone()).collect(),
    };
    let large = generator::generate(&small, LARGE);
    let rounds = if options.quick { 1 } else { ROUNDS };
    let [small_budget_ms, large_budget_ms] = SEARCH_MS;
    let small_folder = folder.join("small");
    let name = if is_real { "real" } else { "demo" };
    let small_results = measure_catalog(name, small_budget_ms, &small, &texts, rounds, &small_folder)?;
    let quality = judged.map(|judged| score_engines(&small_folder, &judged)).transpose()?;
    // The SKUs of almost all generated products have these beginnings.
    let skus = ["made", "made-00", "000"].map(str::to_owned);
    let large_texts: Vec<String> = texts.into_iter().chain(skus).collect();
    let large_folder = folder.join("large");
    let large_results = measure_catalog("generated", large_budget_ms, &large, &large_texts, rounds, &large_folder)?;
    let (scripts_folder, queries) = (folder.join("scripts"), scripts::queries()?);
    let texts: Vec<String> = queries.iter().map(|query| query.text.clone()).collect();
    let products: Vec<Product> = small.into_iter().chain(scripts::products()?).collect();
    let results = measure_catalog("with scripts", small_budget_ms, &products, &texts, rounds, &scripts_folder)?;
    let scripts = score_engines(&scripts_folder, &queries)?;
    Ok(Search { is_real, catalogs: vec![small_results, results, large_results], quality, scripts })
}

/// Measures speed and size of every engine.
fn measure_catalog(
    name: &'static str,
    budget_ms: f64,
    products: &[Product],
    texts: &[String],
    rounds: usize,
    folder: &Path,
) -> Result<Catalog> {
    let listings = products.iter().enumerate().map(|(position, product)| listings::listing(position, product));
    let listings = listings.collect::<Result<Vec<Listing>>>()?;
    let response_builder = ResponseBuilder::new(&listings);
    let mut engines = write_indexes(folder, &listings)?;
    drop(listings);
    let requests = Requests::of(texts, products);
    time(&mut engines, folder, &response_builder, &requests, rounds)?;
    let sample_word = products.first().and_then(|product| product.name.split(' ').max_by_key(|word| word.len()));
    for figures in &mut engines {
        let folder = folder.join(figures.kind.name());
        let open = |_| cold::start(figures.kind, &folder, sample_word.unwrap_or_default());
        figures.cold_opens = (0..rounds).map(open).collect::<Result<_>>()?;
    }
    let requests = [requests.searches.len(), requests.browses.len(), requests.prefixes.len()];
    Ok(Catalog { name, budget_ms, products: products.len(), requests, engines })
}

/// Writes the index of each engine into its own folder.
fn write_indexes(folder: &Path, listings: &[Listing]) -> Result<Vec<EngineFigures>> {
    let write = |kind: EngineKind| {
        let folder = folder.join(kind.name());
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let began = Instant::now();
        kind.write(&folder, listings).with_context(|| format!("{} could not write its index", kind.name()))?;
        let (write_time, bytes) = (began.elapsed(), bytes(&folder)?);
        let (cold_opens, searches, browses, suggestions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Ok(EngineFigures { kind, write_time, bytes, cold_opens, searches, browses, suggestions })
    };
    EngineKind::ALL.into_iter().map(write).collect()
}

fn bytes(folder: &Path) -> Result<u64> {
    let sizes = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.metadata()?.len()));
    sizes.sum()
}

/// Runs all requests in each round with each engine. The first round warms up and is not counted.
fn time(
    figures: &mut [EngineFigures],
    folder: &Path,
    response_builder: &ResponseBuilder,
    requests: &Requests,
    rounds: usize,
) -> Result<()> {
    let open = |figures: &EngineFigures| figures.kind.open(&folder.join(figures.kind.name()));
    let mut engines = figures.iter().map(open).collect::<Result<Vec<Box<dyn Engine>>>>()?;
    let respond = |engine: &mut dyn Engine, request: &Request| {
        let Page { products, facets } = engine.search(request)?;
        response_builder.build(&products, &facets)
    };
    for figures in &mut *figures {
        let timed =
            |requests: &[Request]| requests.iter().map(|request| RequestTimes::new(request.to_string())).collect();
        (figures.searches, figures.browses) = (timed(&requests.searches), timed(&requests.browses));
        figures.suggestions = requests.prefixes.iter().map(|prefixes| RequestTimes::new(prefixes.clone())).collect();
    }
    let mut rng = Rng::with_seed(SEED);
    for is_counted in std::iter::once(false).chain(std::iter::repeat_n(true, rounds)) {
        let order = |rng: &mut Rng, count: usize| {
            let mut order: Vec<usize> = (0..count).collect();
            rng.shuffle(&mut order);
            order
        };
        let searches = order(&mut rng, requests.searches.len());
        let browses = order(&mut rng, requests.browses.len());
        let prefixes = order(&mut rng, requests.prefixes.len());
        for (figures, engine) in figures.iter_mut().zip(engines.iter_mut()) {
            for &number in &searches {
                figures.searches[number]
                    .measure(is_counted, || respond(engine.as_mut(), &requests.searches[number]))?;
            }
            for &number in &browses {
                figures.browses[number].measure(is_counted, || respond(engine.as_mut(), &requests.browses[number]))?;
            }
            for &number in &prefixes {
                figures.suggestions[number].measure(is_counted, || engine.suggest(&requests.prefixes[number]))?;
            }
        }
    }
    Ok(())
}

impl RequestTimes {
    fn new(request: String) -> Self {
        Self { request, times: Vec::new() }
    }

    fn measure<T>(&mut self, is_counted: bool, work: impl FnOnce() -> Result<T>) -> Result<()> {
        let (result, elapsed) = measure_time(work);
        result.with_context(|| format!("request for {}", self.request))?;
        if is_counted {
            self.times.push(elapsed);
        }
        Ok(())
    }
}

/// Scores the first pages of the engines with indexes in `folder`.
fn score_engines(folder: &Path, judged: &[JudgedQuery]) -> Result<Vec<Quality>> {
    let of = |kind: EngineKind| {
        let mut engine = kind.open(&folder.join(kind.name()))?;
        let grade = |judged: &JudgedQuery| {
            let found = engine.search(&Request { words: judged.text.clone(), ..Request::default() })?.skus()?;
            Ok((judged.clone(), Score::of(&found, &judged.relevant), found))
        };
        Ok(Quality { kind, scores: judged.iter().map(grade).collect::<Result<_>>()? })
    };
    EngineKind::JUDGED.into_iter().map(of).collect()
}
