//! The search engines of the bench, and what each can do.

use std::path::Path;

use anyhow::Result;
use catalog::{Listing, Product};
use serde_json::Value;

use crate::search::fts5::Fts5;
use crate::search::request::Request;
use crate::search::souk::{self, Souk};
use crate::search::sqlite::{self, Forgiving};

/// An index that lies in files and is open.
pub(crate) trait Engine {
    /// The first page, with facets counted over everything that was found.
    fn search(&mut self, request: &Request) -> Result<Page>;

    /// How many suggestions there are for what was typed so far.
    fn suggest(&mut self, begun: &str) -> Result<usize>;
}

/// What an engine finds.
#[derive(Debug)]
pub(crate) struct Page {
    /// The products in their order, each as JSON, as it was when it was indexed.
    pub(crate) shown: Vec<String>,
    pub(crate) facets: Value,
}

impl Page {
    /// The products' SKUs.
    pub(crate) fn skus(&self) -> Result<Vec<String>> {
        let sku = |shown: &String| {
            let product: Product = serde_json::from_str(shown)?;
            Ok(product.sku.to_string())
        };
        self.shown.iter().map(sku).collect()
    }
}

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ours.
    Souk,
    /// Ours after many small changes, with the segments and deleted products that these leave behind.
    SoukUpdated,
    /// SQLite as it is usually set up.
    Fts5,
    /// The same with a second index of three letters each, asked when no word is found.
    Fts5Trigrams,
}

impl Kind {
    /// In the order of the tables.
    pub(crate) const ALL: [Self; 4] = [Self::Souk, Self::SoukUpdated, Self::Fts5, Self::Fts5Trigrams];

    /// Those whose first pages are judged: changes change no order.
    pub(crate) const JUDGED: [Self; 3] = [Self::Souk, Self::Fts5, Self::Fts5Trigrams];

    /// Are the goals for it?
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Souk | Self::SoukUpdated)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Souk => "souk",
            Self::SoukUpdated => "souk, updated",
            Self::Fts5 => "FTS5",
            Self::Fts5Trigrams => "FTS5+trigrams",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Writes the index into an empty folder.
    pub(crate) fn write(self, folder: &Path, listings: &[Listing]) -> Result<()> {
        match self {
            Self::Souk => souk::write(folder, listings),
            Self::SoukUpdated => souk::write_and_update(folder, listings),
            Self::Fts5 => sqlite::write(folder, listings, Forgiving::No),
            Self::Fts5Trigrams => sqlite::write(folder, listings, Forgiving::Trigrams),
        }
    }

    /// Opens it, as a new process would.
    pub(crate) fn open(self, folder: &Path) -> Result<Box<dyn Engine>> {
        Ok(match self {
            Self::Souk | Self::SoukUpdated => Box::new(Souk::open(folder)?),
            Self::Fts5 => Box::new(Fts5::open(folder, Forgiving::No)?),
            Self::Fts5Trigrams => Box::new(Fts5::open(folder, Forgiving::Trigrams)?),
        })
    }
}
