//! The engines that the bench compares.

use std::path::Path;

use anyhow::Result;
use catalog::Listing;

use crate::search::engine::Engine;
use crate::search::fts5::Fts5;
use crate::search::souk::{self, Souk};
use crate::search::sqlite::{self, SpellCorrection};

/// An engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EngineKind {
    /// The index of souk.
    Souk,
    /// The index of souk after many small updates, with the segments and deleted documents that they leave.
    SoukUpdated,
    /// SQLite FTS5 with its usual configuration.
    Fts5,
    /// SQLite FTS5 with a second index of trigrams, which is searched when no word matches.
    Fts5Trigrams,
}

impl EngineKind {
    /// In the order of the tables.
    pub(crate) const ALL: [Self; 4] = [Self::Souk, Self::SoukUpdated, Self::Fts5, Self::Fts5Trigrams];

    /// The engines with judged results. Updates do not change the order of results, so souk is judged once.
    pub(crate) const JUDGED: [Self; 3] = [Self::Souk, Self::Fts5, Self::Fts5Trigrams];

    /// Whether the budgets apply to it.
    pub(crate) fn is_souk(self) -> bool {
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

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Writes the index into an empty folder.
    pub(crate) fn write(self, folder: &Path, listings: &[Listing]) -> Result<()> {
        match self {
            Self::Souk => souk::write(folder, listings),
            Self::SoukUpdated => souk::write_and_update(folder, listings),
            Self::Fts5 => sqlite::write(folder, listings, SpellCorrection::None),
            Self::Fts5Trigrams => sqlite::write(folder, listings, SpellCorrection::Trigrams),
        }
    }

    /// Opens the index, as a new process would.
    pub(crate) fn open(self, folder: &Path) -> Result<Box<dyn Engine>> {
        Ok(match self {
            Self::Souk | Self::SoukUpdated => Box::new(Souk::open(folder)?),
            Self::Fts5 => Box::new(Fts5::open(folder, SpellCorrection::None)?),
            Self::Fts5Trigrams => Box::new(Fts5::open(folder, SpellCorrection::Trigrams)?),
        })
    }
}
