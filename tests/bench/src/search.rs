//! How well and how fast search finds: the engine of ours and SQLite's, side by side on the same catalogs and queries.

pub(crate) mod cold;
mod engine;
mod fts5;
mod judged;
mod listing;
mod made;
mod product;
mod quality;
mod report;
mod request;
mod souk;
mod sqlite;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use catalog::Listing;
use fastrand::Rng;

use crate::clock::{Took, timed};
use crate::options::Options;
use crate::search::engine::{Engine, Kind, Page};
use crate::search::judged::Judged;
use crate::search::listing::Till;
use crate::search::product::Product;
use crate::search::quality::Score;
use crate::search::request::{Request, Requests};

/// Products of the large catalog.
const LARGE: usize = 100_000;
/// How often everything is asked, and how often a new process opens the index.
const ROUNDS: usize = 10;
/// Requests come in another order in every round, the same in every run.
const SEED: u64 = 4711;
/// Prices are compared, never converted.
const CURRENCY: &str = "EUR";

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Search {
    /// Is the small catalog the real one?
    real: bool,
    catalogs: Vec<Catalog>,
    /// None without the real catalog: the judgements are about that.
    quality: Option<Vec<Quality>>,
}

/// What was measured on one catalog.
#[derive(Debug)]
struct Catalog {
    name: &'static str,
    products: usize,
    /// Requests with words, requests without, beginnings of words.
    requests: [usize; 3],
    engines: Vec<Figures>,
}

/// One engine on one catalog.
#[derive(Debug)]
struct Figures {
    kind: Kind,
    /// Writing the index, all products at once.
    written: Duration,
    bytes: u64,
    /// New processes, from files to the first answer.
    opened: Vec<cold::Opened>,
    searched: Vec<Timed>,
    browsed: Vec<Timed>,
    suggested: Vec<Timed>,
}

/// One request, and how long it took in each round.
#[derive(Debug)]
struct Timed {
    asked: String,
    took: Vec<Took>,
}

/// How good one engine's first pages are.
#[derive(Debug)]
struct Quality {
    kind: Kind,
    /// In the order of the file.
    scores: Vec<(Judged, Score, Vec<String>)>,
}

/// Measures all of it, with indexes in a folder of their own that is gone afterwards.
pub(crate) fn measure(options: &Options, beside: &Path) -> Result<Search> {
    let folder = beside.join("indexes");
    let measured = all(options, &folder);
    let _ = std::fs::remove_dir_all(folder);
    measured
}

fn all(options: &Options, folder: &Path) -> Result<Search> {
    let real = samples::real(CURRENCY)?;
    let is_real = real.is_some();
    let small: Vec<Product> = real.map_or_else(samples::demo, Ok)?.iter().map(Product::of).collect::<Result<_>>()?;
    let lines = judged::lines()?;
    let judged = if is_real { Some(judged::judge(&lines, &small)?) } else { None };
    // In another catalog than the one that they were written for, most of the queries find nothing: its own names do.
    let texts: Vec<String> = match is_real {
        true => lines.iter().map(|line| line.text.to_owned()).collect(),
        false => small.iter().map(|product| product.name.clone()).collect(),
    };
    let large = made::made(&small, LARGE);
    let rounds = if options.quick { 1 } else { ROUNDS };
    let small_folder = folder.join("small");
    let on_small = on_catalog(if is_real { "real" } else { "demo" }, &small, &texts, rounds, &small_folder)?;
    let quality = judged.map(|judged| grades(&small_folder, &judged)).transpose()?;
    let on_large = on_catalog("made of them", &large, &texts, rounds, &folder.join("large"))?;
    Ok(Search { real: is_real, catalogs: vec![on_small, on_large], quality })
}

/// Speed and weight of every engine.
fn on_catalog(
    name: &'static str,
    products: &[Product],
    texts: &[String],
    rounds: usize,
    folder: &Path,
) -> Result<Catalog> {
    let listings = products.iter().enumerate().map(|(place, product)| listing::listing(place, product));
    let listings = listings.collect::<Result<Vec<Listing>>>()?;
    let till = Till::of(&listings);
    let mut engines = written(folder, &listings)?;
    drop(listings);
    let requests = Requests::of(texts, products);
    time(&mut engines, folder, &till, &requests, rounds)?;
    let certain = products.first().and_then(|product| product.name.split(' ').max_by_key(|word| word.len()));
    for figures in &mut engines {
        let folder = folder.join(figures.kind.name());
        let open = |_| cold::start(figures.kind, &folder, certain.unwrap_or_default());
        figures.opened = (0..rounds).map(open).collect::<Result<_>>()?;
    }
    let requests = [requests.searched.len(), requests.browsed.len(), requests.begun.len()];
    Ok(Catalog { name, products: products.len(), requests, engines })
}

/// Each engine's index in a folder of its own.
fn written(folder: &Path, listings: &[Listing]) -> Result<Vec<Figures>> {
    let write = |kind: Kind| {
        let folder = folder.join(kind.name());
        std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let began = Instant::now();
        kind.write(&folder, listings).with_context(|| format!("{} cannot write its index", kind.name()))?;
        let (written, bytes) = (began.elapsed(), bytes(&folder)?);
        let (opened, searched, browsed, suggested) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Ok(Figures { kind, written, bytes, opened, searched, browsed, suggested })
    };
    Kind::ALL.into_iter().map(write).collect()
}

fn bytes(folder: &Path) -> Result<u64> {
    let sizes = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.metadata()?.len()));
    sizes.sum()
}

/// Asks everything, round after round and engine after engine; a first round warms up and does not count.
fn time(figures: &mut [Figures], folder: &Path, till: &Till, requests: &Requests, rounds: usize) -> Result<()> {
    let open = |figures: &Figures| figures.kind.open(&folder.join(figures.kind.name()));
    let mut engines = figures.iter().map(open).collect::<Result<Vec<Box<dyn Engine>>>>()?;
    let answer = |engine: &mut dyn Engine, request: &Request| {
        let Page { shown, facets } = engine.search(request)?;
        till.answer(&shown, &facets)
    };
    for figures in &mut *figures {
        let timed = |requests: &[Request]| requests.iter().map(|request| Timed::new(request.to_string())).collect();
        (figures.searched, figures.browsed) = (timed(&requests.searched), timed(&requests.browsed));
        figures.suggested = requests.begun.iter().map(|begun| Timed::new(begun.clone())).collect();
    }
    let mut rng = Rng::with_seed(SEED);
    for counts in std::iter::once(false).chain(std::iter::repeat_n(true, rounds)) {
        let order = |rng: &mut Rng, count: usize| {
            let mut order: Vec<usize> = (0..count).collect();
            rng.shuffle(&mut order);
            order
        };
        let searched = order(&mut rng, requests.searched.len());
        let browsed = order(&mut rng, requests.browsed.len());
        let begun = order(&mut rng, requests.begun.len());
        for (figures, engine) in figures.iter_mut().zip(engines.iter_mut()) {
            for &number in &searched {
                figures.searched[number].time(counts, || answer(engine.as_mut(), &requests.searched[number]))?;
            }
            for &number in &browsed {
                figures.browsed[number].time(counts, || answer(engine.as_mut(), &requests.browsed[number]))?;
            }
            for &number in &begun {
                figures.suggested[number].time(counts, || engine.suggest(&requests.begun[number]))?;
            }
        }
    }
    Ok(())
}

impl Timed {
    fn new(asked: String) -> Self {
        Self { asked, took: Vec::new() }
    }

    fn time<T>(&mut self, counts: bool, work: impl FnOnce() -> Result<T>) -> Result<()> {
        let (done, took) = timed(work);
        done.with_context(|| format!("asked for {}", self.asked))?;
        if counts {
            self.took.push(took);
        }
        Ok(())
    }
}

/// How good the first pages of the engines are, whose indexes lie in `folder`.
fn grades(folder: &Path, judged: &[Judged]) -> Result<Vec<Quality>> {
    let of = |kind: Kind| {
        let mut engine = kind.open(&folder.join(kind.name()))?;
        let grade = |judged: &Judged| {
            let found = engine.search(&Request { words: judged.text.clone(), ..Request::default() })?.skus()?;
            Ok((judged.clone(), Score::of(&found, &judged.relevant), found))
        };
        Ok(Quality { kind, scores: judged.iter().map(grade).collect::<Result<_>>()? })
    };
    Kind::JUDGED.into_iter().map(of).collect()
}
